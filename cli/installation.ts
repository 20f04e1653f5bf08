import * as clients from '../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../lib/aws/environment.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { ADDRESSES, addressesPath } from '../lib/config/addresses.ts';
import { DATA_FOLDER, findConnection, quote } from '../local/connection.ts';
import { refusal } from './aws-errors.ts';
import { UsageError } from './command.ts';

export { INSTALLATION_OPTIONS } from './installation-options.ts';

export interface InstallationNamed {
  readonly installation?: string | undefined;
  readonly bucket?: string | undefined;
  readonly data: string;
}

/** As local/configuration.ts calls the one that runs here. */
const LOCAL = 'local';

/** Where an installation is, as far as it is known. */
export interface FoundInstallation {
  readonly where: 'local installation' | 'AWS';
  /** What it is called; undefined where only its parts were named. */
  readonly name: string | undefined;
  readonly environment: Environment;
  readonly bucket: string;
  readonly table: string | undefined;
  readonly receiveQueue: string | undefined;
  /** Where a check is asked for. */
  readonly readQueue: string | undefined;
  /** What lies there: which targets there are, and the report of each alert. */
  readonly stateBucket: string | undefined;
  /** What to write behind another command so that it speaks to the same one. */
  readonly options: string;
}

/**
 * What was named goes first, then the local installation that runs here, then the environment.
 * @throws UsageError if there is none of these; Unavailable if its addresses cannot be read
 */
export async function findInstallation(named: InstallationNamed): Promise<FoundInstallation> {
  if (named.installation !== undefined) return ofParameters(named.installation);
  if (named.bucket !== undefined) {
    const options = ` --bucket ${quote(named.bucket)}`;
    return ofEnvironment('AWS', { ...process.env, [VARIABLES.uploadBucket]: named.bucket }, options);
  }
  const local = await findConnection(named.data);
  if (local !== undefined) {
    const options = named.data === DATA_FOLDER ? '' : ` --data ${quote(named.data)}`;
    return ofEnvironment('local installation', local.environment, options);
  }
  if (process.env[VARIABLES.uploadBucket]) return ofEnvironment('AWS', process.env, '');
  const { FAIRLEAD_INSTALLATION: name } = process.env;
  if (name) return ofParameters(name);
  throw new UsageError(
    `no local installation runs on ${named.data}, and none in AWS is named: start one with "npm start", or give --installation or --bucket and AWS credentials`,
  );
}

function ofEnvironment(
  where: FoundInstallation['where'],
  environment: Environment,
  options: string,
): FoundInstallation {
  return {
    where,
    name: where === 'local installation' ? LOCAL : environment.FAIRLEAD_INSTALLATION || undefined,
    environment,
    bucket: environment[VARIABLES.uploadBucket] ?? '',
    table: environment[VARIABLES.table] || undefined,
    receiveQueue: environment[VARIABLES.receiveQueue] || undefined,
    readQueue: environment[VARIABLES.readQueue] || undefined,
    stateBucket: environment[VARIABLES.stateBucket] || undefined,
    options,
  };
}

async function ofParameters(name: string): Promise<FoundInstallation> {
  const path = addressesPath(name);
  const found = await ssmParameters(clients.ssm(process.env))
    .below(path)
    .catch((error: unknown) => {
      throw refusal(error, { action: 'ssm:GetParametersByPath', on: `parameter${path}` });
    });
  const bucket = found.get(ADDRESSES.uploadBucket);
  if (bucket === undefined) {
    throw new UsageError(
      `there is no installation "${name}" in this account and region: SSM has no parameters below ${path}`,
    );
  }
  return {
    where: 'AWS',
    name,
    environment: process.env,
    bucket,
    table: found.get(ADDRESSES.table),
    receiveQueue: found.get(ADDRESSES.receiveQueue),
    readQueue: found.get(ADDRESSES.readQueue),
    stateBucket: found.get(ADDRESSES.stateBucket),
    options: ` --installation ${quote(name)}`,
  };
}
