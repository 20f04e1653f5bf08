import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Item, Table } from '../aws/table.ts';
import { type Reason, reason } from '../charts/reasons.ts';
import type { DeclaredObject } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import { CALLS_AT_ONCE, eachAtOnce } from './at-once.ts';
import type { Group } from './batch.ts';
import { type GroupDecision, type GroupParts, standingSubject } from './group.ts';
import { groupOf, type UploadKey } from './keys.ts';
import { placesOf } from './plan.ts';
import { UPLOADS_SCHEMA } from './record.ts';
import { readStanding } from './standing.ts';

/**
 * No two releases of a target declare one object: they would take it from each other for ever. What each one declared
 * when it was last judged is kept as a hint (`declares#<target>` / its group). A hint convicts nobody: the other is
 * rendered as it stands at the tip, so that what people have removed or changed in Git owns nothing any more.
 */
const hint = z.looseObject({
  version: z.number(),
  key: z.custom<UploadKey>((value) => typeof (value as UploadKey | null)?.kind === 'string'),
  /** Hashes of identities, as last judged and as before that: what was judged may not have been pushed. */
  objects: z.array(z.string()),
  before: z.array(z.string()),
});
type Hint = z.output<typeof hint>;

const hintsKey = (target: string): string => `declares#${target}`;

/** 5,000 objects are well below what an item holds; two of one hash are told apart when the other is rendered. */
const hashOf = (identity: string): string =>
  createHash('sha256').update(identity).digest('base64url').slice(0, 12);

interface Claimant {
  readonly index: number;
  readonly group: string;
  readonly key: UploadKey;
  readonly target: Target;
  readonly declares: readonly DeclaredObject[];
}

/**
 * The same decisions without those that would declare what another release or manifest of the target owns. Of two that
 * are new with an object at once the first one gets it; what moves from one to the other in one batch is no conflict.
 */
export async function withoutTaken(
  parts: Omit<GroupParts, 'target'>,
  tip: string | undefined,
  groups: readonly Group[],
  decisions: readonly GroupDecision[],
): Promise<readonly GroupDecision[]> {
  const claimants = decisions.flatMap((decision, index): Claimant[] => {
    const [target, key] = [groups[index]?.target, decision.planned[0]?.accepted.key];
    const { declares } = decision;
    if (target === undefined || key === undefined || declares === undefined) return [];
    return [{ index, group: groupOf(key), key, target, declares }];
  });
  const decided = [...decisions];
  for (const [name, some] of Map.groupBy(claimants, ({ target }) => target.name)) {
    const hints = await readHints(parts.table, name);
    const taken = new Set<Claimant>();
    // Until no more fall: who loses what it wanted keeps what it had, which another may have counted on.
    for (let fallen = true; fallen; ) {
      fallen = false;
      for (const claimant of some) {
        if (taken.has(claimant)) continue;
        const others = some.filter((other) => other !== claimant && !taken.has(other));
        const reasons = await takenBy(parts, tip, claimant, others, hints);
        if (reasons.length === 0) continue;
        taken.add(claimant);
        fallen = true;
        const decision = decisions[claimant.index];
        if (decision !== undefined) decided[claimant.index] = refused(decision, reasons);
      }
    }
    const kept = some.filter((claimant) => !taken.has(claimant));
    await eachAtOnce(kept, CALLS_AT_ONCE, (claimant) =>
      keepHint(parts.table, claimant, hints.get(claimant.group)),
    );
  }
  return decided;
}

/** The chart brought the objects, if one came; its values are judged again without it. */
function refused({ planned, rejected }: GroupDecision, reasons: readonly Reason[]): GroupDecision {
  const charts = planned.filter(({ accepted }) => accepted.key.kind === 'chart');
  const guilty = charts.length > 0 ? charts : planned;
  return {
    planned: [],
    rejected: [...rejected, ...guilty.map(({ accepted: { record } }) => ({ record, reasons }))],
  };
}

