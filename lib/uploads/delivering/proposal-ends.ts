import type { Table } from '../../aws/table.ts';
import type { Digest } from '../../content/tree.ts';
import type { Proposal } from '../../proposals/proposals.ts';
import { broughtBy } from '../../repository/brought.ts';
import { findInHistory, NEAR } from '../../repository/history.ts';
import { chartFolder, manifestFile, valuesFile } from '../../repository/layout.ts';
import type { Candidate } from '../deciding/group.ts';
import { keepHintAtTip } from '../deciding/owners.ts';
import {
  fingerprintOf,
  readStanding,
  readStandingOf,
  type Standing,
  storeStanding,
} from '../deciding/standing.ts';
import { parseKey, slotOf, type UploadKey } from '../record/keys.ts';
import { putTagged } from '../record/owed-tags.ts';
import { contentOf, isWaiting, readRecord, recordItem } from '../record/record.ts';
import { keepVersion, raiseMark } from '../record/slots.ts';
import { type Call, requestReads } from './call.ts';
import { hasLeftItsBase, isClosedByNobody } from './left-base.ts';
import type { ProposingTarget } from './proposal-host.ts';
import { type HeldUpload, heldNow, type ProposalItem, writeProposal } from './proposal-item.ts';
import { over, type Place } from './propose.ts';
import { settle, settleDelivered } from './settle.ts';

/** How what was proposed ends: on the base, or not. */

/**
 * Somebody has merged it, in any way, and maybe with changes: what it held is delivered, by the commit that brought it.
 * @throws GitFailed
 */
export async function endMerged(
  at: Place,
  proposal: Proposal,
  candidates: readonly Candidate[],
): Promise<void> {
  const { call, target, place, item } = at;
  if (item === undefined) return;
  const { parts, clone, line } = call;
  // It may have been merged after the tip was fetched.
  const tip = (await clone.fetchTip())?.id;
  const held = holdsAt(item, proposal.head);
  const there = candidates.filter(({ record }) => isHeld(record, held, proposal));
  const merge = mergeOf(proposal);
  if (tip !== undefined && (await isElsewhere(call, tip, proposal, target, there, held))) {
    const { number, base } = proposal;
    parts.log('proposal merged elsewhere', { target: target.name, place, number, base });
    // Into what its target has left it was approved: it is proposed anew where that is now.
    if (!hasLeftItsBase(at)) await decline(call, proposal, there);
  } else if (tip !== undefined) {
    for (const candidate of there) {
      const files = filesOf(held, candidate);
      await settleMerged(call, target, candidate, { files, ...item.brings }, tip, merge);
    }
    await tellDelivered(call, target, tip, there);
    parts.log('proposal merged', { target: target.name, place, number: proposal.number, line });
  }
  await writeProposal(parts.table, target.name, place, item, over(item, proposal.number));
}

/** Somebody has closed it: a person's own act, of which nobody needs to be alerted. */
export async function endClosed(
  at: Place,
  proposal: Proposal,
  candidates: readonly Candidate[],
): Promise<void> {
  const { call, target, place, item } = at;
  if (item === undefined) return;
  const held = holdsAt(item, proposal.head);
  // What it held is decided over anew otherwise.
  if (!(await isClosedByNobody(at)))
    await decline(
      call,
      proposal,
      candidates.filter(({ record }) => isHeld(record, held, proposal)),
    );
  call.parts.log('proposal over', { target: target.name, place, number: proposal.number });
  await writeProposal(call.parts.table, target.name, place, item, over(item, proposal.number));
}

const decline = async (call: Call, { url }: Proposal, candidates: readonly Candidate[]): Promise<void> => {
  for (const { record } of candidates)
    await settle(call.parts, call.line, record, { state: 'declined', url });
};

/** What it held when it ended: by its head, or where that is somebody's or forgotten, by the last that is known. */
const holdsAt = (item: ProposalItem, head: string | undefined): readonly HeldUpload[] =>
  item.heads.find(({ commit }) => commit === head)?.holds ?? heldNow(item);

const isHeld = (record: Candidate['record'], held: readonly HeldUpload[], { number }: Proposal): boolean =>
  held.some(({ key, versionId }) => key === record.key && versionId === record.versionId) ||
  (held.length === 0 && record.state === 'proposed' && record.proposal.number === number);

const filesOf = (held: readonly HeldUpload[], { record }: Candidate): string | undefined =>
  held.find(({ key, versionId }) => key === record.key && versionId === record.versionId)?.files;

const mergeOf = ({ state }: Proposal): string | undefined =>
  state.kind === 'merged' ? state.commit : undefined;

/** Pointed at another base by somebody, and merged there; or its target has another one by now. */
async function isElsewhere(
  { clone }: Call,
  tip: string,
  proposal: Proposal,
  target: ProposingTarget,
  candidates: readonly Candidate[],
  held: readonly HeldUpload[],
): Promise<boolean> {
  const merge = mergeOf(proposal);
  if (merge === undefined ? proposal.base === target.branch : await isIn(clone, tip, merge)) return false;
  for (const candidate of candidates) {
    const own = await readStanding(clone, tip, [ownPlace(target, candidate.key)]);
    if (fingerprintOf(own) === filesOf(held, candidate)) return false;
  }
  return true;
}

const isIn = async (clone: Call['clone'], tip: string, commit: string): Promise<boolean> =>
  (await findInHistory(clone, tip, [{ commit, base: undefined }], NEAR)).has(commit);

