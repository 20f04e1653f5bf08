import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Item, Table } from '../aws/table.ts';
import { printable } from '../charts/reasons.ts';
import type { Digest } from '../content/tree.ts';
import type { Finding } from '../drift/verdicts.ts';
import { digest } from '../messages/messages.ts';
import { formatReference } from '../objects/objects.ts';
import { asConfirmed, confirmationOf } from './confirmed.ts';
import {
  formatScope,
  type Observation,
  type Scope,
  type ScopeObservation,
  type Unjudged,
} from './observation.ts';

/**
 * What checks leave in the table beside incidents: the latest verdict of each scope, for whoever asks how things are
 * (`target#<target>` / `verdict#<scope>`), and what to look at again soon (`due` / `<target>`).
 */
const DUE_SECONDS = 60;
const ATTEMPTS = 3;

export interface VerdictItem {
  readonly commit: string;
  /** ISO. */
  readonly at: string;
  readonly verdict: ScopeObservation['state']['kind'];
  readonly chart?: { readonly name: string; readonly version: string };
  /** Of a chart in Git: the content that was judged. */
  readonly chartTree?: Digest;
  readonly findings: number;
  readonly unready: number;
  /** Of `unknown`: why. Of `rollout`: what the deployer says. */
  readonly reason?: string;
  /** Why some of it could not be judged, where the rest has drifted or is being rolled out. */
  readonly unjudged?: string;
  /** The RBAC rules that would let all of it be judged, as YAML. */
  readonly rule?: string;
  /** From when on the branch was looked up (ISO): `commit` holds what was pushed before, whoever pushed since. */
  readonly readAt?: string;
  /** The first places that differ, and workloads that are not ready; without any value. */
  readonly differs?: readonly string[];
  readonly notReady?: readonly string[];
  /** Findings that rules of drift.yaml ignore, and the first of them; of `drift.yaml` itself, what has become of rules. */
  readonly ignored?: number;
  readonly ignores?: readonly string[];
  readonly remarks?: readonly string[];
  /** Of the target: its configuration names no cluster, so that no check ever says more. */
  readonly checks?: 'none';
}

/** For who asks from a terminal; the alert has all that fit. */
const NAMED = 10;
const VERDICT = 'verdict#';
const WHOLE = formatScope({ kind: 'target' });

const verdictItem = z.object({
  commit: z.string(),
  at: z.string(),
  verdict: z.enum(['in-sync', 'drift', 'rollout', 'unknown']),
  chart: z.object({ name: z.string(), version: z.string() }).exactOptional(),
  chartTree: digest.exactOptional(),
  findings: z.number(),
  unready: z.number(),
  reason: z.string().exactOptional(),
  unjudged: z.string().exactOptional(),
  rule: z.string().exactOptional(),
  readAt: z.string().exactOptional(),
  differs: z.array(z.string()).exactOptional(),
  notReady: z.array(z.string()).exactOptional(),
  ignored: z.number().exactOptional(),
  ignores: z.array(z.string()).exactOptional(),
  remarks: z.array(z.string()).exactOptional(),
  checks: z.literal('none').exactOptional(),
});

/** The latest verdict of a scope; undefined where no check has seen it yet. */
export async function readVerdict(
  table: Pick<Table, 'get'>,
  target: string,
  scope: string,
): Promise<VerdictItem | undefined> {
  const keyOf = (name: string) => ({ pk: `target#${target}`, sk: `${VERDICT}${name}` });
  // First, since checks write it last: of what it confirms, a verdict that is read after it is no older.
  const ofTarget = await table.get(keyOf(WHOLE));
  const item = scope === WHOLE ? ofTarget : await table.get(keyOf(scope));
  return item === undefined ? undefined : verdictItem.parse(asConfirmed(item, ofTarget));
}

/** What a check of a whole target has left: its own verdict, and that of each scope by name. */
export interface TargetVerdicts {
  readonly target: VerdictItem;
  readonly scopes: ReadonlyMap<string, VerdictItem>;
}

/** The newest of a target; undefined before the first. Where its cluster was silent, that is all that there is. */
export async function readVerdicts(
  table: Pick<Table, 'query'>,
  name: string,
): Promise<TargetVerdicts | undefined> {
  const found = new Map<string, Item>();
  for await (const item of table.query(`target#${name}`, VERDICT))
    found.set(item.sk.slice(VERDICT.length), item);
  const whole = found.get(WHOLE);
  if (whole === undefined) return undefined;
  found.delete(WHOLE);
  const target = verdictItem.parse(whole);
  const scopes = [...found].map(
    ([scope, item]) => [scope, verdictItem.parse(asConfirmed(item, whole))] as const,
  );
  // The target's is written last: what is older was not seen by that check.
  return { target, scopes: new Map(scopes.filter(([, { at }]) => at >= target.at)) };
}

