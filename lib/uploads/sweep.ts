import * as z from 'zod';
import { tellNoLongerChecked } from '../alerts/no-longer-checked.ts';
import { tellTooOld } from '../alerts/too-old.ts';
import type { ObjectVersion, VersionedStore } from '../aws/objects.ts';
import type { Queue } from '../aws/queues.ts';
import type { Table } from '../aws/table.ts';
import type { Config } from '../config/config.ts';
import type { Doorbell, ObjectCreated, ReadRequest } from '../messages/messages.ts';
import { isBlocked } from './delivering/blocked.ts';
import { looksAgainAfter } from './receiving/evidence.ts';
import { linesLeft } from './receiving/lines-left.ts';
import { isAstray } from './receiving/moved.ts';
import { placeVersions } from './receiving/unheard.ts';
import { COMMANDS, parseKey } from './record/keys.ts';
import type { UploadBase } from './record/record.ts';
import { tellRefusals } from './record/refusals.ts';
import {
  heldByPeople,
  type Line,
  listCommands,
  listReceived,
  listWaiting,
  ringBell,
} from './record/waiting.ts';

/** What the schedules send: `{"schema":1,"sweep":"minutes"}` each minute, `"hours"` each hour. */
export const sweepEvent = z.object({ schema: z.literal(1), sweep: z.enum(['minutes', 'hours']) });
export type SweepEvent = z.output<typeof sweepEvent>;

export interface SweepParts {
  readonly config: Config;
  readonly bucket: string;
  readonly table: Table;
  readonly uploads: Pick<VersionedStore, 'versions'>;
  readonly received: Queue<ObjectCreated>;
  readonly doorbell: Queue<Doorbell>;
  readonly reads: Queue<ReadRequest>;
  readonly now: () => Date;
}

/** What a sweep did, for operators and tests. */
export interface Swept {
  readonly receivedAgain: number;
  readonly bells: number;
  readonly reads: number;
  /** Alerts of targets that no check finishes for. */
  readonly silent: number;
  readonly announced: number;
}

const MINUTE = 60_000;
/** An upload that nobody has finished checking by then goes back to `receive-upload`. */
const RECEIVED_MILLISECONDS = 5 * MINUTE;
/** Evidence whose package has not come by then is looked at only four times an hour. */
const SOON_MILLISECONDS = 15 * MINUTE;
const isQuarter = (now: Date): boolean => now.getUTCMinutes() % 15 === 0;
/** A checked upload that waits longer has lost its bell, or its repository was blocked. */
const WAITING_MILLISECONDS = MINUTE;
/** An alert that is untold for longer has lost its place in the table's stream. */
const UNTOLD_MILLISECONDS = MINUTE;
/** Versions older than this were compared before, or have met the bucket's lifecycle. */
const COMPARED_MILLISECONDS = 3 * 24 * 60 * MINUTE;
/** What is due for another check: `due` / `<target>`, with `at`. */
const DUE = 'due';

/** Keeps time: what waits too long, what has no record, what is due for a check, what is untold. */
export async function sweep({ sweep: kind }: SweepEvent, parts: SweepParts): Promise<Swept> {
  switch (kind) {
    case 'minutes': {
      const receivedAgain = await sendReceivedAgain(parts);
      const bells = await ringForWaiting(parts);
      const reads = await readDue(parts);
      const together = await tellRefusals(parts.table, parts.now());
      const announced = together + (await announceUntold(parts));
      return { receivedAgain, bells, reads, announced, silent: await tellSilent(parts) };
    }
    case 'hours':
      return {
        receivedAgain: (await sendAfterTargets(parts)) + (await compareBucket(parts)),
        bells: 0,
        reads: 0,
        silent: 0,
        announced: 0,
      };
  }
}

async function sendReceivedAgain(parts: SweepParts): Promise<number> {
  let sent = 0;
  for await (const entry of listReceived(parts.table)) {
    const waited = age(parts, entry.receivedAt);
    const atLeast = looksAgainAfter(parts.config, entry.key) ?? RECEIVED_MILLISECONDS;
    if (waited < Math.min(atLeast, RECEIVED_MILLISECONDS)) continue;
    if (waited > SOON_MILLISECONDS && !isQuarter(parts.now()) && parseKey(entry.key).kind === 'evidence')
      continue;
    await parts.received.send(eventOf(parts.bucket, entry));
    sent++;
  }
  return sent;
}

async function ringForWaiting(parts: SweepParts): Promise<number> {
  let rung = 0;
  const lines = new Map(
    parts.config.targets.map(({ repository, branch }) => [`${repository}#${branch}`, { repository, branch }]),
  );
  for (const line of lines.values()) {
    if (await isSaidBlocked(parts, line)) {
      // Also where nothing waits any more: people are to hear that it works again.
      await ringBell(parts.doorbell, line);
      rung++;
      continue;
    }
    if (await isWaitedFor(parts, line)) {
      await ringBell(parts.doorbell, line);
      rung++;
    }
  }
  return rung;
}

