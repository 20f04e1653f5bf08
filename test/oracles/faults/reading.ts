import { gunzipSync } from 'node:zlib';

/**
 * What the checker knows of keys and packages: read by itself from docs/uploading.md and the formats' own documents,
 * so that a mistake in Fairlead's reading is not made twice. It sees only what the suite makes.
 */
export type SlotKey =
  | {
      readonly part: 'chart' | 'values';
      readonly target: string;
      readonly namespace: string;
      readonly release: string;
    }
  | { readonly part: 'manifest'; readonly target: string; readonly file: string };

/** Whose an upload or a command is, by its key. */
export const targetOf = (key: string): string => key.replace(/^\.commands\//, '').split('/')[0] ?? '';

/** Undefined: no slot. */
export function readKey(key: string): SlotKey | undefined {
  const parts = key.split('/');
  const [target = '', second = '', release = '', file = ''] = parts;
  if (second === 'manifests') {
    const rest = parts.slice(2);
    return rest.some((part) => part === '..' || part === '') || !key.endsWith('.yaml')
      ? undefined
      : { part: 'manifest', target, file: rest.join('/') };
  }
  if (parts.length !== 4) return undefined;
  const where = { target, namespace: second, release };
  if (file === 'values.yaml') return { part: 'values', ...where };
  return file.endsWith('.tgz') ? { part: 'chart', ...where } : undefined;
}

export const slotName = (key: SlotKey): string =>
  key.part === 'manifest'
    ? `${key.target} ${key.file}`
    : `${key.target} ${key.namespace} ${key.release} ${key.part}`;

/** Where things lie in the repository. A folder ends in `/`. */
export interface Places {
  /** The upload's own. */
  readonly own: string;
  /** May be written with it, if it was not there. */
  readonly onlyNew: readonly string[];
  /** Made of other files: may be written. */
  readonly derived: readonly string[];
}

export function placesOf(key: SlotKey, deployer: 'flux' | 'argocd' | 'none'): Places {
  const root = `fairlead/${key.target}`;
  if (key.part === 'manifest')
    return { own: `${root}/apply/manifests/${key.file}`, onlyNew: [], derived: [] };
  const release = `${root}/releases/${key.namespace}/${key.release}`;
  const apply = `${root}/apply/${key.namespace}/${key.release}`;
  const derived = deployer === 'flux' ? [`${apply}/values.yaml`] : [];
  if (key.part === 'values') return { own: `${release}/values.yaml`, onlyNew: [], derived };
  const declared = deployer === 'none' ? [] : [`${apply}/release.yaml`];
  return { own: `${release}/chart/`, onlyNew: [`${release}/values.yaml`, ...declared], derived };
}

export interface ContentFile {
  readonly mode: '100644' | '100755';
  readonly data: Buffer;
}

/** Files by their path below the slot's own place ('' for the place itself). */
export function contentOf(key: SlotKey, body: Buffer): ReadonlyMap<string, ContentFile> {
  if (key.part !== 'chart') return new Map([['', { mode: '100644', data: body }]]);
  const files = new Map<string, ContentFile>();
  const tar = gunzipSync(body);
  // POSIX.1-1988 (ustar): blocks of 512 bytes; name 0..100, mode 100..108, size 124..136 in octal, type 156.
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    if (name === '') break;
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    const mode = Number.parseInt(tar.toString('latin1', at + 100, at + 108), 8);
    const type = String.fromCharCode(tar[at + 156] ?? 0);
    const path = name.slice(name.indexOf('/') + 1);
    if (type === '0' || type === '\0') {
      const data = tar.subarray(at + 512, at + 512 + size);
      files.set(path, { mode: (mode & 0o100) === 0 ? '100644' : '100755', data });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** `version:` of a package's Chart.yaml. */
export function chartVersion(content: ReadonlyMap<string, ContentFile>): string {
  const text = content.get('Chart.yaml')?.data.toString('utf8') ?? '';
  return /^version: (.*)$/m.exec(text)?.[1] ?? '';
}

export function sameContent(
  a: ReadonlyMap<string, ContentFile>,
  b: ReadonlyMap<string, ContentFile>,
): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([path, file]) => {
    const other = b.get(path);
    return other !== undefined && other.mode === file.mode && other.data.equals(file.data);
  });
}
