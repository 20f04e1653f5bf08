import { basename } from 'node:path';
import type { Table } from '../../aws/table.ts';
import { reason } from '../../charts/reasons.ts';
import type { Config } from '../../config/config.ts';
import { parseKey } from '../record/keys.ts';
import { orderOf } from '../record/order.ts';
import {
  type Outcome,
  parseRecord,
  type ReceivedRecord,
  recordKey,
  type UploadBase,
  type UploadRecord,
} from '../record/record.ts';

/**
 * Evidence (a signature, a provenance file) has no slot of its own: it ends as the package beside it ends, and stays
 * `received` until then, so that the sweep brings it back.
 */

/** The package that evidence belongs to may still be on its way: until then an older one is not taken for it. */
const PACKAGE_MILLISECONDS = 5 * 60 * 1000;
/** Evidence whose package has not come by then is evidence of nothing. */
const ORPHAN_MILLISECONDS = 24 * 60 * 60 * 1000;

/** How the evidence ends: as its package did, or because there is none. */
export interface SharedOutcome {
  readonly kind: 'shared' | 'orphan';
  readonly outcome: Outcome;
}

/** Undefined while its package is open, or may still come. */
export async function outcomeOfEvidence(
  table: Table,
  evidence: UploadBase,
  packageKey: string,
  now: Date,
): Promise<SharedOutcome | undefined> {
  const age = now.getTime() - Date.parse(evidence.receivedAt);
  const newest = await newestOf(table, packageKey);
  if (newest === undefined) {
    if (age < ORPHAN_MILLISECONDS) return undefined;
    const reasons = [reason('evidence-without-package', { package: basename(packageKey) })];
    return { kind: 'orphan', outcome: { state: 'rejected', reasons } };
  }
  const mayBeOlder = orderOf(newest) < orderOf(evidence) && age < PACKAGE_MILLISECONDS;
  const outcome = mayBeOlder ? undefined : outcomeOf(newest);
  return outcome === undefined ? undefined : { kind: 'shared', outcome };
}

/** Versions of a package that nobody has finished checking: they may be waiting for this evidence. */
export async function receivedOf(table: Table, packageKey: string): Promise<readonly ReceivedRecord[]> {
  const records = (await Array.fromAsync(table.query(recordKey(packageKey, '').pk))).map(parseRecord);
  return records.filter((record) => record.state === 'received');
}

async function newestOf(table: Table, key: string): Promise<UploadRecord | undefined> {
  let newest: UploadRecord | undefined;
  for await (const item of table.query(recordKey(key, '').pk)) {
    const record = parseRecord(item);
    if (newest === undefined || orderOf(record) > orderOf(newest)) newest = record;
  }
  return newest;
}

function outcomeOf(record: UploadRecord): Outcome | undefined {
  switch (record.state) {
    case 'received':
    case 'checked':
    case 'proposed':
      return undefined;
    case 'declined':
      return { state: 'declined', ...(record.url === undefined ? {} : { url: record.url }) };
    case 'done':
      return { state: 'done', what: record.what };
    case 'delivered':
      return { state: 'delivered', commit: record.commit, change: record.change };
    case 'superseded':
      return { state: 'superseded', by: record.by };
    case 'rejected':
    case 'failed':
      return { state: record.state, reasons: record.reasons };
  }
}

/**
 * After how long a package is looked at again whose evidence may have come, or is to be missed. Milliseconds; undefined:
 * its target asks for no signatures, or it is no package.
 */
export function looksAgainAfter({ targets }: Config, key: string): number | undefined {
  const parsed = parseKey(key);
  if (parsed.kind !== 'slot' || parsed.key.kind !== 'chart') return undefined;
  const { target: name } = parsed.key;
  const target = targets.find((one) => one.name === name);
  return target?.publishers === undefined ? undefined : target.judgeAgainSeconds * 1000;
}