/** Uploads that the pull request of this item has held, and that wait still. */
export async function waitingIn(table: Table, { heads }: ProposalItem): Promise<readonly Candidate[]> {
  const held = heads.flatMap(({ holds }) => holds);
  const names = new Map(held.map((one) => [`${one.key}?${one.versionId}`, one]));
  const found: Candidate[] = [];
  for (const { key: name, versionId } of names.values()) {
    const parsed = parseKey(name);
    if (parsed.kind !== 'slot') continue;
    const record = await readRecord(table, name, versionId);
    if (record !== undefined && isWaiting(record)) found.push({ key: parsed.key, record });
  }
  return found;
}

/**
 * Its target takes no pull requests any more: it goes as what was never in one, also behind a freeze, and its day begins
 * now. What is open at the host stays open there: nothing names that host any more.
 * @returns undefined where another delivery has changed it meanwhile
 */
export async function withoutProposal({ parts }: Call, candidate: Candidate): Promise<Candidate | undefined> {
  const { record } = candidate;
  if (record.state !== 'proposed') return candidate;
  const { url } = record.proposal;
  const state = { ...contentOf(record), state: 'checked', attempted: record.attempted } as const;
  const item = {
    ...recordItem({ ...record, receivedAt: parts.now().toISOString() }, state, record),
    ...state,
  };
  const written = await putTagged(parts, item, record.version);
  if (written === undefined) return undefined;
  parts.log('upload no longer proposed', { key: record.key, upload: record.versionId, url });
  return { ...candidate, record: written };
}

/** What an upload fills, and nothing that is derived from it; a folder ends in `/`. */
export function ownPlace(target: ProposingTarget, key: UploadKey): string {
  switch (key.kind) {
    case 'chart':
      return `${chartFolder(target, key)}/`;
    case 'values':
      return valuesFile(target, key);
    case 'manifest':
      return manifestFile(target, key.path);
  }
}

interface Merged extends Partial<NonNullable<ProposalItem['brings']>> {
  readonly files: string | undefined;
}

async function settleMerged(
  call: Call,
  target: ProposingTarget,
  candidate: Candidate,
  { files = '', ...brings }: Merged,
  tip: string,
  merge: string | undefined,
): Promise<void> {
  const { clone } = call;
  const place = ownPlace(target, candidate.key);
  const brought = await broughtBy(clone, tip, [place]);
  const now = await readStanding(clone, tip, [place]);
  const isAsProposed = (standing: Standing) => fingerprintOf(standing) === files;
  const known = merge !== undefined && (await isIn(clone, tip, merge)) ? merge : undefined;
  if (isAsProposed(now))
    return settleHeld(call, candidate, { commit: brought ?? known ?? tip, files, ...brings });
  // Changed in the pull request, or since it was merged.
  const commit = known ?? brought ?? tip;
  const then = await readStandingOf(clone, tip, commit, [place]);
  if (isAsProposed(then)) return settleHeld(call, candidate, { commit, files, ...brings });
  return settleEdited(call, target, candidate, commit, then);
}

/** The base holds it just as it was uploaded. */
export const settleHeld = (
  { parts, line }: Call,
  candidate: Candidate,
  delivered: Parameters<typeof settleDelivered>[3],
  change: 'commit' | 'unchanged' = 'commit',
): Promise<void> => settleDelivered(parts, line, candidate, delivered, change);

/** What was merged is the reviewers': the slot's mark names that, so that it is not taken for what was uploaded. */
async function settleEdited(
  { parts, line, clone }: Call,
  target: ProposingTarget,
  { key, record }: Candidate,
  commit: string,
  standing: Standing,
): Promise<void> {
  const slot = slotOf(key);
  // Whoever signed what was uploaded has not signed this.
  const { chart: _, signer: _signer, ...upload } = record;
  let digest: Digest = record.digest;
  let chart = record.chart;
  if (key.kind === 'chart') {
    const folder = chartFolder(target, key);
    digest = await storeStanding(clone, parts.content, standing, folder);
    chart = chart && { ...chart, version: (await versionIn(clone, standing, folder)) ?? chart.version };
    if (chart !== undefined) await keepVersion(parts.table, slot, chart.version, digest);
  }
  const files = key.kind === 'chart' ? fingerprintOf(standing) : '';
  await raiseMark(
    parts.table,
    slot,
    { ...upload, digest, ...(chart === undefined ? {} : { chart }) },
    { commit, files },
  );
  await settle(parts, line, record, { state: 'delivered', commit, change: 'edited' });
}

async function versionIn(
  clone: Call['clone'],
  standing: Standing,
  folder: string,
): Promise<string | undefined> {
  const id = standing.get(`${folder}/Chart.yaml`)?.id;
  if (id === undefined) return undefined;
  const text = (await clone.blobs([id])).get(id)?.toString('utf8') ?? '';
  // Whatever a reviewer wrote there: what is no version could be no key of the table, and would hold up all that follow.
  return /^version:[ \t]*["']?([0-9A-Za-z.+-]{1,250})(?=["'\s#]|$)/m.exec(text)?.[1];
}

/** What is on the base is declared by whom it is of, and the cluster is to follow. */
export async function tellDelivered(
  call: Call,
  target: ProposingTarget,
  tip: string,
  candidates: readonly Candidate[],
): Promise<void> {
  const [first] = candidates;
  if (first === undefined) return;
  await requestReads(call, [target.name]);
  const { parts, repository, clone, judge } = call;
  await keepHintAtTip({ ...parts, repositoryUrl: repository.url, clone, judge, target }, tip, first.key);
}