/** Whether something waits that has lost its bell, or that is to be looked at now and then. */
async function isWaitedFor(parts: SweepParts, line: Line): Promise<boolean> {
  for await (const entry of listCommands(parts.table, line)) {
    if (age(parts, entry.receivedAt) < WAITING_MILLISECONDS) continue;
    if (isItsTime[await heldByPeople(parts.table, entry)](parts.now())) return true;
  }
  for await (const entry of listWaiting(parts.table, line)) {
    // Entries are in the order of events, not of receipt: look on.
    if (age(parts, entry.receivedAt) < waitOf(parts, entry.key)) continue;
    if (isItsTime[await heldByPeople(parts.table, entry)](parts.now())) return true;
  }
  return false;
}

/** Nobody tells us that a pull request was merged; of a freeze that is lifted the command's bell tells. */
const isItsTime = {
  no: () => true,
  proposed: (now: Date) => now.getUTCMinutes() % 5 === 0,
  frozen: isQuarter,
} as const;

async function isSaidBlocked({ config, table }: SweepParts, line: Line): Promise<boolean> {
  for (const { name, repository, branch } of config.targets)
    if (repository === line.repository && branch === line.branch && (await isBlocked(table, name)))
      return true;
  return false;
}

/** Where a target judges again sooner than a minute after receipt, the bell must ring then. */
function waitOf({ config }: SweepParts, key: string): number {
  const parsed = parseKey(key);
  const target = config.targets.find(({ name }) => parsed.kind === 'slot' && name === parsed.key.target);
  return Math.min(WAITING_MILLISECONDS, (target?.judgeAgainSeconds ?? Infinity) * 1000);
}

/** Removed after the request is sent: a kill in between asks twice, which costs a check. */
async function readDue(parts: SweepParts): Promise<number> {
  let sent = 0;
  for await (const item of parts.table.query(DUE)) {
    if (typeof item.at === 'string' && item.at > parts.now().toISOString()) continue;
    await parts.reads.send({ schema: 1, target: item.sk, because: 'due' });
    // A conflict: it has become due again meanwhile, and stays.
    await parts.table.remove(item, item.version);
    sent++;
  }
  return sent;
}

async function tellSilent({ table, config, now }: SweepParts): Promise<number> {
  const silent = await tellTooOld(table, config, now());
  await tellNoLongerChecked(table, config, now());
  return silent.length;
}

/** Writing an item anew puts it into the table's stream again, where `send-alerts` finds it. */
async function announceUntold(parts: SweepParts): Promise<number> {
  let announced = 0;
  for await (const item of parts.table.untold()) {
    // What is held back is told with others.
    if (item.alerts === undefined) continue;
    if (typeof item.untoldAt === 'string' && age(parts, item.untoldAt) < UNTOLD_MILLISECONDS) continue;
    // A conflict: it was told or changed meanwhile, and the index does not know yet.
    const outcome = await parts.table.put({ ...item, version: item.version + 1 }, item.version);
    if (outcome === 'written') announced++;
  }
  return announced;
}

/** What waits where a target was, for however long: frozen, or proposed. */
async function sendAfterTargets(parts: SweepParts): Promise<number> {
  let sent = 0;
  for await (const entry of linesLeft(parts.table, parts.config)) {
    await parts.received.send(eventOf(parts.bucket, entry));
    sent++;
  }
  return sent;
}

/**
 * Versions whose event was lost: old enough to have been told, without a record. Commands stand before all targets in the
 * bucket's order. Where one has none the table may be lost, and with it what commands froze: they are taken first, however
 * old they are, and uploads an hour later, so that nothing is delivered that people have frozen.
 */
async function compareBucket(parts: SweepParts): Promise<number> {
  let sent = 0;
  let ofOneKey: ObjectVersion[] = [];
  for await (const version of parts.uploads.versions()) {
    const [before] = ofOneKey;
    if (before !== undefined && before.key !== version.key) {
      sent += await compareKey(parts, ofOneKey);
      if (sent > 0 && isCommand(before) && !isCommand(version)) return sent;
      ofOneKey = [];
    }
    if (isCommand(version) || age(parts, version.lastModified.toISOString()) <= COMPARED_MILLISECONDS)
      ofOneKey.push(version);
  }
  return sent + (await compareKey(parts, ofOneKey));
}

const isCommand = ({ key }: ObjectVersion): boolean => key.startsWith(`${COMMANDS}/`);

async function compareKey(parts: SweepParts, newestFirst: readonly ObjectVersion[]): Promise<number> {
  let sent = 0;
  for (const { version, record, order } of await placeVersions(parts.table, newestFirst)) {
    const { key, versionId } = version;
    const at = version.lastModified.toISOString();
    // One that waits where its target is no longer found nobody would look at, either.
    if (record !== undefined && !isAstray(record, parts.config)) continue;
    if (age(parts, at) < RECEIVED_MILLISECONDS) continue;
    const { eventTime, sequencer } = order;
    await parts.received.send(
      eventOf(parts.bucket, { key, versionId, eventTime, sequencer, receivedAt: at }),
    );
    sent++;
  }
  return sent;
}

const age = ({ now }: SweepParts, at: string): number => now().getTime() - Date.parse(at);

/** The event as S3 told it, as far as it is read. */
const eventOf = (bucket: string, { key, versionId, eventTime, sequencer }: UploadBase): ObjectCreated => ({
  'detail-type': 'Object Created',
  time: eventTime,
  detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId, sequencer } },
});
