import { createHash } from 'node:crypto';
import type { IndexEntry } from '../../charts/files/chart-index.ts';
import { limited, OUTPUT_SECONDS } from '../../charts/files/limited.ts';
import { PACKAGE_BYTES } from '../../charts/package/archive.ts';
import { basic, type FetchAnswer, noEntry, type SourceAccess, unavailable } from './answer.ts';
import { download } from './download.ts';
import { newestOf, type Range } from './versions.ts';

/** Bytes of an index.yaml; the largest public ones have about 20 MiB. */
const INDEX_BYTES = 48 * 1024 * 1024;

export interface HelmRepositoryChart {
  readonly url: string;
  readonly name: string;
  readonly access: SourceAccess;
}

export type Listed =
  | {
      readonly kind: 'listed';
      readonly entry: IndexEntry /** The index's address. */;
      readonly index: string;
    }
  | ReturnType<typeof unavailable>;

/**
 * The newest version that the range admits, by the repository's index.yaml (helm, pkg/repo/v1/index.go, Get).
 * @param declared the range as it was declared, for people
 */
export async function findInIndex(
  { url, name, access }: HelmRepositoryChart,
  range: Range,
  declared: string,
): Promise<Listed> {
  const host = new URL(url).host;
  const index = `${url.replace(/\/+$/, '')}/index.yaml`;
  const answer = await download({
    url: index,
    network: access.network,
    outward: access.outward,
    maxBytes: INDEX_BYTES,
    ...(access.credential === undefined ? {} : { authorization: basic(access.credential) }),
  });
  if (answer.kind === 'failed') return unavailable(answer.reason);
  if (answer.status === 401 || answer.status === 403) return unavailable(noEntry(host, access));
  if (answer.status !== 200) return unavailable(`${index} answers with status ${answer.status}`);

  const text = answer.body.toString('utf8');
  const read = await limited('readChartIndex', { text, chart: name }, OUTPUT_SECONDS);
  if (read.kind === 'too-complex') return unavailable(`${index} takes too long to read`);
  const listed = read.result;
  if (listed.kind === 'unreadable') return unavailable(`${index} cannot be read: ${listed.problem}`);
  if (listed.kind === 'not-listed') return unavailable(`${host} lists no chart "${name}"`);
  const version = newestOf(
    listed.entries.map((entry) => entry.version),
    range,
  );
  const entry = listed.entries.find((one) => one.version === version);
  return entry === undefined
    ? unavailable(`${host} lists no version "${declared}" of ${name}`)
    : { kind: 'listed', entry, index: answer.url };
}

/** The package that an entry of the index names, held against the digest that it gives. */
export async function fetchListed(
  { name, access }: HelmRepositoryChart,
  { version, url, digest }: IndexEntry,
  index: string,
): Promise<FetchAnswer> {
  if (!URL.canParse(url, index)) return unavailable(`the index gives no address for ${name} ${version}`);
  const address = new URL(url, index);
  // Like helm without --pass-credentials: its own host has the credential, and no other. Where else an index points is
  // its own word: that opens no way to addresses that were not meant.
  const isOwn = address.host === new URL(index).host;
  const answer = await download({
    url: address.href,
    network: isOwn ? access.network : 'public',
    maxBytes: PACKAGE_BYTES,
    outward: access.outward,
    ...(isOwn && access.credential !== undefined ? { authorization: basic(access.credential) } : {}),
  });
  if (answer.kind === 'failed') return unavailable(answer.reason);
  if (answer.status === 401 || answer.status === 403) return unavailable(noEntry(address.host, access));
  if (answer.status !== 200)
    return unavailable(`${name} ${version} at ${address.host} answers with status ${answer.status}`);
  const found = createHash('sha256').update(answer.body).digest('hex');
  if (digest !== undefined && digest !== found) {
    return unavailable(
      `${name} ${version} from ${address.host} is not what its index says (SHA-256 differs)`,
    );
  }
  return { kind: 'fetched', name, version, bytes: answer.body, digest: found };
}
