import type { Alert } from '../../alerts/alert.ts';
import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import type { Candidate } from '../deciding/group.ts';
import { type Freeze, freezeOf, readFreezes, tellFrozen } from '../record/freezes.ts';
import { putTagged } from '../record/owed-tags.ts';
import {
  type CheckedRecord,
  contentOf,
  recordItem,
  uploadUrl,
  type WaitingRecord,
} from '../record/record.ts';
import { type Call, nameOf } from './call.ts';

/**
 * What is frozen waits, for as long as people want: each upload is marked once, in its record and its tags, and people
 * are told once a freeze. When the freeze is lifted the newest of each slot goes, as always, and supersedes the others.
 */

/** Those that may go; the others are marked and not looked at again in this call. */
export async function setFrozenAside(call: Call, open: readonly Candidate[]): Promise<readonly Candidate[]> {
  const freezes = new Map<string, readonly Freeze[]>();
  for (const target of new Set(open.map(({ record }) => record.target)))
    freezes.set(target, await readFreezes(call.parts.table, target));
  const placed = open.map((candidate) => ({
    candidate,
    freeze: freezeOf(freezes.get(candidate.record.target) ?? [], candidate.key),
  }));
  const waiting = placed.filter(({ candidate }) => candidate.record.state === 'checked');
  for (const [freeze, some] of Map.groupBy(waiting, ({ freeze }) => freeze))
    if (freeze !== undefined) await tellWaiting(call, freeze, some[0]?.candidate);
  const free = await eachAtOnce(placed, CALLS_AT_ONCE, async ({ candidate, freeze }) => {
    const { record } = candidate;
    // One that is in a pull request is not touched, and whether it is merged goes on being looked at.
    if (record.state === 'proposed') return candidate;
    if (freeze === undefined) return thawed(call, candidate, record);
    await setAside(call, record, freeze);
    return undefined;
  });
  return free.filter((candidate) => candidate !== undefined);
}

/** The mark before the alert would be an upload that waits unheard, should this be cut off between them. */
async function tellWaiting({ parts }: Call, freeze: Freeze, first: Candidate | undefined): Promise<void> {
  if (first === undefined) return;
  const { installation, bucket, table, now } = parts;
  const { target } = first.record;
  const scope =
    freeze.scope.kind === 'target' ? 'target' : `${freeze.scope.namespace}/${freeze.scope.release}`;
  const alert: Alert = {
    schema: 1,
    kind: 'frozen',
    installation,
    target,
    scope,
    incident: `${installation}/${target}/${scope}/frozen/${freeze.command}`,
    sequence: 1,
    at: now().toISOString(),
    severity: 'info',
    upload: uploadUrl(bucket, first.record),
    since: freeze.at,
    by: freeze.by,
    ...(freeze.reason === undefined ? {} : { reason: freeze.reason }),
  };
  await tellFrozen(table, target, freeze, alert);
}

async function setAside(call: Call, record: CheckedRecord, freeze: Freeze): Promise<void> {
  call.frozen.add(nameOf(record));
  if (record.frozen?.since === freeze.at) return;
  const { at: since, by, reason } = freeze;
  const mark = { since, by, ...(reason === undefined ? {} : { reason }) };
  const written = await write(call, record, { ...stateOf(record), frozen: mark });
  if (written !== undefined)
    call.parts.log('upload frozen', { key: record.key, upload: record.versionId, by });
}

/** The candidate, its mark taken off; undefined where another delivery has changed it. */
async function thawed(
  call: Call,
  candidate: Candidate,
  record: CheckedRecord,
): Promise<Candidate | undefined> {
  if (record.frozen === undefined) return candidate;
  // It has not waited for us: its day begins now.
  const receivedAt = call.parts.now().toISOString();
  const written = await write(call, { ...record, receivedAt }, stateOf(record));
  return written === undefined ? undefined : { ...candidate, record: written };
}

const stateOf = (record: CheckedRecord) =>
  ({ ...contentOf(record), state: 'checked', attempted: record.attempted }) as const;

async function write(
  { parts }: Call,
  record: CheckedRecord,
  state: ReturnType<typeof stateOf> & Pick<CheckedRecord, 'frozen'>,
): Promise<WaitingRecord | undefined> {
  return putTagged(parts, { ...recordItem(record, state, record), ...state }, record.version);
}