async function takenBy(
  parts: Omit<GroupParts, 'target'>,
  tip: string | undefined,
  claimant: Claimant,
  others: readonly Claimant[],
  hints: Hints,
): Promise<readonly Reason[]> {
  const own = hints.get(claimant.group);
  const had = new Set([...(own?.objects ?? []), ...(own?.before ?? [])]);
  const reasons: Reason[] = [];
  for (const { object, source } of claimant.declares) {
    const hash = hashOf(object);
    // What it had before is its own, whoever else came by it.
    if (had.has(hash)) continue;
    const owner = await ownerOf(parts, tip, { object, hash }, claimant, others, hints);
    if (owner === undefined) continue;
    const [, kind = '', , name = ''] = object.split('/');
    const named = name === '' ? object : `${kind}/${name}`;
    reasons.push(reason('object-owned-elsewhere', { object: named, owner: nameOf(owner) }, { file: source }));
    if (reasons.length >= REASONS_SHOWN) break;
  }
  return reasons;
}

const REASONS_SHOWN = 20;

async function ownerOf(
  parts: Omit<GroupParts, 'target'>,
  tip: string | undefined,
  { object, hash }: { readonly object: string; readonly hash: string },
  claimant: Claimant,
  others: readonly Claimant[],
  hints: Hints,
): Promise<UploadKey | undefined> {
  for (const other of others) {
    if (!other.declares.some((declared) => declared.object === object)) continue;
    const isOld = isHinted(hints.get(other.group), hash);
    if (isOld || other.index < claimant.index) return other.key;
  }
  for (const group of hints.groupsWith(hash)) {
    const known = hints.get(group);
    if (group === claimant.group || known === undefined) continue;
    // What is decided in this batch counts as it will be.
    if (others.some((other) => other.group === group)) continue;
    const declared = await declaredAtTip({ ...parts, target: claimant.target }, tip, known.key);
    if (declared.some((one) => one.object === object)) return known.key;
  }
  return undefined;
}

const isHinted = (known: Hint | undefined, hash: string): boolean =>
  known !== undefined && (known.objects.includes(hash) || known.before.includes(hash));

/** What a release or manifest renders to as Git has it; nothing where it is gone, or cannot be known. */
async function declaredAtTip(
  parts: GroupParts,
  tip: string | undefined,
  key: UploadKey,
): Promise<readonly DeclaredObject[]> {
  const standing = await readStanding(parts.clone, tip, placesOf(parts.target, key));
  const subject = await standingSubject(parts, standing, key);
  if (subject === undefined) return [];
  const judgement = await parts.judge(parts.target, subject);
  return judgement.kind === 'accepted' ? judgement.declares : [];
}

/** By group, and found by what they name: a target may have thousands. */
interface Hints {
  get(group: string): Hint | undefined;
  groupsWith(hash: string): Iterable<string>;
}

async function readHints(table: Table, target: string): Promise<Hints> {
  const found = new Map<string, Hint>();
  const groups = new Map<string, Set<string>>();
  for await (const item of table.query(hintsKey(target))) {
    const { success, data } = hint.safeParse(item);
    if (!success) continue;
    found.set(item.sk, data);
    for (const hash of [...data.objects, ...data.before])
      groups.set(hash, (groups.get(hash) ?? new Set()).add(item.sk));
  }
  return { get: (group) => found.get(group), groupsWith: (hash) => groups.get(hash) ?? [] };
}

async function keepHint(table: Table, { group, key, target, declares }: Claimant, before: Hint | undefined) {
  const objects = declares.map(({ object }) => hashOf(object)).sort();
  if (before !== undefined && before.objects.join() === objects.join()) return;
  const item: Item = {
    pk: hintsKey(target.name),
    sk: group,
    schema: UPLOADS_SCHEMA,
    version: (before?.version ?? 0) + 1,
    key,
    objects,
    before: before?.objects ?? [],
  };
  // Who lost has been told by another delivery of the same release what it declares.
  await table.put(item, before?.version ?? 'absent');
}

const nameOf = (key: UploadKey): string =>
  key.kind === 'manifest' ? `manifest ${key.path}` : `release ${key.namespace}/${key.release}`;
