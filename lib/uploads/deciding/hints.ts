import { createHash } from 'node:crypto';
import * as z from 'zod';
import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import type { Item, Table } from '../../aws/table.ts';
import type { UploadKey } from '../record/keys.ts';
import { UPLOADS_SCHEMA } from '../record/record.ts';

/**
 * What a release or manifest declared when it was last judged: `declares#<target>` / its group. What was judged may not
 * have been pushed, and what was pushed may have been changed since: who asks looks into Git (owners.ts).
 */
const hint = z.looseObject({
  version: z.number(),
  key: z.custom<UploadKey>((value) => typeof (value as UploadKey | null)?.kind === 'string'),
  /** Hashes of identities, as last judged, and those that it declared before that and no more. */
  objects: z.array(z.string()),
  before: z.array(z.string()),
});
type Hint = z.output<typeof hint>;

/** Who is to be held against what others have declared. */
export interface Declaring {
  readonly group: string;
  readonly key: UploadKey;
  readonly declares: readonly { readonly hash: string }[];
}

/** Hints of those who declare, and of all others where one of them declares what it did not have. */
export interface Hints {
  get(group: string): Hint | undefined;
  groupsWith(hash: string): ReadonlySet<string>;
}

const hintsKey = (target: string): string => `declares#${target}`;

/** 5,000 objects are well below what an item holds; two of one hash are told apart when the other is rendered. */
export const hashOf = (identity: string): string =>
  createHash('sha256').update(identity).digest('base64url').slice(0, 12);

const NONE: ReadonlySet<string> = new Set();

/**
 * Most uploads declare what their release had already: then its own hint says all. A target may have thousands of
 * releases, whose hints are several pages of the table: they are read only for who declares something new.
 */
export async function readHints(
  table: Table,
  target: string,
  declaring: readonly Declaring[],
): Promise<Hints> {
  const declared = new Set(declaring.flatMap(({ declares }) => declares.map(({ hash }) => hash)));
  const found = new Map<string, Hint>();
  const groups = new Map<string, Set<string>>();
  const add = (item: Item | undefined) => {
    const { success, data } = hint.safeParse(item);
    if (!success || item === undefined) return;
    found.set(item.sk, data);
    for (const hash of [...data.objects, ...data.before])
      if (declared.has(hash)) groups.set(hash, (groups.get(hash) ?? new Set()).add(item.sk));
  };
  const pk = hintsKey(target);
  await eachAtOnce(declaring, CALLS_AT_ONCE, async ({ group }) => add(await table.get({ pk, sk: group })));
  const hints: Hints = {
    get: (group) => found.get(group),
    groupsWith: (hash) => groups.get(hash) ?? NONE,
  };
  const isNew = ({ group, declares }: Declaring) =>
    declares.some(({ hash }) => !hints.groupsWith(hash).has(group));
  if (declaring.some(isNew)) for await (const item of table.query(pk)) add(item);
  return hints;
}

export async function keepHint(
  table: Table,
  target: string,
  { group, key, declares }: Declaring,
  before: Hint | undefined,
): Promise<void> {
  const objects = declares.map(({ hash }) => hash).sort();
  if (before !== undefined && before.objects.join() === objects.join()) return;
  const now = new Set(objects);
  const item: Item = {
    pk: hintsKey(target),
    sk: group,
    schema: UPLOADS_SCHEMA,
    version: (before?.version ?? 0) + 1,
    key,
    objects,
    before: before?.objects.filter((hash) => !now.has(hash)) ?? [],
  };
  // Who lost has been told by another delivery of the same release what it declares.
  await table.put(item, before?.version ?? 'absent');
}
