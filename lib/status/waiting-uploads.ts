import { CALLS_AT_ONCE, eachAtOnce } from '../at-once/at-once.ts';
import type { Table } from '../aws/table.ts';
import { parseKey } from '../uploads/record/keys.ts';
import { readRecord, type UploadRecord } from '../uploads/record/record.ts';
import { type Entry, type Line, listCommands, listReceived, listWaiting } from '../uploads/record/waiting.ts';

/** An upload, or a command, that has not ended. */
export interface WaitingUpload {
  readonly key: string;
  readonly versionId: string;
  readonly target: string;
  /** `shop/web`, `manifests`; of a command `target`. */
  readonly scope: string;
  /** ISO. */
  readonly receivedAt: string;
  readonly why:
    | { readonly kind: 'being-checked' | 'for-its-commit' }
    | { readonly kind: 'frozen'; readonly since: string; readonly by: string; readonly reason?: string }
    | { readonly kind: 'proposed'; readonly url: string; readonly since: string };
}

export interface AllWaiting {
  /** Those that have waited longest go first, within each list. */
  readonly uploads: readonly WaitingUpload[];
  /** Entries beyond `RECORDS`, whose records were not read. */
  readonly more: number;
}

/** Records that are read: where more wait, a number says enough. A request each. */
const RECORDS = 500;

/**
 * What waits: a query of what is being checked and two a branch, and the record of each entry, since an entry may
 * outlive what it stands for by a moment.
 */
export async function readWaiting(table: Table, lines: readonly Line[]): Promise<AllWaiting> {
  const distinct = new Map(lines.map((line) => [`${line.repository}#${line.branch}`, line]));
  const lists = [
    listReceived(table),
    ...[...distinct.values()].flatMap((line) => [listCommands(table, line), listWaiting(table, line)]),
  ];
  const entries = new Map<string, Entry>();
  for (const list of lists)
    for await (const entry of list) entries.set(`${entry.key}#${entry.versionId}`, entry);
  const all = [...entries.values()];
  const read = all.slice(0, RECORDS);
  const records = await eachAtOnce(read, CALLS_AT_ONCE, ({ key, versionId }) =>
    readRecord(table, key, versionId),
  );
  const uploads = records.flatMap((record) => (record === undefined ? [] : waitingOf(record)));
  return { uploads, more: all.length - read.length };
}

function waitingOf(record: UploadRecord): readonly WaitingUpload[] {
  const why = whyOf(record);
  const place = placeOf(record.key);
  if (why === undefined || place === undefined) return [];
  const { key, versionId, receivedAt } = record;
  return [{ key, versionId, ...place, receivedAt, why }];
}

function whyOf(record: UploadRecord): WaitingUpload['why'] | undefined {
  switch (record.state) {
    case 'received':
      return { kind: 'being-checked' };
    case 'checked':
      return record.frozen === undefined ? { kind: 'for-its-commit' } : { kind: 'frozen', ...record.frozen };
    case 'proposed':
      return { kind: 'proposed', url: record.proposal.url, since: record.proposal.since };
    case 'delivered':
    case 'rejected':
    case 'superseded':
    case 'failed':
    case 'declined':
    case 'done':
      return undefined;
  }
}

/** Where an upload goes to; undefined for a key that no target has. */
export function placeOf(key: string): { readonly target: string; readonly scope: string } | undefined {
  const parsed = parseKey(key);
  switch (parsed.kind) {
    case 'malformed':
      return parsed.target === undefined ? undefined : { target: parsed.target, scope: 'target' };
    case 'evidence':
      return placeOf(parsed.package);
    case 'command':
      return { target: parsed.key.target, scope: 'target' };
    case 'slot': {
      const { key: slot } = parsed;
      const scope = slot.kind === 'manifest' ? 'manifests' : `${slot.namespace}/${slot.release}`;
      return { target: slot.target, scope };
    }
  }
}
