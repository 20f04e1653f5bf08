import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PACKAGE_BYTES } from '../../charts/package/archive.ts';
import type { OciReference } from '../declaration.ts';
import { basic, type FetchAnswer, noEntry, type SourceAccess, unavailable } from './answer.ts';
import { type Downloaded, download } from './download.ts';
import { newestOf, rangeOf } from './versions.ts';

/** Helm's media types (helm, pkg/registry/constants.go). */
const CONFIG = 'application/vnd.cncf.helm.config.v1+json';
const CHART_LAYERS = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip'];
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const MANIFEST_BYTES = 4 * 1024 * 1024;
const CONFIG_BYTES = 1024 * 1024;
const TAGS_BYTES = 4 * 1024 * 1024;
/** Pages of a list of tags. */
const TAG_PAGES = 20;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const descriptor = z.object({ mediaType: z.string(), digest: z.string().regex(DIGEST) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor).max(64) });
const about = z.object({ name: z.string().max(250), version: z.string().max(256) });
const tagList = z.object({ tags: z.array(z.string().max(128)).nullable() });

export interface RegistryChart {
  /** `oci://host/path/chart`. */
  readonly url: string;
  readonly access: SourceAccess;
}

/** A digest, or the tag of one version. */
export type Chosen =
  | { readonly kind: 'chosen'; readonly reference: string; readonly shown: string }
  | ReturnType<typeof unavailable>;

/** What is meant: a tag is the digest that it stands for now, a range the newest version among the tags. */
export async function chooseInRegistry(chart: RegistryChart, reference: OciReference): Promise<Chosen> {
  const registry = registryOf(chart);
  return registry instanceof Registry ? await registry.choose(reference) : registry;
}

/** The chart (opencontainers/distribution-spec, "Pulling manifests"), each blob held against its digest. */
export async function fetchFromRegistry(
  chart: RegistryChart,
  { reference, shown }: Extract<Chosen, { kind: 'chosen' }>,
): Promise<FetchAnswer> {
  const registry = registryOf(chart);
  if (!(registry instanceof Registry)) return registry;
  const found = await registry.get(`manifests/${reference}`, MANIFEST_BYTES, MANIFEST);
  if (found.kind !== 'body') return found;
  if (DIGEST.test(reference) && digestOf(found.body) !== reference)
    return unavailable(`${chart.url} has something else under ${reference}`);
  const parsed = manifest.safeParse(parseJson(found.body));
  const layer = parsed.data?.layers.find(({ mediaType }) => CHART_LAYERS.includes(mediaType));
  if (!parsed.success || layer === undefined || parsed.data.config.mediaType !== CONFIG)
    return unavailable(`${chart.url} has no Helm chart under ${shown}`);

  const config = await registry.blob(parsed.data.config.digest, CONFIG_BYTES);
  if (config.kind !== 'body') return config;
  const described = about.safeParse(parseJson(config.body));
  if (!described.success) return unavailable(`${chart.url} does not say which chart ${shown} is`);
  const content = await registry.blob(layer.digest, PACKAGE_BYTES);
  if (content.kind !== 'body') return content;
  const { name, version } = described.data;
  return {
    kind: 'fetched',
    name,
    version,
    bytes: content.body,
    digest: layer.digest.slice('sha256:'.length),
  };
}

