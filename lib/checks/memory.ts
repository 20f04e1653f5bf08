import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import type { Table } from '../aws/table.ts';
import { digestOf } from '../content/tree.ts';
import { digest } from '../messages/messages.ts';
import type { ObjectReference } from '../objects/objects.ts';
import type { Admissions } from './admissions.ts';
import type { History, ScopeMemory } from './rollout.ts';

/** What checks remember of each scope of a target between runs: which render was applied, and which one waits. */
export interface CheckMemory {
  read(): Promise<ReadonlyMap<string, RememberedScope>>;
  /** Whether the target was ever judged: what its first check finds was not committed just now. */
  history(): Promise<History>;
  /** Another check that wrote meanwhile wins: it has seen a newer cluster. */
  write(scope: string, remembered: RememberedScope): Promise<void>;
  /** Whether what admission put there can be known again, or has to be said each time. */
  readonly admissions: 'remembered' | 'reported';
}

export interface RememberedScope extends ScopeMemory {
  /** Kinds (`apps/v1/Deployment`) that the scope has ever declared: where its orphans are looked for. */
  readonly kinds: readonly string[];
  /** What was found to be extra the last time that it could be looked at: what cannot be seen now is not gone. */
  readonly orphans?: readonly ObjectReference[];
  /** By object: the digests of what admission put there when the render was applied. */
  readonly admissions?: Admissions;
  /** The same of what came between two rollouts and is no small matter: the next rollout makes it no work of admission. */
  readonly refused?: Admissions;
}

const remembered = z.object({
  applied: z
    .object({ render: digest, commit: z.string(), at: z.string(), inputs: digest.exactOptional() })
    .optional(),
  waiting: z.object({ render: digest, since: z.string() }).optional(),
  kinds: z.array(z.string()),
  orphans: z
    .array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        namespace: z.string().exactOptional(),
      }),
    )
    .optional(),
  // Written otherwise by an earlier version, it is made anew; all else of the scope holds.
  admissions: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
  refused: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
});

const PREFIX = 'applied#';

/** Items `target#<target>` / `applied#<scope>`. */
export function tableMemory(table: Table, target: string): CheckMemory {
  const pk = `target#${target}`;
  const versions = new Map<string, number>();
  return {
    admissions: 'remembered',
    async read() {
      const found = new Map<string, RememberedScope>();
      for await (const item of table.query(pk, PREFIX)) {
        const parsed = remembered.safeParse(item.memory);
        const scope = item.sk.slice(PREFIX.length);
        versions.set(scope, item.version);
        if (parsed.success) found.set(scope, strip(parsed.data));
      }
      return found;
    },
    async history() {
      for await (const { verdict } of table.query(pk, 'verdict#'))
        if (verdict !== 'unknown') return 'checked-before';
      return 'first-check';
    },
    async write(scope, memory) {
      const before = versions.get(scope);
      const item = { pk, sk: `${PREFIX}${scope}`, schema: 1, version: (before ?? 0) + 1, memory };
      await table.put(item, before ?? 'absent');
    },
  };
}

/** What is remembered of one scope, for who only reads. */
export async function readRemembered(
  table: Pick<Table, 'get'>,
  target: string,
  scope: string,
): Promise<RememberedScope | undefined> {
  const item = await table.get({ pk: `target#${target}`, sk: `${PREFIX}${scope}` });
  const parsed = remembered.safeParse(item?.memory);
  return parsed.success ? strip(parsed.data) : undefined;
}

const kindsFile = z.record(z.string().max(400), z.array(z.string().max(400)).max(1000));
const KINDS_BYTES = 16 * 1024 * 1024;

/**
 * For a check that stands alone, and is made again now and then: which kinds each scope has ever declared, where
 * orphans are looked for, and nothing of rollouts. What cannot be read is forgotten.
 */
export async function kindsMemory(store: ObjectStore, target: string): Promise<CheckMemory> {
  const key = `checks/${digestOf(target).slice('sha256:'.length)}/kinds.json`;
  const stored = await store.get(key, { maxBytes: KINDS_BYTES }).catch(() => undefined);
  const kinds = new Map(Object.entries(stored === undefined ? {} : kindsIn(stored.body)));
  return {
    admissions: 'reported',
    history: async () => 'checked-before',
    read: async () => new Map([...kinds].map(([scope, all]) => [scope, { kinds: all }])),
    async write(scope, memory) {
      if (kinds.get(scope)?.length === memory.kinds.length) return;
      kinds.set(scope, [...memory.kinds]);
      await store.put(key, JSON.stringify(Object.fromEntries(kinds)), 'application/json');
    },
  };
}

function kindsIn(body: Buffer): Readonly<Record<string, string[]>> {
  try {
    return kindsFile.safeParse(JSON.parse(body.toString('utf8'))).data ?? {};
  } catch {
    return {};
  }
}

/** Without keys that hold `undefined`, which exact optional properties do not admit. */
const strip = ({
  applied,
  waiting,
  kinds,
  orphans,
  admissions,
  refused,
}: z.output<typeof remembered>): RememberedScope => ({
  ...(applied === undefined ? {} : { applied }),
  ...(waiting === undefined ? {} : { waiting }),
  kinds,
  ...(orphans === undefined ? {} : { orphans }),
  ...(admissions === undefined ? {} : { admissions }),
  ...(refused === undefined ? {} : { refused }),
});
