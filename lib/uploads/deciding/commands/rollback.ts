import { type Reason, reason } from '../../../charts/reasons.ts';
import type { Target } from '../../../config/config.ts';
import { putTree } from '../../../content/store.ts';
import { type FileEntry, treeOfFile } from '../../../content/tree.ts';
import type { Clone } from '../../../repository/clone.ts';
import type { CommitPlan } from '../../../repository/commit.ts';
import { chartFolder, EMPTY_VALUES, releaseFile, valuesFile } from '../../../repository/layout.ts';
import { historyOfPaths } from '../../../repository/path-history.ts';
import { slotOf } from '../../record/keys.ts';
import { signerOfVersion } from '../../record/slots.ts';
import { type Candidate, type GroupParts, whyImmutable } from '../group.ts';
import { placesOf } from '../plan.ts';
import { readStanding, type Standing, storeStanding } from '../standing.ts';
import type { AskedCommand, CommandDecision, CommandParts } from './decision.ts';
import { findState } from './find-state.ts';
import { commandMessage, takenOutSentence } from './message.ts';
import { newerThan } from './newer.ts';
import {
  chartIn,
  chartKey,
  formatChart,
  type NamedChart,
  nameOfRelease,
  namespaceRefused,
  slotsOfRelease,
  valuesKey,
} from './release.ts';
import { decideWhole } from './whole.ts';

const refused = (why: Reason): CommandDecision => ({ kind: 'rejected', reasons: [why] });
const SHORT_COMMIT = 12;

/**
 * A step back: a release's chart and values as they were in a commit of the branch's history, in one commit upon the
 * tip. They are judged as any upload: the cluster may have changed since.
 * @throws GitFailed
 */
export async function decideRollback(
  parts: CommandParts,
  tip: string | undefined,
  asked: AskedCommand<'rollback'>,
): Promise<CommandDecision> {
  const { target, record, command } = asked;
  const { release, to } = command.verb;
  const { clone } = parts;
  const outside = namespaceRefused(target, release);
  if (outside !== undefined) return refused(outside);
  const newer = await newerThan(parts.table, record, slotsOfRelease(target, release));
  if (newer !== undefined) return { kind: 'superseded', by: newer };
  const name = nameOfRelease(release);
  if (tip === undefined) return refused(reason('rollback-nothing', { release: name, reach: '' }));

  // People look at what was proposed: what comes to stand meanwhile has another one before it.
  const proposed = record.state === 'proposed' ? record.attempted.at(-1)?.backTo : undefined;
  const state = await findState({ clone, tip, target, release }, proposed ?? to);
  if (state.kind === 'refused') return refused(state.reason);
  const places = placesOf(target, chartKey(target, release));
  const past = await readStanding(clone, state.commit, places);
  const was = await chartAt(clone, target, asked, await readStanding(clone, tip, places));
  const chart = await chartAt(clone, target, asked, past);
  const short = state.commit.slice(0, SHORT_COMMIT);
  if (chart === undefined) return refused(reason('rollback-no-chart', { commit: short, release: name }));
  const odd = oddFile(past, [`${chartFolder(target, release)}/`, valuesFile(target, release)]);
  if (odd !== undefined)
    return refused(reason('rollback-odd-file', { commit: short, path: odd }, { file: odd }));

  const inTarget: GroupParts = { ...parts, target };
  const candidates = await candidatesOf(inTarget, asked, past, chart);
  const whole = await decideWhole(inTarget, tip, candidates, async (standing) => {
    // A version that follows another one is noticed by every deployer, whatever was delivered under it before.
    if (was?.version !== chart.version) return undefined;
    for (const candidate of candidates) {
      const why = await whyImmutable(inTarget, standing, candidate);
      if (why !== undefined) return why;
    }
    return undefined;
  });
  if (whole.kind !== 'planned') return whole;
  const { change, touched, warnings } = whole;
  if (change === undefined) return { kind: 'unchanged', commit: tip, touched, warnings };
  const { takenOut } = change;
  const time = state.committedAt === undefined ? '' : ` of ${state.committedAt}`;
  const message = commandMessage(asked, parts.bucket, {
    subject: subjectOf(name, short, chart, was),
    body: [
      `Chart and values are as in commit ${state.commit}${time}.`,
      ...(takenOut === undefined ? [] : [takenOutSentence(takenOut)]),
    ],
    trailers: [
      `Fairlead-Rolled-Back-To: ${state.commit}`,
      ...candidates.slice(0, 1).map((candidate) => `Fairlead-Digest: ${candidate.record.digest}`),
    ],
    replaced: change.replaced,
  });
  const plan = await withReleaseFile(inTarget, tip, asked, { ...change.plan, message });
  return { kind: 'commit', plan, touched, warnings, backTo: state.commit };
}