function registryOf({ url, access }: RegistryChart): Registry | ReturnType<typeof unavailable> {
  const [, host = '', path = ''] = /^oci:\/\/([^/]+)\/(.+?)\/*$/.exec(url) ?? [];
  return PATH.test(path)
    ? new Registry(host, path, access)
    : unavailable(`${url} is no address of a chart in a registry`);
}

/** As the distribution specification allows a repository's name. */
const PATH = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

type Body = { readonly kind: 'body'; readonly body: Buffer; readonly link?: string };
type Unavailable = ReturnType<typeof unavailable>;

class Registry {
  readonly #host: string;
  readonly #base: string;
  readonly #path: string;
  readonly #access: SourceAccess;
  #authorization: string | undefined;

  constructor(host: string, path: string, access: SourceAccess) {
    // Registries of one machine speak http, as helm's --plain-http.
    const isPlain = access.network === 'private' && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
    this.#host = host === 'docker.io' ? 'registry-1.docker.io' : host;
    this.#base = `${isPlain ? 'http' : 'https'}://${this.#host}/v2/${path}/`;
    this.#path = path;
    this.#access = access;
  }

  async choose(reference: OciReference): Promise<Chosen> {
    switch (reference.kind) {
      case 'digest':
        return DIGEST.test(reference.digest)
          ? { kind: 'chosen', reference: reference.digest, shown: reference.digest }
          : unavailable(`"${reference.digest}" is no digest: sha256: and 64 digits`);
      case 'tag':
        return TAG.test(reference.tag)
          ? await this.#behind(reference.tag)
          : unavailable(`"${reference.tag}" is no tag`);
      case 'version': {
        const range = rangeOf(reference.version);
        if (range === undefined) return unavailable(`"${reference.version}" is no version and no range`);
        if (range.kind === 'exact') return chosenVersion(range.version);
        const tags = await this.#tags();
        if (!Array.isArray(tags)) return tags;
        const version = newestOf(tags.map(versionOfTag), range);
        return version === undefined
          ? unavailable(`${this.#host}/${this.#path} has no version "${reference.version}"`)
          : chosenVersion(version);
      }
    }
  }

  async #behind(tag: string): Promise<Chosen> {
    const found = await this.get(`manifests/${tag}`, MANIFEST_BYTES, MANIFEST);
    return found.kind === 'body' ? { kind: 'chosen', reference: digestOf(found.body), shown: tag } : found;
  }

  async #tags(): Promise<string[] | Unavailable> {
    const tags: string[] = [];
    let page = 'tags/list?n=1000';
    for (let count = 0; count < TAG_PAGES; count++) {
      const found = await this.get(page, TAGS_BYTES, 'application/json');
      if (found.kind !== 'body') return found;
      const parsed = tagList.safeParse(parseJson(found.body));
      if (!parsed.success) return unavailable(`${this.#host}/${this.#path} gives no list of tags`);
      tags.push(...(parsed.data.tags ?? []));
      const [, next] = /<[^>]*\?([^>]*)>\s*;\s*rel="?next"?/.exec(found.link ?? '') ?? [];
      if (next === undefined) break;
      page = `tags/list?${next}`;
    }
    return tags;
  }

  async blob(digest: string, maxBytes: number): Promise<Body | Unavailable> {
    const found = await this.get(`blobs/${digest}`, maxBytes);
    if (found.kind !== 'body' || digestOf(found.body) === digest) return found;
    return unavailable(`${this.#host}/${this.#path} has something else under ${digest}`);
  }

  async get(path: string, maxBytes: number, accept?: string): Promise<Body | Unavailable> {
    let answer = await this.#ask(path, maxBytes, accept);
    if (answer.kind === 'answered' && answer.status === 401) {
      const authorized = await this.#authorize(answer);
      if (authorized !== 'authorized') return authorized;
      answer = await this.#ask(path, maxBytes, accept);
    }
    if (answer.kind === 'failed') return unavailable(answer.reason);
    const { status, body, headers } = answer;
    if (status === 401 || status === 403) return unavailable(noEntry(this.#name, this.#access));
    if (status === 404) return unavailable(`${this.#name} has no ${path.replace(/\?.*$/, '')}`);
    if (status !== 200) return unavailable(`${this.#name} answers with status ${status}`);
    const { link } = headers;
    return { kind: 'body', body, ...(typeof link === 'string' ? { link } : {}) };
  }

  get #name(): string {
    return `${this.#host}/${this.#path}`;
  }

  #ask(path: string, maxBytes: number, accept: string | undefined): Promise<Downloaded> {
    return download({
      url: `${this.#base}${path}`,
      network: this.#access.network,
      outward: this.#access.outward,
      maxBytes,
      ...(accept === undefined ? {} : { accept }),
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
    });
  }

  /** A token for pulling, or Basic (distribution, docs/spec/auth/token.md); anonymous where there is no credential. */
  async #authorize({
    headers,
  }: Extract<Downloaded, { kind: 'answered' }>): Promise<'authorized' | Unavailable> {
    const challenge = headers['www-authenticate'] ?? '';
    const { credential, network } = this.#access;
    const refused = unavailable(noEntry(this.#name, this.#access));
    if (this.#authorization !== undefined) return refused;
    if (/^basic\b/i.test(challenge)) {
      if (credential === undefined) return refused;
      this.#authorization = basic(credential);
      return 'authorized';
    }
    const { realm, service } = parametersOf(challenge);
    if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm)) return refused;
    const address = new URL(realm);
    if (service !== undefined) address.searchParams.set('service', service);
    address.searchParams.set('scope', `repository:${this.#path}:pull`);
    const answer = await download({
      url: address.href,
      network,
      outward: this.#access.outward,
      maxBytes: CONFIG_BYTES,
      // The registry names who is to be asked, over https; helm gives it the credential as well.
      ...(credential === undefined ? {} : { authorization: basic(credential) }),
    });
    if (answer.kind === 'failed') return unavailable(answer.reason);
    const token = tokenAnswer.safeParse(parseJson(answer.body));
    const bearer = token.data?.token ?? token.data?.access_token;
    if (answer.status !== 200 || bearer === undefined) return refused;
    this.#authorization = `Bearer ${bearer}`;
    return 'authorized';
  }
}

const tokenText = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
const tokenAnswer = z.object({ token: tokenText.optional(), access_token: tokenText.optional() });

/** `+` may not stand in a tag: helm writes `_` (helm, pkg/registry/client.go). */
const versionOfTag = (tag: string): string => tag.replaceAll('_', '+');
const chosenVersion = (version: string) => ({
  kind: 'chosen' as const,
  reference: version.replaceAll('+', '_'),
  shown: version,
});

function parametersOf(challenge: string): { readonly realm?: string; readonly service?: string } {
  const found = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value,
    ]),
  );
  const [realm, service] = [found.get('realm'), found.get('service')];
  return { ...(realm === undefined ? {} : { realm }), ...(service === undefined ? {} : { service }) };
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
