import type { Item, Table } from '../../aws/table.ts';
import { type Signer, signer } from '../../charts/trust/signer.ts';
import type { VerbKind } from '../../commands/command.ts';
import { type Digest, digestOf } from '../../content/tree.ts';
import { orderOf } from './order.ts';
import { UPLOADS_SCHEMA, type UploadBase, type WaitingRecord } from './record.ts';

/**
 * What a slot holds by Fairlead's last delivery: `slot#<slot>` / `mark`. The high-water mark moves only with a
 * delivery and never back; what is older than it is superseded.
 */
export interface SlotMark {
  readonly order: string;
  readonly key: string;
  readonly versionId: string;
  readonly commit: string;
  readonly digest: Digest;
  /**
   * Fingerprint of the slot's files in that commit: as long as Git shows it, nobody has changed them since. Empty, and
   * `digest` with it nobody's, in a mark that was made again (`restoreMark`): then Git is looked through for who did.
   */
  readonly files: string;
  readonly chart?: { readonly name: string; readonly version: string };
  /** Who signed the package, for targets that it is promoted to. */
  readonly signer?: Signer;
  /** The delivery that this one took the place of: for alerts, which say what a step back goes back to. */
  readonly before?: Pick<SlotMark, 'commit' | 'chart'>;
  /** By what command of somebody's; absent: by an upload. */
  readonly by?: VerbKind;
}

const MARK = 'mark';
const slotKey = (slot: string): string => `slot#${slot}`;

export async function readMark(table: Table, slot: string): Promise<(SlotMark & Item) | undefined> {
  return (await table.get({ pk: slotKey(slot), sk: MARK })) as (SlotMark & Item) | undefined;
}

/** Two deliveries of one slot meet only where a function outlived its message. */
const ATTEMPTS = 5;

/** Moves the mark forward; one that is there already, or further on, stays. */
export async function raiseMark(
  table: Table,
  slot: string,
  record: UploadBase & Pick<WaitingRecord, 'digest' | 'chart' | 'command' | 'signer'>,
  delivered: { readonly commit: string; readonly files: string },
): Promise<void> {
  const order = orderOf(record);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await readMark(table, slot);
    if (before !== undefined && before.order >= order) return;
    const stood = before === undefined ? undefined : stoodBefore(before, delivered.commit);
    const item = {
      pk: slotKey(slot),
      sk: MARK,
      schema: UPLOADS_SCHEMA,
      version: (before?.version ?? 0) + 1,
      order,
      key: record.key,
      versionId: record.versionId,
      digest: record.digest,
      ...delivered,
      ...(record.chart === undefined ? {} : { chart: record.chart }),
      ...(record.signer === undefined ? {} : { signer: record.signer }),
      ...(record.command === undefined ? {} : { by: record.command.verb.kind }),
      ...(stood === undefined ? {} : { before: stood }),
    };
    if ((await table.put(item, before?.version ?? 'absent')) === 'written') return;
  }
  throw new Error(`slot ${slot}: lost ${ATTEMPTS} conditional writes in a row`);
}

/** Two uploads may be delivered by one commit: what stood before that commit. */
const stoodBefore = ({ commit, chart, before }: SlotMark, by: string): SlotMark['before'] =>
  commit === by ? before : { commit, ...(chart === undefined ? {} : { chart }) };

/** After a loss of the table: what the slot held last is known by the tags of its upload, its files are not. */
export async function restoreMark(
  table: Table,
  slot: string,
  upload: UploadBase,
  commit: string,
): Promise<void> {
  const unknown = { digest: digestOf(''), files: '' };
  await raiseMark(table, slot, { ...upload, ...unknown }, { commit, files: unknown.files });
}

const versionName = (version: string): string => `version#${version}`;

/** The content that a chart version of this slot was delivered with, if it ever was. */
export async function deliveredVersion(
  table: Table,
  slot: string,
  version: string,
): Promise<Digest | undefined> {
  const item = await table.get({ pk: slotKey(slot), sk: versionName(version) });
  return item?.digest as Digest | undefined;
}

/** Who signed this content of a chart version, as far as it was delivered with that. */
export async function signerOfVersion(
  table: Table,
  slot: string,
  version: string,
  digest: Digest,
): Promise<Signer | undefined> {
  const item = await table.get({ pk: slotKey(slot), sk: versionName(version) });
  const known = item?.digest === digest ? signer.safeParse(item.signer) : undefined;
  return known?.success ? known.data : undefined;
}

/** Remembers it, and who signed it; with mutable versions the newest content. */
export async function keepVersion(
  table: Table,
  slot: string,
  version: string,
  digest: Digest,
  by?: Signer,
): Promise<void> {
  const key = { pk: slotKey(slot), sk: versionName(version) };
  const content = { digest, ...(by === undefined ? {} : { signer: by }) };
  // A version is delivered once, as a rule: then nothing is there that would have to be read.
  if ((await table.put({ ...key, schema: UPLOADS_SCHEMA, version: 1, ...content }, 'absent')) === 'written')
    return;
  const before = await table.get(key);
  if (before === undefined) return;
  if (before.digest === digest && (by === undefined || before.signer !== undefined)) return;
  await table.put(
    { ...key, schema: UPLOADS_SCHEMA, version: before.version + 1, ...content },
    before.version,
  );
}
