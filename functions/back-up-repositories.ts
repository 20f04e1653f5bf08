import { s3Backups } from '../lib/aws/backups.ts';
import * as clients from '../lib/aws/clients.ts';
import { awsIdentity } from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { functionLog } from '../lib/aws/log.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsConfiguration } from '../lib/aws/probes.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { backupOf } from '../lib/config/backup.ts';
import { configReader } from '../lib/config/parameters.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { outwardOf } from '../lib/outward/outward.ts';
import { type BackedUp, backUpEvent, backUpRepository } from '../lib/repository/back-up.ts';
import { readCredentialOf } from '../lib/repository/credentials.ts';
import { hasGit, hasSsh } from '../lib/repository/probes.ts';

/** Puts every repository of the configuration, whole, into a bucket that gives nothing back. */
export const backUpRepositories = (environment: Environment, now: () => Date = () => new Date()) => {
  const names = requireVariables(environment, 'installation', 'backupBucket', 'configPath', 'scratch');
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const secrets = secretsManager(clients.secrets(environment));
  const identity = awsIdentity(environment);
  const backups = s3Backups(clients.s3(environment), names.backupBucket);
  const log = functionLog('back-up-repositories', environment);

  /** One that cannot be backed up keeps no other from it; then the call fails, and comes again. */
  const work = async (event: unknown): Promise<readonly BackedUp[]> => {
    backUpEvent.parse(event);
    const current = await config();
    const outward = outwardOf(current.gitNetwork, { secrets, scratch: names.scratch });
    const except = new Set(backupOf(current)?.except);
    const done: BackedUp[] = [];
    const failed: string[] = [];
    for (const repository of current.repositories) {
      if (except.has(repository.name)) continue;
      try {
        const credential = readCredentialOf(repository, { secrets, identity, now, outward });
        const made = await backUpRepository(repository, { backups, credential, scratch: names.scratch, now });
        log.event('repository backed up', { repository: repository.name, ...made });
        done.push(made);
      } catch (error) {
        log.failure('repository not backed up', error, { repository: repository.name });
        failed.push(repository.name);
      }
    }
    if (failed.length > 0) throw new Error(`not backed up: ${failed.join(', ')}`);
    log.measure('BackupsComplete', 1);
    return done;
  };
  return orSmoke({ configuration: readsConfiguration(config), git: hasGit, ssh: hasSsh }, log.calls(work));
};

export const handler = onFirstCall((environment: Environment) => backUpRepositories(environment));
