import type { Item, Table } from '../aws/table.ts';
import { formatScope, type Observation, type ScopeObservation } from './observation.ts';

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
  readonly findings: number;
  readonly unready: number;
  /** Of `unknown`: why. Of `rollout`: what the deployer says. */
  readonly reason?: string;
}

/** Writes the verdict of every scope; those of scopes that are no longer declared go. */
export async function writeVerdicts(table: Table, observation: Observation): Promise<void> {
  const pk = `target#${observation.target}`;
  const before = new Map<string, Item>();
  for await (const item of table.query(pk, 'verdict#')) before.set(item.sk, item);
  for (const seen of observation.scopes) {
    const sk = `verdict#${formatScope(seen.scope)}`;
    const known = before.get(sk);
    before.delete(sk);
    const item = { pk, sk, schema: 1, version: (known?.version ?? 0) + 1, ...verdictOf(observation, seen) };
    // Who loses has an older verdict, or will write the same.
    await table.put(item, known?.version ?? 'absent');
  }
  const isJudged = observation.scopes.some(({ scope }) => scope.kind !== 'target');
  if (isJudged) for (const { sk, version } of before.values()) await table.remove({ pk, sk }, version);
}

function verdictOf({ commit, at }: Observation, { state, chart }: ScopeObservation): VerdictItem {
  const base = {
    commit,
    at,
    verdict: state.kind,
    ...(chart === undefined ? {} : { chart }),
    findings: 0,
    unready: 0,
  };
  switch (state.kind) {
    case 'in-sync':
      return { ...base, unready: state.unready.length };
    case 'drift':
    case 'rollout':
      return {
        ...base,
        findings: state.findings.length,
        ...(state.deployer === undefined ? {} : { reason: state.deployer }),
      };
    case 'unknown':
      return { ...base, reason: state.reason };
  }
}

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
