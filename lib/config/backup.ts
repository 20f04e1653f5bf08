import * as z from 'zod';
import { entries } from './entries.ts';

/** Days that a bundle of a repository, and a copy of the table, are kept where the configuration does not say. */
const KEPT_DAYS = 35;

const kept = entries({
  /** For so many days nobody deletes a backup, and then it goes. */
  keepDays: z.int().min(1).max(3650, 'at most 3650 days').default(KEPT_DAYS),
  /** Names of repositories that are not backed up: whose host does it, or that are too large (docs/backup.md). */
  except: z.array(z.string()).default([]),
  /** A vault of AWS Backup with a copy of the table each day, beside DynamoDB's own recovery to any second. */
  tableVault: z.boolean().default(false),
});

/**
 * Backups of the repositories and of the table: `true` is all of it with its defaults. Left out: `true` in production,
 * `false` elsewhere.
 */
export const backup = z.union([z.boolean(), kept], 'true, false, or {keepDays, except, tableVault}');

export type BackupSettings = z.output<typeof kept>;

/** What is backed up; undefined: nothing. */
export function backupOf({
  backup: chosen,
  production,
}: {
  readonly backup?: z.output<typeof backup> | undefined;
  readonly production: boolean;
}): BackupSettings | undefined {
  const wanted = chosen ?? production;
  if (wanted === false) return undefined;
  return wanted === true ? kept.parse({}) : wanted;
}