/** Writes the verdict of every scope where it has changed; those of scopes that are no longer declared go. */
export async function writeVerdicts(
  table: Table,
  observation: Observation,
  readAt: string | undefined,
): Promise<void> {
  const pk = `target#${observation.target}`;
  const before = new Map<string, Item>();
  for await (const item of table.query(pk, VERDICT)) before.set(item.sk, item);
  const standing: Item[] = [];
  const [whole, scopes] = [
    observation.scopes.filter(({ scope }) => scope.kind === 'target'),
    observation.scopes.filter(({ scope }) => scope.kind !== 'target'),
  ];
  // The target's last, which says what of the others stands.
  for (const seen of [...scopes, ...whole]) {
    const sk = `${VERDICT}${formatScope(seen.scope)}`;
    const known = before.get(sk);
    before.delete(sk);
    const verdict = verdictOf(observation, seen, readAt);
    if (seen.scope.kind !== 'target' && known !== undefined && saysTheSame(known, verdict)) {
      standing.push(known);
      continue;
    }
    const item: Item = {
      pk,
      sk,
      schema: 1,
      version: (known?.version ?? 0) + 1,
      ...verdict,
      ...(seen.scope.kind === 'target' && standing.length > 0 ? { confirms: confirmationOf(standing) } : {}),
    };
    // Who loses has an older verdict, or will write the same.
    await table.put(item, known?.version ?? 'absent');
  }
  // Where nothing is declared any more, all that is left is that the target itself could be judged.
  const isJudged = observation.scopes.some(
    ({ scope, state }) => scope.kind !== 'rules' && (scope.kind !== 'target' || state.kind !== 'unknown'),
  );
  if (isJudged) for (const { sk, version } of before.values()) await table.remove({ pk, sk }, version);
}

/** But for the commit that was checked, and when. */
function saysTheSame(known: Item, verdict: VerdictItem): boolean {
  const [before, now] = [known, verdict].map((each) => verdictItem.safeParse(each).data);
  return before !== undefined && now !== undefined && isDeepStrictEqual(lasting(before), lasting(now));
}

const lasting = ({ commit: _commit, at: _at, readAt: _readAt, ...rest }: VerdictItem) => rest;

/** Says of a target that nothing looks at its cluster: who waits for a rollout is not to wait in vain. */
export async function writeNoCluster(
  table: Table,
  { target, commit, at }: Pick<Observation, 'target' | 'commit' | 'at'>,
): Promise<void> {
  const key = { pk: `target#${target}`, sk: `verdict#${formatScope({ kind: 'target' })}` };
  const known = await table.get(key);
  const verdict: VerdictItem = {
    commit,
    at,
    verdict: 'unknown',
    findings: 0,
    unready: 0,
    reason: `the configuration names no cluster for target ${target}: nothing is checked`,
    checks: 'none',
  };
  // Who loses has written the same.
  await table.put(
    { ...key, schema: 1, version: (known?.version ?? 0) + 1, ...verdict },
    known?.version ?? 'absent',
  );
}

function verdictOf(
  { commit, at }: Observation,
  { scope, state, chart, chartTree, ignored, remarks }: ScopeObservation,
  readAt: string | undefined,
): VerdictItem {
  const base = {
    commit,
    at,
    verdict: state.kind,
    ...(readAt === undefined ? {} : { readAt }),
    ...(chart === undefined ? {} : { chart }),
    ...(chartTree === undefined ? {} : { chartTree }),
    findings: 0,
    unready: 0,
    ...(ignored === undefined ? {} : { ignored: ignored.count, ...named('ignores', ignored.notes) }),
    ...named('remarks', remarks ?? []),
  };
  switch (state.kind) {
    case 'in-sync':
      return { ...base, unready: state.unready.length, ...named('notReady', state.unready) };
    case 'drift':
    case 'rollout':
      return {
        ...base,
        findings: state.findings.length,
        ...named(
          'differs',
          state.findings.map((finding) => placeOf(finding, scope)),
        ),
        ...(state.deployer === undefined ? {} : { reason: state.deployer }),
        ...(state.unjudged === undefined
          ? {}
          : { unjudged: state.unjudged.reason, ...ruleOf(state.unjudged) }),
      };
    case 'unknown':
      return { ...base, reason: state.reason, ...ruleOf(state) };
  }
}

/** More rules than this are told by `npx fairlead check` of one's own: an item of the table holds 400 KB. */
const RULE_LENGTH = 8192;

const ruleOf = ({ rule }: Unjudged): { rule?: string } =>
  rule === undefined || rule.length > RULE_LENGTH ? {} : { rule };

const placeOf = ({ object, at, verdict }: Finding, scope: Scope): string =>
  [formatReference(object, scope.kind === 'release' ? scope.namespace : undefined), at, verdict]
    .filter((part) => part !== '')
    .join(' ');

/** Names come from whoever can edit the cluster. */
const named = <Name extends string>(name: Name, lines: readonly string[]) =>
  lines.length === 0
    ? {}
    : ({ [name]: lines.slice(0, NAMED).map((line) => printable(line)) } as Record<Name, string[]>);

/** What is under way is looked at again within a minute; where nothing is, the schedule is enough. */
export async function writeDue(
  table: Table,
  { target, at }: Observation,
  next: 'soon' | 'scheduled',
): Promise<void> {
  const key = { pk: 'due', sk: target };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await table.get(key);
    if (next === 'scheduled' && known === undefined) return;
    const due = new Date(Date.parse(at) + DUE_SECONDS * 1000).toISOString();
    const outcome =
      next === 'soon'
        ? await table.put(
            { ...key, schema: 1, version: (known?.version ?? 0) + 1, at: due },
            known?.version ?? 'absent',
          )
        : await table.remove(key, known?.version ?? 0);
    if (outcome !== 'conflict') return;
  }
}
