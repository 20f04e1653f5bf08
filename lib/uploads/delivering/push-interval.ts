import type { Table } from '../../aws/table.ts';
import { UPLOADS_SCHEMA } from '../record/record.ts';

/**
 * Hosts ask for few pushes, and count them by repository (GitHub: about six a minute each), hence so do we: several
 * repositories of one host do not wait for each other. When a repository was last pushed to lies in the table
 * (`pushed` / `<repository>`), since functions come and go; meanwhile uploads gather. A push that was refused counts.
 */
const keyOf = (repository: string) => ({ pk: 'pushed', sk: repository });

/** Milliseconds until the repository may be pushed to again; 0: now. */
export async function untilNextPush(
  table: Table,
  repository: { readonly name: string; readonly minimumPushIntervalSeconds: number },
  now: Date,
): Promise<number> {
  const interval = repository.minimumPushIntervalSeconds * 1000;
  if (interval === 0) return 0;
  const last = await table.get(keyOf(repository.name));
  return typeof last?.at === 'string' ? Math.max(0, Date.parse(last.at) + interval - now.getTime()) : 0;
}

export async function keepPush(
  table: Table,
  repository: { readonly name: string; readonly minimumPushIntervalSeconds: number },
  now: Date,
): Promise<void> {
  if (repository.minimumPushIntervalSeconds === 0) return;
  const key = keyOf(repository.name);
  const before = await table.get(key);
  const item = { ...key, schema: UPLOADS_SCHEMA, version: (before?.version ?? 0) + 1, at: now.toISOString() };
  // A conflict: somebody else has just pushed, which is as good.
  await table.put(item, before?.version ?? 'absent');
}
