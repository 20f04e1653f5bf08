import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import { type Reason, reason } from '../../charts/reasons.ts';
import type { DeclaredObject } from '../../charts/render-request.ts';
import type { Target } from '../../config/config.ts';
import { groupOf, type UploadKey } from '../record/keys.ts';
import { type Group, type GroupDecision, type GroupParts, standingSubject } from './group.ts';
import { type Declaring, type Hints, hashOf, keepHint, readHints } from './hints.ts';
import { placesOf } from './plan.ts';
import { readStanding } from './standing.ts';

interface Claimant extends Declaring {
  readonly index: number;
  readonly target: Target;
  readonly declares: readonly Hashed[];
}

type Hashed = DeclaredObject & { readonly hash: string };

/** What a claimant is held against. Each question is one look-up: crowds of releases declare thousands of objects. */
interface Held {
  /** Those of the batch, by object, in its order. */
  readonly claimants: ReadonlyMap<string, readonly Claimant[]>;
  /** Of them, the groups of those that have not lost. */
  readonly standing: ReadonlySet<string>;
  readonly hints: Hints;
  readonly atTip: AtTip;
}

/**
 * No two releases of a target declare one object: they would take it from each other for ever. What each one declared
 * when it was last judged is kept as a hint (hints.ts). A hint convicts nobody: the other is rendered as it stands at
 * the tip, so that what people have removed or changed in Git owns nothing any more.
 *
 * Gives the same decisions without those that would declare what another release or manifest of the target owns. Of two that
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
    const hashed = declares.map((one) => ({ ...one, hash: hashOf(one.object) }));
    return [{ index, group: groupOf(key), key, target, declares: hashed }];
  });
  const decided = [...decisions];
  for (const [name, some] of Map.groupBy(claimants, ({ target }) => target.name)) {
    const hints = await readHints(parts.table, name, some);
    const standing = new Set(some.map(({ group }) => group));
    const held: Held = {
      claimants: byObject(some),
      standing,
      hints,
      atTip: atTipOf(parts, tip),
    };
    // Until no more fall: who loses what it wanted keeps what it had, which another may have counted on.
    for (let fallen = true; fallen; ) {
      fallen = false;
      for (const claimant of some) {
        if (!standing.has(claimant.group)) continue;
        const reasons = await takenBy(claimant, held);
        if (reasons.length === 0) continue;
        standing.delete(claimant.group);
        fallen = true;
        const decision = decisions[claimant.index];
        if (decision !== undefined) decided[claimant.index] = refused(decision, reasons);
      }
    }
    if (parts.hints === 'left') continue;
    const kept = some.filter(({ group }) => standing.has(group));
    await eachAtOnce(kept, CALLS_AT_ONCE, (claimant) =>
      keepHint(parts.table, name, claimant, hints.get(claimant.group)),
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

async function takenBy(claimant: Claimant, held: Held): Promise<readonly Reason[]> {
  const reasons: Reason[] = [];
  for (const { object, hash, source } of claimant.declares) {
    // What it had before is its own, whoever else came by it.
    if (held.hints.groupsWith(hash).has(claimant.group)) continue;
    const owner = await ownerOf({ object, hash }, claimant, held);
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
  { object, hash }: Pick<Hashed, 'object' | 'hash'>,
  claimant: Claimant,
  { claimants, standing, hints, atTip }: Held,
): Promise<UploadKey | undefined> {
  const hinted = hints.groupsWith(hash);
  for (const other of claimants.get(object) ?? []) {
    if (other === claimant || !standing.has(other.group)) continue;
    if (hinted.has(other.group) || other.index < claimant.index) return other.key;
  }
  // Those of which it is the latest that is known come first: an owner is among them, unless a push has failed.
  const isLatest = (group: string) => hints.get(group)?.objects.includes(hash) === true;
  const others = [...hinted].filter((group) => group !== claimant.group);
  for (const group of [...others.filter(isLatest), ...others.filter((one) => !isLatest(one))]) {
    const known = hints.get(group);
    // What is decided in this batch counts as it will be.
    if (known === undefined || standing.has(group)) continue;
    if ((await atTip(claimant.target, group, known.key)).has(object)) return known.key;
  }
  return undefined;
}

function byObject(claimants: readonly Claimant[]): ReadonlyMap<string, readonly Claimant[]> {
  const found = new Map<string, Claimant[]>();
  for (const claimant of claimants) {
    for (const { object } of claimant.declares) {
      const some = found.get(object);
      if (some === undefined) found.set(object, [claimant]);
      else if (some.at(-1) !== claimant) some.push(claimant);
    }
  }
  return found;
}

/** What a release or manifest renders to as Git has it; nothing where it is gone, or cannot be known. */
type AtTip = (target: Target, group: string, key: UploadKey) => Promise<ReadonlySet<string>>;

/**
 * For all of a target's others together. After that nobody owns what a hint alone says: charts that are slow to render,
 * or many that have declared an object in turn, must not hold up everybody's deliveries.
 */
const LOOK_MILLISECONDS = 20_000;

/** Each is looked at once. */
function atTipOf(parts: Omit<GroupParts, 'target'>, tip: string | undefined): AtTip {
  const seen = new Map<string, ReadonlySet<string>>();
  let spent = 0;
  return async (target, group, key) => {
    const known = seen.get(group);
    if (known !== undefined) return known;
    if (spent >= LOOK_MILLISECONDS) return new Set();
    const begun = parts.now().getTime();
    const declared = await declaredAtTip({ ...parts, target }, tip, key);
    spent += parts.now().getTime() - begun;
    const objects = new Set(declared.map(({ object }) => object));
    seen.set(group, objects);
    return objects;
  };
}

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

/** Keeps what a release or manifest declares as Git has it now: it came there by a pull request, maybe with changes. */
export async function keepHintAtTip(parts: GroupParts, tip: string, key: UploadKey): Promise<void> {
  const declared = await declaredAtTip(parts, tip, key);
  const declares = declared.map(({ object }) => ({ hash: hashOf(object) }));
  const group = groupOf(key);
  const hints = await readHints(parts.table, parts.target.name, [{ group, key, declares: [] }]);
  await keepHint(parts.table, parts.target.name, { group, key, declares }, hints.get(group));
}

const nameOf = (key: UploadKey): string =>
  key.kind === 'manifest' ? `manifest ${key.path}` : `release ${key.namespace}/${key.release}`;
