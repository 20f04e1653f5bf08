import * as z from 'zod';
import type { Table } from '../aws/table.ts';
import { digest } from '../messages/messages.ts';
import type { ScopeMemory } from './rollout.ts';

/** What checks remember of each scope of a target between runs: which render was applied, and which one waits. */
export interface CheckMemory {
  read(): Promise<ReadonlyMap<string, RememberedScope>>;
  /** Another check that wrote meanwhile wins: it has seen a newer cluster. */
  write(scope: string, remembered: RememberedScope): Promise<void>;
  /** Whether what admission put there can be known again, or has to be said each time. */
  readonly admissions: 'remembered' | 'reported';
}

export interface RememberedScope extends ScopeMemory {
  /** Kinds (`apps/v1/Deployment`) that the scope has ever declared: where its orphans are looked for. */
  readonly kinds: readonly string[];
  /** By object: the digest of what admission put there when the render was applied. */
  readonly admissions?: Readonly<Record<string, string>>;
}

const remembered = z.object({
  applied: z
    .object({ render: digest, commit: z.string(), at: z.string(), inputs: digest.exactOptional() })
    .optional(),
  waiting: z.object({ render: digest, since: z.string() }).optional(),
  kinds: z.array(z.string()),
  admissions: z.record(z.string(), z.string()).optional(),
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

/** For one check that stands alone. */
export const noMemory: CheckMemory = {
  admissions: 'reported',
  read: async () => new Map(),
  write: async () => {},
};

/** Without keys that hold `undefined`, which exact optional properties do not admit. */
const strip = ({ applied, waiting, kinds, admissions }: z.output<typeof remembered>): RememberedScope => ({
  ...(applied === undefined ? {} : { applied }),
  ...(waiting === undefined ? {} : { waiting }),
  kinds,
  ...(admissions === undefined ? {} : { admissions }),
});
