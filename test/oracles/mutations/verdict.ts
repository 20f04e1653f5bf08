import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';
import { DEPLOYER } from './cluster.ts';
import {
  answers,
  contentOf,
  declaresNothing,
  type Expectation,
  expectationOf,
  type Fact,
  factsOf,
  folded,
  recordOf,
  type SeenFinding,
  undeclaredRoot,
  type Writing,
} from './expect.ts';
import { field, format, type Place, valueAt, within } from './places.ts';
import type { Plan } from './plan.ts';

/** How the judge's findings stand to what was done. */
export type Verdict =
  | { readonly kind: 'found' }
  | { readonly kind: 'nothing expected' }
  | { readonly kind: 'missed'; readonly why: string; readonly expected: unknown; readonly found: unknown };

const MANAGED: Place = [field('metadata'), field('managedFields')];
const LEAVING: Place = [field('metadata'), field('deletionTimestamp')];

/** Every change must have been found, and every finding be of a change. */
export function judgeOf(
  made: Plan,
  after: KubernetesObject | undefined,
  findings: readonly SeenFinding[],
  writing: Writing,
): Verdict {
  const { expected, incidental } = expectationsOf(made, after, writing);
  if (expected.length === 0) return { kind: 'nothing expected' };
  if (made.sort === 'change list key' && isRenamed(made, findings, writing)) return { kind: 'found' };
  const problems: string[] = [];
  for (const each of expected) {
    const said = findings.map((finding) => answers(finding, each));
    if (said.includes('yes')) continue;
    const near = said.find((answer) => answer !== 'elsewhere');
    problems.push(`${each.verdict} ${format(each.to)}: ${near ?? 'not found'}`);
  }
  for (const finding of findings)
    if (
      ![...expected, ...incidental].some((each) => answers(finding, each) !== 'elsewhere') &&
      !isLostRecord(finding, after)
    )
      problems.push(`not expected: ${finding.verdict} ${finding.at}`);
  if (problems.length === 0) return { kind: 'found' };
  return {
    kind: 'missed',
    why: problems.join('; '),
    expected: expected.map(({ verdict, to, by }) => ({
      path: format(to),
      verdict,
      by: typeof by === 'string' ? by : by.manager,
    })),
    found: findings.map(({ verdict, at, manager, likely }) => ({
      path: at,
      verdict,
      manager: manager ?? '',
      likely: likely ?? '',
    })),
  };
}

interface Expectations {
  readonly expected: readonly Expectation[];
  /** What may be told beside it: it is there, and nobody's but the server's doing. */
  readonly incidental: readonly Expectation[];
}

function expectationsOf(made: Plan, after: KubernetesObject | undefined, writing: Writing): Expectations {
  const { installed, before, node, task } = made;
  // Done, and removed by its TTL, whatever else was done to it meanwhile.
  if (after === undefined && isExpiring(installed.declared)) return { expected: [], incidental: [] };
  if (after === undefined) {
    const gone: Expectation = { verdict: 'missing', from: [], to: [], inside: false, by: 'any' };
    return { expected: [gone], incidental: [] };
  }
  const whole = (place: Place, by: Expectation['by']): Expectation => ({
    verdict: 'changed',
    from: place,
    to: place,
    inside: false,
    by,
  });
  const facts = factsOf(before, after, node);
  const { place } = task.candidate;
  // With another key it is another item: the one goes, the other comes.
  const meant = made.sort === 'change list key' ? place.slice(0, -2) : place;
  const wanted = contentOf(folded(installed.declared));
  const incidental: Expectation[] = [];
  const expected = facts.flatMap((fact) => {
    const each = expectationOf(fact, installed.declared, after, writing);
    if (each === undefined) return [];
    // Made from what is declared: anything else is the server's allocation.
    if (made.sort === 'recreate' && each.verdict === 'added') return [];
    // Only taken away: what came is the server's default (a Job without labels gets those of its template), whoever's
    // name the server records for it.
    const isUndeclared = undeclaredRoot(wanted, fact.place) !== undefined;
    if (isRemoval(made) && (each.verdict === 'added' || (fact.what === 'came' && isUndeclared))) {
      incidental.push({ ...each, by: 'any' });
      return [];
    }
    if (isMeant(fact, meant)) return [each];
    // What came along by itself: the server's or a controller's doing. Declared, it is a change whoever made it.
    if (each.verdict !== 'changed') return [];
    if (!writing.deployer) return [{ ...each, by: 'any' as const }];
    incidental.push({ ...each, by: 'any' });
    return [];
  });
  const special: Expectation[] = [];
  if (made.sort === 'hold and delete') special.push(whole(LEAVING, 'any'));
  if (made.sort === 'recreate' && !writing.stripped && recordOf(after).length > 0)
    special.push(whole(MANAGED, { manager: writing.manager, operation: writing.operation }));
  const isRecorded = recordOf(before).length > 0 && !declaresNothing(installed.declared);
  if (writing.stripped && isRecorded && (expected.length > 0 || made.sort === 'recreate'))
    special.push(whole(MANAGED, 'nobody'));
  return { expected: [...expected, ...special], incidental };
}

const isExpiring = ({ kind, spec }: KubernetesObject & { readonly spec?: Json }): boolean =>
  kind === 'Job' && isJsonObject(spec) && typeof spec.ttlSecondsAfterFinished === 'number';

/** Nobody put anything in: what came has taken the place of what went (`strategy` gone is `RollingUpdate`). */
const isRemoval = ({ sort, task }: Plan): boolean =>
  sort.startsWith('remove') && task.edit.value === undefined;

/** Of a deployer that owns nothing any more, it may be said that its record is gone. */
const isLostRecord = ({ place }: SeenFinding, after: KubernetesObject | undefined): boolean =>
  format(place) === format(MANAGED) &&
  after !== undefined &&
  !recordOf(after).some((entry) => (entry as { readonly manager?: unknown }).manager === DEPLOYER);

/** Whether the mutation was at the place of the fact, or around it. */
const isMeant = ({ place }: Fact, meant: Place): boolean => within(place, meant) || within(meant, place);

/** A changed key may be told as the change of that field in the item that has it now. */
function isRenamed(
  { task: { candidate }, installed }: Plan,
  findings: readonly SeenFinding[],
  writing: Writing,
): boolean {
  const list = candidate.place.slice(0, -2);
  const last = candidate.place.at(-1) ?? '';
  const isDeclared = valueAt(installed.declared as unknown as Json, candidate.place) !== undefined;
  return findings.some(
    ({ place, verdict, manager }) =>
      verdict === (isDeclared || writing.deployer ? 'changed' : 'added') &&
      within(place, list) &&
      place.length === candidate.place.length &&
      place.at(-1) === last &&
      (writing.stripped || manager === writing.manager),
  );
}
