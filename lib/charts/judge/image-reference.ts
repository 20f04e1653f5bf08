/**
 * An image reference as containerd reads it (distribution/reference, regexp.go and normalize.go): what names no registry
 * is of Docker Hub, and what names no more than itself there is of `library`.
 */
export interface ImageReference {
  /** Host with its port, in lower case. */
  readonly registry: string;
  /** Below it, without tag and digest. */
  readonly path: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

const DOCKER_HUB = 'docker.io';
const LEGACY_HUB = 'index.docker.io';

/** More is no reference that a registry could have; bytes of the path (reference.go, RepositoryNameTotalLengthMax). */
const PATH_LENGTH = 255;
const LENGTH = 1024;

/** Each is of single characters without alternatives that begin alike, so that it is read once from left to right. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const HOST_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
const IPV6 = /^\[[a-fA-F0-9:]+\]$/;
const TAG = /^\w[\w.-]{0,127}$/;
const SHA256 = /^sha256:[0-9a-f]{64}$/;
const SHA512 = /^sha512:[0-9a-f]{128}$/;
const IDENTIFIER = /^[a-f0-9]{64}$/;

/** @returns undefined for what is no reference */
export function parseImage(text: string): ImageReference | undefined {
  if (text.length > LENGTH || IDENTIFIER.test(text)) return undefined;
  const [named = '', digest, ...beyond] = text.split('@');
  if (beyond.length > 0 || (digest !== undefined && !SHA256.test(digest) && !SHA512.test(digest)))
    return undefined;
  const { registry, rest } = withRegistry(named);
  const [path = '', tag, ...more] = rest.split(':');
  const isReference =
    more.length === 0 &&
    isRegistry(registry) &&
    path.length <= PATH_LENGTH &&
    path.split('/').every((component) => COMPONENT.test(component)) &&
    (tag === undefined || TAG.test(tag));
  if (!isReference) return undefined;
  return {
    registry: registry.toLowerCase(),
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function withRegistry(named: string): { readonly registry: string; readonly rest: string } {
  const slash = named.indexOf('/');
  if (slash < 0) return { registry: DOCKER_HUB, rest: `library/${named}` };
  const [first, rest] = [named.slice(0, slash), named.slice(slash + 1)];
  const isHost = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  if (!isHost) return { registry: DOCKER_HUB, rest: named };
  if (first !== DOCKER_HUB && first !== LEGACY_HUB) return { registry: first, rest };
  return { registry: DOCKER_HUB, rest: rest.includes('/') ? rest : `library/${rest}` };
}

function isRegistry(text: string): boolean {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(text) ?? [];
  if (port === undefined && host !== text) return false;
  return IPV6.test(host) || (host !== '' && host.split('.').every((label) => HOST_LABEL.test(label)));
}

/** Whether it lies in one of the places: a registry, or a path below one. */
export function isFrom({ registry, path }: ImageReference, places: readonly string[]): boolean {
  const full = `${registry}/${path}`;
  return places.some((place) => {
    // Docker Hub is written without its name, too, and by its old one.
    const wanted = place.replace(/^index\.docker\.io(?=\/|$)/, DOCKER_HUB);
    return full === wanted || full.startsWith(`${wanted}/`);
  });
}
