import { NAMESPACE_LENGTH, TARGET_NAME_LENGTH } from '../../config/config.ts';

/**
 * What a key in the bucket says: which slot its upload fills. The raw key is matched and never decoded or
 * normalised, so that no two spellings mean one slot.
 */
export type UploadKey =
  | {
      readonly kind: 'chart';
      readonly target: string;
      readonly namespace: string;
      readonly release: string;
      /** `<chart>-<version>.tgz`; which part is the version, the package says. */
      readonly fileName: string;
    }
  | {
      readonly kind: 'values';
      readonly target: string;
      readonly namespace: string;
      readonly release: string;
    }
  /** `path` below `apply/manifests/`. */
  | { readonly kind: 'manifest'; readonly target: string; readonly path: string };

/** A command (lib/commands) to a target; no two uploads of one key are the same command. */
export interface CommandKey {
  readonly kind: 'command';
  readonly target: string;
  readonly id: string;
}

export type ParsedKey =
  | { readonly kind: 'slot'; readonly key: UploadKey }
  | { readonly kind: 'command'; readonly key: CommandKey }
  /** A signature or provenance file of the package at that key, whose outcome it shares. */
  | { readonly kind: 'evidence'; readonly target: string; readonly package: string }
  /** `target`: what stands in a target's place, if it could be one. */
  | { readonly kind: 'malformed'; readonly target: string | undefined };

/** Of a compressed package, values or manifest: more is rejected unread. Bytes. */
export const UPLOAD_BYTES = 10 * 1024 * 1024;
/** S3's own limit. Bytes. */
const KEY_BYTES = 1024;
const RELEASE_LENGTH = 53;
const LABEL_TEXT = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
/** Of a target or a namespace; how long each may be is the configuration's. */
export const LABEL = new RegExp(`^${LABEL_TEXT}$`);
const release = new RegExp(`^${LABEL_TEXT}(?:\\.${LABEL_TEXT})*$`);
/** A ULID (26 digits of Crockford's base 32) or a UUID, in lower case. */
export const COMMAND_ID =
  /^([0-9a-hjkmnp-tv-z]{26}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
/** Chart name, hyphen, version as helm reads it (Masterminds/semver, NewVersion). */
const fileName =
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}-v?(0|[1-9]\d*)(\.(0|[1-9]\d*)){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\.tgz$/;
const EVIDENCE = /\.(sigstore\.json|prov)$/;
/** At most what a file system takes: else no deployer could check the repository out. */
const manifestSegment = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/;
/** Files of these names make kustomize of a folder: remote bases, transformers. */
const kustomization = /^kustomization(\.ya?ml)?$/i;

export const MANIFESTS = 'manifests';
/** No label, hence no target: no uploader's policy reaches below it. */
export const COMMANDS = '.commands';

const isTargetName = (text: string): boolean => LABEL.test(text) && text.length <= TARGET_NAME_LENGTH;

export const isReleaseName = (text: string): boolean => release.test(text) && text.length <= RELEASE_LENGTH;

/** Below `apply/manifests/`. */
export function isManifestPath(path: string): boolean {
  const segments = path.split('/');
  return (
    path.endsWith('.yaml') &&
    segments.every((part) => manifestSegment.test(part) && !kustomization.test(part))
  );
}

export function parseKey(key: string): ParsedKey {
  const [target = '', ...rest] = key.split('/');
  if (target === COMMANDS) return parseCommandKey(rest);
  const malformed: ParsedKey = {
    kind: 'malformed',
    target: isTargetName(target) ? target : undefined,
  };
  if (malformed.target === undefined || Buffer.byteLength(key) > KEY_BYTES) return malformed;

  if (rest[0] === MANIFESTS) {
    const path = rest.slice(1).join('/');
    return isManifestPath(path) ? { kind: 'slot', key: { kind: 'manifest', target, path } } : malformed;
  }

  const [namespace = '', name = '', file = '', ...beyond] = rest;
  const placed =
    beyond.length === 0 &&
    LABEL.test(namespace) &&
    namespace.length <= NAMESPACE_LENGTH &&
    isReleaseName(name);
  if (!placed) return malformed;
  const where = { target, namespace, release: name };
  if (file === 'values.yaml') return { kind: 'slot', key: { kind: 'values', ...where } };
  if (fileName.test(file)) return { kind: 'slot', key: { kind: 'chart', ...where, fileName: file } };
  if (EVIDENCE.test(file) && fileName.test(file.replace(EVIDENCE, '')))
    return { kind: 'evidence', target, package: key.replace(EVIDENCE, '') };
  return malformed;
}

function parseCommandKey([target = '', file = '', ...beyond]: readonly string[]): ParsedKey {
  if (!isTargetName(target)) return { kind: 'malformed', target: undefined };
  const id = file.endsWith('.json') ? file.slice(0, -'.json'.length) : '';
  return beyond.length === 0 && COMMAND_ID.test(id)
    ? { kind: 'command', key: { kind: 'command', target, id } }
    : { kind: 'malformed', target };
}

/** Where a command is put. */
export const commandKey = ({ target, id }: Pick<CommandKey, 'target' | 'id'>): string =>
  `${COMMANDS}/${target}/${id}.json`;

/** One string a slot: what uploads are ordered by. */
export function slotOf(key: UploadKey | CommandKey): string {
  switch (key.kind) {
    case 'chart':
    case 'values':
      return `${key.target}/${key.namespace}/${key.release}/${key.kind}`;
    case 'manifest':
      return `${key.target}/${MANIFESTS}/${key.path}`;
    case 'command':
      return `${key.target}/${COMMANDS}/${key.id}`;
  }
}

/** What a slot is filled by; which package it is, of a chart, its name does not say. Undefined for a command's. */
export function keyOfSlot(slot: string): UploadKey | undefined {
  const [target = '', namespace = '', ...rest] = slot.split('/');
  if (namespace === MANIFESTS) return { kind: 'manifest', target, path: rest.join('/') };
  const [release = '', kind] = rest;
  const where = { target, namespace, release };
  if (kind === 'chart') return { kind, ...where, fileName: '' };
  return kind === 'values' ? { kind, ...where } : undefined;
}

/** What is judged together: a release, or one manifest. */
export const groupOf = (key: UploadKey): string =>
  key.kind === 'manifest' ? slotOf(key) : `${key.target}/${key.namespace}/${key.release}`;
