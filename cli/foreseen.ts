import type { ObjectStore } from '../lib/aws/objects.ts';
import { readCheckConfig } from '../lib/checks/check-config.ts';
import { readRender } from '../lib/checks/renders.ts';
import { readVerdict, readVerdicts } from '../lib/checks/verdict-items.ts';
import type { Verb } from '../lib/commands/command.ts';
import { readNewest } from '../lib/desired/sequence.ts';
import { desiredKey, desiredState } from '../lib/desired/state.ts';
import { formatReference, referenceOf } from '../lib/objects/objects.ts';
import { type Kept, keptOf } from '../lib/uploads/deciding/commands/kept.ts';
import { proofOf } from '../lib/uploads/deciding/commands/proven.ts';
import { readMark, type SlotMark } from '../lib/uploads/record/slots.ts';
import { refusal } from './aws-errors.ts';
import { type Stores, storesOf } from './incidents-reading.ts';
import type { FoundInstallation } from './installation.ts';

/**
 * What a command will do, as far as the table and the state bucket tell it now. Whoever gives one needs no right to read
 * them: then it says that it cannot be shown, and why.
 */

type Foreseeable = Extract<Verb, { readonly kind: 'rollback' | 'promote' | 'remove' }>;
type Readable = Pick<Stores, 'table'> & { readonly state: ObjectStore };
type ReleaseName = Extract<Verb, { readonly kind: 'rollback' }>['release'];

/** Lines for people. */
export async function foreseen(
  installation: FoundInstallation,
  target: string,
  verb: Foreseeable,
  now: Date,
): Promise<readonly string[]> {
  try {
    return await foreseenIn(storesOf(installation), target, verb, now);
  } catch (error) {
    const right = { action: 'dynamodb:Query and s3:GetObject', on: 'its table and state bucket' };
    return [`what it will do cannot be shown: ${refusal(error, right).message}`];
  }
}

/** The same of stores that may be read. @throws what they throw */
export function foreseenIn(
  stores: Readable,
  target: string,
  verb: Foreseeable,
  now: Date,
): Promise<readonly string[]> {
  switch (verb.kind) {
    case 'rollback':
      return ofRollback(stores, target, verb);
    case 'promote':
      return ofPromotion(stores, target, verb, now);
    case 'remove':
      return ofRemoval(stores, target, verb.what);
  }
}

const SHORT_COMMIT = 12;
const nameOf = ({ namespace, release }: ReleaseName): string => `${namespace}/${release}`;
const markOf = ({ table }: Readable, target: string, release: ReleaseName) =>
  readMark(table, `${target}/${nameOf(release)}/chart`);

const chartIn = (mark: SlotMark | undefined): string =>
  mark?.chart === undefined
    ? 'no chart that was delivered'
    : `chart ${mark.chart.name} ${mark.chart.version} (commit ${mark.commit.slice(0, SHORT_COMMIT)})`;

async function ofRollback(
  stores: Readable,
  target: string,
  { release, to }: Extract<Verb, { readonly kind: 'rollback' }>,
): Promise<readonly string[]> {
  const name = nameOf(release);
  const mark = await markOf(stores, target, release);
  const verdict = await readVerdict(stores.table, target, name);
  const stands = `${name} in ${target} has ${chartIn(mark)}${verdict === undefined ? '' : `; last check: ${verdict.verdict}`}`;
  // Git has the last word: after a loss of the table it may know of a delivery that nothing here tells of.
  if (mark === undefined)
    return [
      stands,
      `there is nothing to go back to, and it will be rejected, unless Git has a delivery of it: is it called so? npx fairlead status ${target}`,
    ];
  return [
    stands,
    `chart and values go back to ${to ?? 'the delivery before'}, and what is uploaded from then on waits until: npx fairlead unfreeze ${target} ${name}`,
  ];
}

/** Of a target that is no longer configured, or never read: as the configuration's default. */
const CHECK_EVERY_MINUTES = 15;

