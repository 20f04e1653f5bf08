import * as z from 'zod';
import type { ObjectStore } from '../../aws/objects.ts';
import type { Secrets } from '../../aws/secrets.ts';
import { type ChartSource, chartSourceOf } from '../../config/chart-sources.ts';
import { putTree } from '../../content/store.ts';
import { type Digest, digestOf, treeOfFile } from '../../content/tree.ts';
import { digest } from '../../messages/messages.ts';
import type { Outward } from '../../outward/outward.ts';
import type { OutsideChart } from '../declaration.ts';
import { type FetchAnswer, type SourceAccess, unavailable } from './answer.ts';
import { fetchListed, findInIndex } from './helm-repository.ts';
import { chooseInRegistry, fetchFromRegistry } from './oci-registry.ts';
import { rangeOf } from './versions.ts';

export interface OutsideParts {
  /** `chartSources` of the configuration. */
  readonly sources: readonly ChartSource[];
  /** What is under none of these: refused in an installation; in `check`, whose user runs it, what is public. */
  readonly others: 'refused' | 'public';
  readonly content: ObjectStore;
  readonly secrets?: Secrets;
  /** How sources are reached; default: as they are. */
  readonly outward?: Outward | undefined;
}

/** A package in the content store: a tree of one file, not opened here. */
export interface StoredPackage {
  readonly kind: 'stored';
  readonly tree: Digest;
  readonly name: string;
  readonly version: string;
}

export type OutsideAnswer = StoredPackage | ReturnType<typeof unavailable>;

export interface OutsideCharts {
  /** The chart's package. @param applied the version that the deployer reports as applied, where it names a range */
  fetch(chart: OutsideChart, applied?: string): Promise<OutsideAnswer>;
}

/**
 * Charts that lie in no repository of the configuration. An exact version is fetched once and then kept: what a
 * repository publishes under the same version later, the deployers do not see either.
 */
export function outsideCharts(parts: OutsideParts): OutsideCharts {
  return {
    async fetch(chart, applied) {
      const access = await accessTo(chart, parts);
      if ('reason' in access) return access;
      return chart.kind === 'oci'
        ? await ofRegistry(chart, applied, access, parts.content)
        : await ofHelmRepository(chart, applied, access, parts.content);
    },
  };
}

async function ofHelmRepository(
  chart: Extract<OutsideChart, { kind: 'helm-repository' }>,
  applied: string | undefined,
  access: SourceAccess,
  content: ObjectStore,
): Promise<OutsideAnswer> {
  const { url, name } = chart;
  const declared = applied ?? chart.version;
  const range = rangeOf(declared);
  if (range === undefined) return unavailable(`"${declared}" is no version and no range of ${name}`);
  const keyFor = (version: string) => keyOf(url, name, version);
  const asked = { url, name, access };
  if (range.kind === 'exact') {
    const kept = await keptUnder(keyFor(range.version), content);
    if (kept !== undefined) return kept;
  }
  const listed = await findInIndex(asked, range, declared);
  if (listed.kind === 'unavailable') return listed;
  const { entry, index } = listed;
  return (
    (await keptUnder(keyFor(entry.version), content)) ??
    (await keep(await fetchListed(asked, entry, index), keyFor(entry.version), content))
  );
}

async function ofRegistry(
  chart: Extract<OutsideChart, { kind: 'oci' }>,
  applied: string | undefined,
  access: SourceAccess,
  content: ObjectStore,
): Promise<OutsideAnswer> {
  const { url } = chart;
  const reference =
    applied === undefined || chart.reference.kind === 'digest'
      ? chart.reference
      : ({ kind: 'version', version: applied } as const);
  const chosen = await chooseInRegistry({ url, access }, reference);
  if (chosen.kind === 'unavailable') return chosen;
  const key = keyOf(url, chosen.reference);
  return (
    (await keptUnder(key, content)) ??
    (await keep(await fetchFromRegistry({ url, access }, chosen), key, content))
  );
}

const keyOf = (...names: readonly string[]): string =>
  `outside/${digestOf(JSON.stringify(names)).slice('sha256:'.length)}.json`;

const kept = z.object({
  schema: z.literal(1),
  name: z.string(),
  version: z.string(),
  /** SHA-256 of the package as it came. */
  digest: z.string(),
  tree: digest,
});
const KEPT_BYTES = 16 * 1024;

async function keptUnder(key: string, content: ObjectStore): Promise<StoredPackage | undefined> {
  const found = await content.get(key, { maxBytes: KEPT_BYTES });
  if (found === undefined) return undefined;
  const { tree, name, version } = kept.parse(JSON.parse(found.body.toString('utf8')));
  return { kind: 'stored', tree, name, version };
}

async function keep(answer: FetchAnswer, key: string, content: ObjectStore): Promise<OutsideAnswer> {
  if (answer.kind === 'unavailable') return answer;
  const { name, version, bytes, digest: ofBytes } = answer;
  const tree = await putTree(content, treeOfFile(PACKAGE_FILE, bytes));
  const text = JSON.stringify({ schema: 1, name, version, digest: ofBytes, tree });
  await content.putOnce(key, text, 'application/json');
  return { kind: 'stored', tree, name, version };
}

/** How a package is named in its tree of one file. */
const PACKAGE_FILE = 'chart.tgz';

/** How its source is spoken to; where the configuration names no such source, why it is not. */
async function accessTo(
  { url, secret }: OutsideChart,
  { sources, others, secrets, outward }: OutsideParts,
): Promise<SourceAccess | ReturnType<typeof unavailable>> {
  const named = { outward, ...(secret === undefined ? {} : { secret }) };
  if (!/^(https?|oci):\/\//.test(url) || !URL.canParse(url))
    return unavailable(`"${url}" is no address of charts: https:// or oci://`);
  const source = chartSourceOf(sources, url);
  if (source === undefined) {
    if (others === 'public') return { network: 'public', ...named };
    const line = JSON.stringify(url.replace(/[^\x21-\x7e]/g, ''));
    return unavailable(
      `charts from ${new URL(url).host} are not fetched: add { url: ${line} } to chartSources`,
    );
  }
  const { network, credential } = source;
  if (credential === undefined) return { network, ...named };
  try {
    const password = (await secrets?.read(credential.secret))?.trim();
    if (password === undefined) return { network, ...named };
    return { network, ...named, credential: { username: credential.username, password } };
  } catch (error) {
    const why = error instanceof Error ? error.name : 'it fails';
    return unavailable(`the credential for ${source.url} cannot be read from Secrets Manager (${why})`);
  }
}
