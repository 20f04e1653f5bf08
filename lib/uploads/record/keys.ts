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

export type ParsedKey =
  | { readonly kind: 'slot'; readonly key: UploadKey }
  /** A signature or provenance file of the package at that key, whose outcome it shares. */
  | { readonly kind: 'evidence'; readonly target: string; readonly package: string }
  /** `target`: what stands in a target's place, if it could be one. */
  | { readonly kind: 'malformed'; readonly target: string | undefined };

/** Of a compressed package, values or manifest: more is rejected unread. Bytes. */
export const UPLOAD_BYTES = 10 * 1024 * 1024;
/** S3's own limit. Bytes. */
const KEY_BYTES = 1024;
const RELEASE_LENGTH = 53;
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const label = new RegExp(`^${LABEL}$`);
const release = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** Chart name, hyphen, version as helm reads it (Masterminds/semver, NewVersion). */
const fileName =
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}-v?(0|[1-9]\d*)(\.(0|[1-9]\d*)){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\.tgz$/;
const EVIDENCE = /\.(sigstore\.json|prov)$/;
/** At most what a file system takes: else no deployer could check the repository out. */
const manifestSegment = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/;
/** Files of these names make kustomize of a folder: remote bases, transformers. */
const kustomization = /^kustomization(\.ya?ml)?$/i;

export const MANIFESTS = 'manifests';

export function parseKey(key: string): ParsedKey {
  const [target = '', ...rest] = key.split('/');
  const malformed: ParsedKey = {
    kind: 'malformed',
    target: label.test(target) && target.length <= TARGET_NAME_LENGTH ? target : undefined,
  };
  if (malformed.target === undefined || Buffer.byteLength(key) > KEY_BYTES) return malformed;

  if (rest[0] === MANIFESTS) {
    const segments = rest.slice(1);
    const last = segments.at(-1);
    const wellFormed =
      last?.endsWith('.yaml') &&
      segments.every((part) => manifestSegment.test(part) && !kustomization.test(part));
    if (!wellFormed) return malformed;
    return { kind: 'slot', key: { kind: 'manifest', target, path: segments.join('/') } };
  }

  const [namespace = '', name = '', file = '', ...beyond] = rest;
  const placed =
    beyond.length === 0 &&
    label.test(namespace) &&
    namespace.length <= NAMESPACE_LENGTH &&
    release.test(name) &&
    name.length <= RELEASE_LENGTH;
  if (!placed) return malformed;
  const where = { target, namespace, release: name };
  if (file === 'values.yaml') return { kind: 'slot', key: { kind: 'values', ...where } };
  if (fileName.test(file)) return { kind: 'slot', key: { kind: 'chart', ...where, fileName: file } };
  if (EVIDENCE.test(file) && fileName.test(file.replace(EVIDENCE, '')))
    return { kind: 'evidence', target, package: key.replace(EVIDENCE, '') };
  return malformed;
}

/** One string a slot: what uploads are ordered by. */
export function slotOf(key: UploadKey): string {
  switch (key.kind) {
    case 'chart':
    case 'values':
      return `${key.target}/${key.namespace}/${key.release}/${key.kind}`;
    case 'manifest':
      return `${key.target}/${MANIFESTS}/${key.path}`;
  }
}

/** What is judged together: a release, or one manifest. */
export const groupOf = (key: UploadKey): string =>
  key.kind === 'manifest' ? slotOf(key) : `${key.target}/${key.namespace}/${key.release}`;
