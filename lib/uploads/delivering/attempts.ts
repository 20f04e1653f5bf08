import type { Table } from '../../aws/table.ts';
import type { Clone } from '../../repository/clone.ts';
import { findInHistory } from '../../repository/history.ts';
import { type AttemptedCommit, contentOf, recordItem, type WaitingRecord } from '../record/record.ts';

/**
 * Why no upload is ever committed twice, whatever dies when and whoever runs at once:
 *  - a commit is pushed only after its id is in the upload's record, by a write conditional on the version read;
 *  - a round fetches the tip first, then reads the records, looks for every commit that they name, and only then
 *    builds; so a commit that landed before this tip is found, as its id was written before it was pushed;
 *  - a push names the tip that it was built upon and fails if the branch is anywhere else; so a commit that lands
 *    after this tip makes this round's push fail, and the next round finds it;
 *  - no two calls ever try the same commit: one that a record names already is built anew, a second later. So what one
 *    call knows not to be there is not what another one has pushed;
 *  - as long as a push that nobody waits for any more may still arrive, its upload ends by a commit only, and so does
 *    every other of its slot: a commit moves the branch, and then that push is refused.
 */

/** Of a release, and of a manifest: what more a command touches is a whole target's, and the same each time. */
const SLOTS_KEPT = 2;

/** Pushes whose fate nobody knows are rare; beyond this many the oldest cannot land any more. */
const ATTEMPTS_KEPT = 50;

/** By then a push has arrived or is lost: no function lives longer. */
const ARRIVES_MILLISECONDS = 15 * 60_000;

/** Whether a commit tried for this upload may still land upon this tip. */
export const mayLand = (
  { attempted }: Pick<WaitingRecord, 'attempted'>,
  tip: string | undefined,
  refused: ReadonlySet<string>,
  now: Date,
): boolean =>
  attempted.some(
    ({ commit, base, at }) =>
      base === tip &&
      at !== undefined &&
      now.getTime() - Date.parse(at) < ARRIVES_MILLISECONDS &&
      !refused.has(commit),
  );

/** The uploads whose commit is already in the history of `tip`, with that commit. */
export async function findAttempted<Waiting extends { readonly record: WaitingRecord }>(
  clone: Clone,
  tip: string,
  candidates: readonly Waiting[],
  /** Commits that the server has refused: known not to be there. */
  refused: ReadonlySet<string>,
): Promise<ReadonlyMap<Waiting, AttemptedCommit>> {
  const open = candidates.flatMap(({ record }) =>
    record.attempted.filter(({ commit }) => !refused.has(commit)),
  );
  const found = await findInHistory(
    clone,
    tip,
    open.map(({ commit, base }) => ({ commit, base })),
  );
  return new Map(
    candidates.flatMap((candidate) => {
      const { attempted } = candidate.record;
      const attempt = attempted.find(({ commit }) => found.has(commit));
      const { warnings, images, touched } = attempted.at(-1) ?? {};
      if (attempt === undefined) return [];
      const newest = {
        ...(warnings === undefined ? {} : { warnings }),
        ...(images === undefined ? {} : { images }),
        ...(touched === undefined ? {} : { touched }),
      };
      // Of what it brought itself, where that is known: another try upon the same tip may have brought something else.
      const own = attempt.touched === undefined ? {} : { touched: attempt.touched };
      return [[candidate, { ...attempt, ...newest, ...own }] as const];
    }),
  );
}

/** The record with one more commit that may be pushed from now on; undefined where another delivery has it. */
export async function recordAttempt(
  table: Table,
  record: WaitingRecord,
  attempt: AttemptedCommit,
  refused: ReadonlySet<string>,
): Promise<WaitingRecord | undefined> {
  const inDoubt = record.attempted.filter(({ commit }) => !refused.has(commit));
  // The newest one's warnings, images and slots stand for all: fifty times ten are more than an item of the table holds.
  const older = inDoubt
    .slice(1 - ATTEMPTS_KEPT)
    .map(({ warnings: _, images: _images, touched = [], ...rest }) =>
      touched.length === 0 || touched.length > SLOTS_KEPT ? rest : { ...rest, touched },
    );
  const attempted = [...older, attempt];
  const content = { ...contentOf(record), attempted };
  const state =
    record.state === 'proposed'
      ? ({ ...content, state: 'proposed', proposal: record.proposal } as const)
      : ({ ...content, state: 'checked' } as const);
  const item = { ...recordItem(record, state, record), ...state };
  return (await table.put(item, record.version)) === 'written' ? item : undefined;
}