async function ofPromotion(
  stores: Readable,
  target: string,
  { from, release }: Extract<Verb, { readonly kind: 'promote' }>,
  now: Date,
): Promise<readonly string[]> {
  const name = nameOf(release);
  const mark = await markOf(stores, from, release);
  const whole = await readVerdict(stores.table, from, 'target');
  const verdict = await readVerdict(stores.table, from, name);
  const config = await readCheckConfig(stores.state, from);
  const checkEveryMinutes = config?.target.checkEveryMinutes ?? CHECK_EVERY_MINUTES;
  const proof = proofOf({ mark, verdict, target: whole, checkEveryMinutes, now });
  const there = `${name} in ${from} has ${chartIn(mark)}`;
  const here = `${name} in ${target} has ${chartIn(await markOf(stores, target, release))}; its values stay`;
  switch (proof.kind) {
    case 'nothing':
      return [`${there}: there is nothing to promote, and it will be rejected`, here];
    case 'proven':
      return [`${there}, rolled out and in sync as checked at ${proof.at}`, here];
    case 'unproven':
      return [`${there}, which is not proven there: ${proof.why}`, here];
  }
}

/** Named on a screen; more are counted. */
const NAMED = 30;

async function ofRemoval(
  stores: Readable,
  target: string,
  what: Extract<Verb, { readonly kind: 'remove' }>['what'],
): Promise<readonly string[]> {
  switch (what.kind) {
    case 'manifest':
      return [
        `goes from Git: apply/manifests/${what.path} of ${target}, and from the cluster what it declares`,
      ];
    case 'release': {
      const mark = await markOf(stores, target, what);
      return [
        `goes from Git: ${chartIn(mark)} of ${nameOf(what)} in ${target}, its values and what deploys it`,
        ...(await objectsOf(stores, target, what)),
      ];
    }
    case 'target': {
      const verdicts = await readVerdicts(stores.table, target);
      const releases = [...(verdicts?.scopes.keys() ?? [])].filter((scope) => /^[^/]+\/[^/]+$/.test(scope));
      return [
        `goes from Git: every release and manifest of ${target}; its drift.yaml stays`,
        `as its last check saw, these are ${releases.length} releases: ${few(releases.sort())}`,
      ];
    }
  }
}

/** As the last commit that was read declares it. */
async function objectsOf(
  { table, state }: Readable,
  target: string,
  release: ReleaseName,
): Promise<readonly string[]> {
  const { newest } = await readNewest(table, target);
  const stored = newest === undefined ? undefined : await state.get(desiredKey(newest.desired));
  const declared =
    stored === undefined ? undefined : desiredState.parse(JSON.parse(stored.body.toString('utf8')));
  const found = declared?.releases.find(
    ({ namespace, name }) => namespace === release.namespace && name === release.release,
  );
  if (found?.rendering.kind !== 'rendered') return [`what of it runs in the cluster is not known here`];
  const objects = (await readRender(state, found.rendering.render)) ?? [];
  const deployer = (await readCheckConfig(state, target))?.target.deployer ?? 'flux';
  const kept = keptOf(objects, deployer, 'release', release.namespace);
  const stays = new Set(kept.map(({ object }) => object));
  const going = objects
    .filter(({ role }) => role === 'applied')
    .map(({ object }) => formatReference(referenceOf(object), release.namespace))
    .filter((name) => !stays.has(name));
  return [
    deployer === 'none'
      ? `nothing of it leaves the cluster by itself, since ${target} has no deployer: ${few(going)}`
      : `goes from the cluster: ${few(going)}`,
    ...kept
      .slice(0, NAMED)
      .map(({ object, because }: Kept) => `stays in the cluster: ${object}, since ${because}`),
  ];
}

const few = (names: readonly string[]): string =>
  names.length === 0
    ? 'nothing'
    : `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;
