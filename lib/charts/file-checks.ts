import type { Reason } from './reasons.ts';

/** Every reason against a values file as uploaded; none: it may be stored. @param file how reasons name it */
export async function checkValuesFile(_bytes: Buffer, _file = 'values.yaml'): Promise<Reason[]> {
  throw new Error('not yet');
}

/** Every reason against a manifest as uploaded. @param path how reasons name it */
export async function checkManifest(
  _bytes: Buffer,
  _path: string,
  _options: { readonly allowPlainSecrets?: boolean } = {},
): Promise<Reason[]> {
  throw new Error('not yet');
}