function subjectOf(name: string, short: string, chart: NamedChart, was: NamedChart | undefined): string {
  const before = was === undefined ? '' : ` (was ${was.version})`;
  return was?.version === chart.version
    ? `Roll back ${name} to ${short}: chart ${formatChart(chart)} as before`
    : `Roll back ${name} to chart ${formatChart(chart)}${before}`;
}

async function chartAt(
  clone: Clone,
  target: Target,
  { command }: AskedCommand<'rollback'>,
  standing: Standing,
): Promise<NamedChart | undefined> {
  const file = standing.get(`${chartFolder(target, command.verb.release)}/Chart.yaml`);
  return file === undefined || !isPlain(file.mode) ? undefined : chartIn(await textOf(clone, file.id));
}

const textOf = async (clone: Clone, id: string): Promise<string> =>
  (await clone.blobs([id])).get(id)?.toString('utf8') ?? '';

const isPlain = (mode: string): boolean => mode === '100644' || mode === '100755';

const oddFile = (past: Standing, places: readonly string[]): string | undefined =>
  [...past].find(
    ([path, { mode }]) =>
      !isPlain(mode) &&
      places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place)),
  )?.[0];

/** Chart and values as if they were uploaded with the command. */
async function candidatesOf(
  { clone, content, table, target }: GroupParts,
  { record, command }: AskedCommand<'rollback'>,
  past: Standing,
  chart: NamedChart,
): Promise<readonly [Candidate, Candidate]> {
  const { release } = command.verb;
  const folder = chartFolder(target, release);
  const digest = await storeStanding(clone, content, past, folder);
  const values = past.get(valuesFile(target, release));
  const text = values === undefined ? EMPTY_VALUES : await textOf(clone, values.id);
  const { chart: _, ...rest } = record;
  const key = chartKey(target, release);
  // As it was proven when it came: what Git says of it anybody may write who may push.
  const signer = await signerOfVersion(table, slotOf(key), chart.version, digest);
  return [
    { key, record: { ...rest, digest, chart, ...(signer === undefined ? {} : { signer }) } },
    {
      key: valuesKey(target, release),
      record: { ...rest, digest: await putTree(content, treeOfFile('values.yaml', Buffer.from(text))) },
    },
  ];
}

/**
 * A release that was removed comes back with the release.yaml that it had last, people's changes in it and all, where
 * that is still of its deployer.
 */
async function withReleaseFile(
  { clone, target }: GroupParts,
  tip: string,
  { command }: AskedCommand<'rollback'>,
  plan: CommitPlan,
): Promise<CommitPlan> {
  const path = releaseFile(target, command.verb.release);
  if (!plan.files.has(path)) return plan;
  const last = await lastIdOf(clone, tip, path);
  const text = last === undefined ? '' : await textOf(clone, last);
  const kind = target.deployer === 'argocd' ? 'Application' : 'HelmRelease';
  if (!new RegExp(`^kind:[ \\t]*["']?${kind}["']?[ \\t]*$`, 'm').test(text)) return plan;
  const entry: FileEntry = { mode: 0o644, data: Buffer.from(text) };
  return { ...plan, files: new Map([...plan.files, [path, entry]]) };
}

/** Of a file that is gone at the tip. */
async function lastIdOf(clone: Clone, tip: string, path: string): Promise<string | undefined> {
  for await (const { changes } of historyOfPaths(clone, tip, [path], [path]))
    for (const { paths } of changes) {
      const { before } = paths.get(path) ?? {};
      if (before !== undefined) return before;
    }
  return undefined;
}
