import * as z from 'zod';
import type { Table } from '../../aws/table.ts';
import { imageList } from '../../charts/image-list.ts';
import { writtenReason } from '../../charts/written-reason.ts';
import { parseKey } from '../record/keys.ts';
import {
  isWaiting,
  readRecord,
  UPLOADS_SCHEMA,
  type UploadBase,
  type WaitingRecord,
} from '../record/record.ts';

/**
 * What Fairlead knows of the pull request of a release, a manifest or a whole target: `proposal#<target>` / its place.
 * It is written before each push, and says alone which commits on its branch are ours: whatever else is there is
 * somebody's work and is never replaced.
 */
const held = z.object({
  key: z.string(),
  versionId: z.string(),
  /** Fingerprint of what it fills, as the branch has it (standing.ts). */
  files: z.string(),
});
const item = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  schema: z.literal(UPLOADS_SCHEMA),
  version: z.number(),
  branch: z.string(),
  /** What it is to be merged into; not known of one that an older release wrote. */
  into: z.object({ repository: z.string(), branch: z.string() }).exactOptional(),
  /** Commits that the branch was pushed to, or may have been; the newest last, with what each holds. */
  heads: z.array(z.object({ commit: z.string(), holds: z.array(held) })),
  /** The one of them that is known to be there. */
  head: z.string().exactOptional(),
  /** Fingerprint of what the newest one was built upon, and digest of what was built. */
  base: z.string(),
  content: z.string(),
  /** Hashes of the objects that it would declare (hints.ts). */
  declares: z.array(z.string()),
  open: z.object({ number: z.string(), url: z.string(), since: z.string() }).exactOptional(),
  /** What its uploads are to be delivered with. */
  brings: z.object({ warnings: z.array(writtenReason), images: imageList.exactOptional() }).exactOptional(),
  /** What it was last said to be. */
  text: z.object({ title: z.string(), body: z.string(), labels: z.array(z.string()) }).exactOptional(),
  /** Fairlead's own reason to close it: then nobody has declined it. */
  closing: z.string().exactOptional(),
  /** Numbers of those that are over. */
  ended: z.array(z.string()),
  /** The branch's tip, where somebody else has pushed onto it. */
  foreign: z.string().exactOptional(),
  /** When the host was last asked (ISO). */
  lookedAt: z.string().exactOptional(),
});
export type ProposalItem = z.output<typeof item>;
export type HeldUpload = z.output<typeof held>;

/** Beyond these nobody's merge is waited for any more. */
const HEADS_KEPT = 20;
const ENDED_KEPT = 20;

const keyOf = (target: string, place: string) => ({ pk: `proposal#${target}`, sk: place });

export async function readProposal(
  table: Table,
  target: string,
  place: string,
): Promise<ProposalItem | undefined> {
  const found = await table.get(keyOf(target, place));
  return found === undefined ? undefined : item.parse(found);
}

/** All of a target, also those that are over. */
export async function* listProposals(table: Table, target: string): AsyncIterable<ProposalItem> {
  for await (const found of table.query(keyOf(target, '').pk)) {
    const { success, data } = item.safeParse(found);
    if (success) yield data;
  }
}

/** As it is in this repository: of one that its target has left nothing is known here, whatever has the same number. */
export function inRepository(item: ProposalItem, repository: string): ProposalItem {
  if (item.into === undefined || item.into.repository === repository) return item;
  const { pk, sk, schema, version, branch } = item;
  return { pk, sk, schema, version, branch, ...EMPTY, heads: [], declares: [], ended: [] };
}

type Written = Omit<ProposalItem, 'pk' | 'sk' | 'schema' | 'version'>;

/** The item as it is then; undefined where another delivery was faster. What is undefined in `change` is taken out. */
export async function writeProposal(
  table: Table,
  target: string,
  place: string,
  before: ProposalItem | undefined,
  change: { readonly [Name in keyof Written]?: Written[Name] | undefined },
): Promise<ProposalItem | undefined> {
  const merged = { ...EMPTY, ...before, ...change };
  const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  const next = item.parse({
    ...kept,
    heads: newestOf(merged.heads ?? [], kept.head),
    ended: merged.ended?.slice(-ENDED_KEPT),
    ...keyOf(target, place),
    schema: UPLOADS_SCHEMA,
    version: (before?.version ?? 0) + 1,
  });
  return (await table.put(next, before?.version ?? 'absent')) === 'written' ? next : undefined;
}

/** The one that is on the branch stays among them, however many pushes after it have failed: else it were somebody's. */
const newestOf = (heads: readonly ProposalItem['heads'][number][], head: unknown) =>
  heads.filter(({ commit }, at) => commit === head || at >= heads.length - HEADS_KEPT);

const EMPTY = { heads: [], base: '', content: '', declares: [], ended: [] } as const;

/** What the branch holds, as far as that is known. */
export const heldNow = ({ head, heads }: ProposalItem): readonly HeldUpload[] =>
  heads.find(({ commit }) => commit === head)?.holds ?? [];

/** Whether it may be on the branch: it was pushed, or a push of it was cut off. */
export const mayHold = (
  item: ProposalItem | undefined,
  { key, versionId }: Pick<UploadBase, 'key' | 'versionId'>,
): boolean =>
  item?.heads.some(({ holds }) => holds.some((one) => one.key === key && one.versionId === versionId)) ===
  true;

/**
 * The command that its pull request is of, while that waits; once it has ended, nothing holds the place any more, also
 * where nobody has looked at the pull request since.
 */
export async function commandIn(
  table: Table,
  { open, heads }: ProposalItem,
): Promise<WaitingRecord | undefined> {
  if (open === undefined) return undefined;
  for (const { key, versionId } of heads.at(-1)?.holds ?? []) {
    if (parseKey(key).kind !== 'command') continue;
    const record = await readRecord(table, key, versionId);
    if (record !== undefined && isWaiting(record)) return record;
  }
  return undefined;
}
