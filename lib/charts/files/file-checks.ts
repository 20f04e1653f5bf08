import { formatBytes, type Reason, reason } from '../reasons.ts';
import { limited, TASK_SECONDS } from './limited.ts';
import { checkYamlText } from './yaml-text.ts';

/** Bytes of a values file or a manifest as uploaded. */
export const YAML_FILE_BYTES = 1024 * 1024;

/** Every reason against a values file as uploaded; none: it may be stored. @param file how reasons name it */
export async function checkValuesFile(bytes: Buffer, file = 'values.yaml'): Promise<Reason[]> {
  return checkYamlFile(bytes, file, async (text) => {
    const read = await limited('readValues', { text, file });
    return read.kind === 'done' ? read.result.reasons : 'too-complex';
  });
}

/** Every reason against a manifest as uploaded. @param path how reasons name it */
export async function checkManifest(
  bytes: Buffer,
  path: string,
  options: { readonly allowPlainSecrets?: boolean } = {},
): Promise<Reason[]> {
  return checkYamlFile(bytes, path, async (text) => {
    const { allowPlainSecrets = false } = options;
    const read = await limited('readManifest', { text, file: path, allowPlainSecrets });
    return read.kind === 'done' ? read.result : 'too-complex';
  });
}

async function checkYamlFile(
  bytes: Buffer,
  file: string,
  read: (text: string) => Promise<readonly Reason[] | 'too-complex'>,
): Promise<Reason[]> {
  if (bytes.length > YAML_FILE_BYTES) {
    const size = formatBytes(bytes.length);
    return [reason('file-too-large', { size, limit: formatBytes(YAML_FILE_BYTES) }, { file })];
  }
  const { text, reasons } = checkYamlText(bytes, file);
  // What one parser says of a text that two read differently is not what the other would say.
  if (reasons.length > 0) return [...reasons];
  const found = await read(text);
  return found === 'too-complex' ? [tooComplex(file)] : [...found];
}

/** What a killed worker means for the file it was reading. */
export const tooComplex = (file: string, seconds = TASK_SECONDS): Reason =>
  reason('yaml-too-complex', { limit: `${seconds} seconds, or more memory than it may` }, { file });
