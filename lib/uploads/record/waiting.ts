import { randomUUID } from 'node:crypto';
import type { Queue } from '../../aws/queues.ts';
import type { Item, Table } from '../../aws/table.ts';
import { digestOf } from '../../content/tree.ts';
import type { Doorbell } from '../../messages/messages.ts';
import { COMMANDS } from './keys.ts';
import { orderOf } from './order.ts';
import { readRecord, UPLOADS_SCHEMA, type UploadBase } from './record.ts';

/**
 * Lists beside the records, each one partition, so that what is open is found without a search:
 * `received`: uploads that nobody has finished checking. `waiting#<repository>#<branch>`: checked ones.
 * `commands#<repository>#<branch>`: commands of the same kind, which go first and seldom come.
 * An entry is written before its record says so and removed after, hence may outlive it and never misses it.
 */
export interface Line {
  readonly repository: string;
  readonly branch: string;
}

/** Whether it waits in this line: an entry of one that its target has left may still be there. */
export const isInLine = (record: Line, { repository, branch }: Line): boolean =>
  record.repository === repository && record.branch === branch;

const RECEIVED = 'received';
const lineKey = ({ repository, branch }: Line): string => `waiting#${repository}#${branch}`;
const commandsKey = ({ repository, branch }: Line): string => `commands#${repository}#${branch}`;
const listOf = (line: Line, { key }: Pick<UploadBase, 'key'>): string =>
  key.startsWith(`${COMMANDS}/`) ? commandsKey(line) : lineKey(line);

/** What DynamoDB takes for a sort key; a key of S3 alone may be as long. Bytes. */
const SORT_KEY_BYTES = 1024;

/**
 * An upload that is taken again has entries of their own: those of its last time may still be about to be removed, by
 * who ended it then.
 */
function entryName(upload: UploadBase): string {
  const again = upload.replays?.at(-1);
  const name = `${orderOf(upload)}#${upload.versionId}${again === undefined ? '' : `#${again}`}`;
  const whole = `${name}#${upload.key}`;
  return Buffer.byteLength(whole) <= SORT_KEY_BYTES ? whole : `${name}#${digestOf(upload.key)}`;
}

/** An entry of a list, as much of an upload as its event told. */
export type Entry = Item & UploadBase;

const entryItem = (pk: string, sk: string, upload: UploadBase): Entry => ({
  pk,
  sk,
  schema: UPLOADS_SCHEMA,
  version: 1,
  key: upload.key,
  versionId: upload.versionId,
  eventTime: upload.eventTime,
  sequencer: upload.sequencer,
  receivedAt: upload.receivedAt,
  ...(upload.replays === undefined ? {} : { replays: upload.replays }),
});

/** Entries are never changed, so that a conflict says that it is there already. */
export async function addReceived(table: Table, upload: UploadBase): Promise<void> {
  await table.put(entryItem(RECEIVED, entryName(upload), upload), 'absent');
}

export const findReceived = async (table: Table, upload: UploadBase): Promise<Entry | undefined> =>
  (await table.get({ pk: RECEIVED, sk: entryName(upload) })) as Entry | undefined;

export const listReceived = (table: Table): AsyncIterable<Entry> =>
  table.query(RECEIVED) as AsyncIterable<Entry>;

export async function removeReceived(table: Table, upload: UploadBase): Promise<void> {
  await table.remove({ pk: RECEIVED, sk: entryName(upload) }, 1);
}

export async function addWaiting(table: Table, line: Line, upload: UploadBase): Promise<void> {
  await table.put(entryItem(listOf(line, upload), entryName(upload), upload), 'absent');
}

/** Uploads, oldest first. */
export const listWaiting = (table: Table, line: Line): AsyncIterable<Entry> =>
  table.query(lineKey(line)) as AsyncIterable<Entry>;

/** Commands, oldest first. */
export const listCommands = (table: Table, line: Line): AsyncIterable<Entry> =>
  table.query(commandsKey(line)) as AsyncIterable<Entry>;

export async function removeWaiting(table: Table, line: Line, upload: UploadBase): Promise<void> {
  await table.remove({ pk: listOf(line, upload), sk: entryName(upload) }, 1);
}

/** "Something waits." An id of its own each: by content, SQS would swallow all bells of five minutes. */
export const ringBell = (doorbell: Queue<Doorbell>, { repository, branch }: Line): Promise<void> =>
  doorbell.send(
    { schema: 1, repository, branch, because: 'upload' },
    { group: `${repository}#${branch}`, deduplication: randomUUID() },
  );

/** Whether people keep it from going, and Fairlead has nothing to do: it is frozen, or in a pull request. */
export async function heldByPeople(table: Table, entry: Entry): Promise<'frozen' | 'proposed' | 'no'> {
  const record = await readRecord(table, entry.key, entry.versionId);
  if (record?.state === 'proposed') return 'proposed';
  return record?.state === 'checked' && record.frozen !== undefined ? 'frozen' : 'no';
}

/**
 * For how long the oldest upload waits that nobody has ended and nobody holds back, in any list; 0: none waits. A query
 * a branch and list, and a read for each that people hold.
 */
export async function oldestOpenSeconds(table: Table, lines: Iterable<Line>, now: Date): Promise<number> {
  let oldest = now.getTime();
  const look = async (entries: AsyncIterable<Entry>, counts: (entry: Entry) => Promise<boolean>) => {
    for await (const entry of entries) {
      const at = Date.parse(entry.receivedAt);
      if (at < oldest && (await counts(entry))) oldest = at;
    }
  };
  await look(listReceived(table), async () => true);
  for (const line of new Map([...lines].map((each) => [lineKey(each), each])).values()) {
    for (const entries of [listCommands(table, line), listWaiting(table, line)])
      await look(entries, async (entry) => (await heldByPeople(table, entry)) === 'no');
  }
  return Math.round((now.getTime() - oldest) / 1000);
}
