import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as clients from '../lib/aws/clients.ts';
import { s3Store } from '../lib/aws/objects.ts';
import type { CheckConfig } from '../lib/checks/check-config.ts';
import { rootOf } from '../lib/config/root.ts';
import { readClusterEvents } from '../lib/history/cluster-events.ts';
import type { History, HistoryEntry } from '../lib/history/entry.ts';
import { type LoggedCommit, readGitLog } from '../lib/history/git-log.ts';
import { putTogether } from '../lib/history/history.ts';
import { listNamed, type Named, uploadEntries } from '../lib/history/uploads.ts';
import { GitFailed } from '../lib/repository/git-failed.ts';
import { cacheFolder } from '../local/tools.ts';
import { repositoryOf } from './asking.ts';
import { allowed, type Stores } from './incidents-reading.ts';
import type { FoundInstallation } from './installation.ts';
import { inPassingFolder, interruptible } from './interrupts.ts';
import { openRepository, repositoryAdvice } from './repository-here.ts';

export interface Asked {
  /** `shop/web`, `manifests/…`; absent: the whole target. */
  readonly scope: string | undefined;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
  /** A repository that was named; absent: the one that this folder is in, if it is the target's. */
  readonly repo: string | undefined;
}

/** Records that are read: a request each. */
const RECORDS = 1000;
/** What waited longer before it ended is known by its commit. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Reads the audit trail of a target, or of a release of it. @throws UsageError, Unavailable */
export async function readHistory(
  installation: FoundInstallation,
  stores: Stores,
  config: CheckConfig,
  asked: Asked,
): Promise<History> {
  const { table, tableName } = stores;
  const { scope, since, until } = asked;
  const place = { target: config.target.name, scope };
  const missing: string[] = [];
  const git = await gitOf(config, asked, missing);
  const store = s3Store(clients.s3(installation.environment), installation.bucket);
  const named = await allowed(
    {
      action: 's3:ListBucketVersions',
      on: `bucket ${installation.bucket} (below ${place.target}/ and .commands/${place.target}/)`,
    },
    () => listNamed(store, place),
  );
  const wanted = newest(named.filter((one) => isNear(one, since, until)));
  if (wanted.length > RECORDS)
    missing.push(
      `${wanted.length - RECORDS} older uploads were not looked at: --since and --until narrow it`,
    );
  const uploads = await allowed({ action: 'dynamodb:GetItem', on: `table ${tableName}` }, () =>
    uploadEntries(
      table,
      wanted.slice(0, RECORDS),
      git.filter((one) => isWithin(one, since, until)),
      place,
    ),
  );
  const events = await allowed(
    {
      action: 'dynamodb:Query on the table, s3:ListBucket and s3:GetObject',
      on: `reports/${place.target}/ in bucket ${stores.stateName}`,
    },
    () =>
      readClusterEvents(
        stores,
        { installation: config.installation, ...place, scope: scopeOfChecks(scope) },
        since,
      ),
  );
  if (events.reach === 'partial') missing.push('incidents before the newest of each kind were not looked at');
  const entries = putTogether(uploads, git, events.entries, scope);
  return { entries: entries.filter((entry) => isWithin(entry, since, until)), missing };
}

/** Manifests are judged together. */
const scopeOfChecks = (scope: string | undefined): string | undefined =>
  scope?.startsWith('manifests/') ? 'manifests' : scope;

const isWithin = (
  { at }: Pick<HistoryEntry, 'at'>,
  since: Date | undefined,
  until: Date | undefined,
): boolean =>
  (since === undefined || new Date(at) >= since) && (until === undefined || new Date(at) <= until);

const isNear = ({ uploadedAt }: Named, since: Date | undefined, until: Date | undefined): boolean =>
  uploadedAt === undefined ||
  ((since === undefined || Date.parse(uploadedAt) >= since.getTime() - DAY_MS) &&
    (until === undefined || new Date(uploadedAt) <= until));

const newest = (all: readonly Named[]): readonly Named[] =>
  [...all].sort((a, b) => ((a.uploadedAt ?? '') < (b.uploadedAt ?? '') ? 1 : -1));

/** What Git says; where there is none to be read, what is missing is said. */
async function gitOf(
  { target, repository }: CheckConfig,
  { scope, since, repo }: Asked,
  missing: string[],
): Promise<readonly LoggedCommit[]> {
  const root = rootOf(target);
  const where = repo === undefined ? await checkoutOf(root) : repositoryOf(repo);
  if (where === undefined) {
    missing.push(
      `Git was not read, which alone has what others changed there: call it in a checkout of ${repository.url}, or give --repo`,
    );
    return [];
  }
  const asked = { repo: where, branch: target.branch };
  const read = async (folder: string): Promise<readonly LoggedCommit[]> => {
    const here = await openRepository(asked, folder, folder);
    try {
      const tip = await here.clone.fetchTip();
      if (tip === undefined) {
        missing.push(`Git was not read: ${where} has no branch "${target.branch}"`);
        return [];
      }
      const log = await readGitLog(here.clone, tip.id, pathsOf(root, scope), since);
      if (log.reach === 'partial') missing.push('older commits were not looked at: --since narrows it');
      return log.commits;
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      missing.push(`Git was not read: ${repositoryAdvice(error, asked)}`);
      return [];
    } finally {
      await here.close();
    }
  };
  return await interruptible(
    () => {},
    () => inPassingFolder(join(cacheFolder(), 'history'), read),
  );
}

/** Where the layout has it (lib/repository/layout.ts). */
function pathsOf(root: string, scope: string | undefined): readonly string[] {
  const below = (path: string): string => (root === '' ? path : `${root}/${path}`);
  if (scope === undefined) return [below('releases/'), below('apply/')];
  if (scope === 'manifests') return [below('apply/manifests/')];
  if (scope.startsWith('manifests/')) return [below(`apply/${scope}`)];
  return [below(`releases/${scope}/`), below(`apply/${scope}/`)];
}

/** The checkout that this folder is in, where it has the target's folder; undefined elsewhere. */
async function checkoutOf(root: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', '--show-toplevel']);
    const top = stdout.trim();
    return root !== '' && (await stat(join(top, root))).isDirectory() ? top : undefined;
  } catch {
    return undefined;
  }
}
