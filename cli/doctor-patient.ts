import { access } from 'node:fs/promises';
import { readStandings } from '../lib/alerts/standing.ts';
import { awsAccount } from '../lib/aws/account/aws-account.ts';
import * as clients from '../lib/aws/clients.ts';
import { VARIABLES } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { CannotConnect, openConnection } from '../lib/cluster/connection.ts';
import { ADDRESSES, addressesPath } from '../lib/config/addresses.ts';
import { type Config, ConfigError, type Target } from '../lib/config/config.ts';
import { configPath, fromParameters } from '../lib/config/parameters.ts';
import { accountChecks, proposalChecks } from '../lib/doctor/account-checks.ts';
import { type ClusterPatient, clusterCheck } from '../lib/doctor/cluster-checks.ts';
import { deployedChecks } from '../lib/doctor/deployed-checks.ts';
import type { Check } from '../lib/doctor/diagnosis.ts';
import { judgeGit } from '../lib/doctor/git.ts';
import { tryGit } from '../lib/doctor/git-tries.ts';
import type { Deployed, Patient } from '../lib/doctor/patient.ts';
import { judgeVerdictAge } from '../lib/doctor/standing.ts';
import { judgeNode } from '../lib/doctor/versions.ts';
import { CONFIG_PATH } from '../local/config-path.ts';
import { readConfiguration } from '../local/configuration.ts';
import { type Connection, findConnection } from '../local/connection.ts';
import { UsageError } from './command.ts';
import { nearest } from './nearest.ts';

export const DEFAULT_CONFIG = 'fairlead.config.ts';

export interface DoctorAsked {
  readonly installation: string | undefined;
  readonly config: string | undefined;
  readonly data: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly targets: readonly string[];
}

export interface Examined {
  readonly title: string;
  readonly installation: string;
  readonly checks: readonly Check[];
}

/**
 * Whom it is about: what was named, else the local installation that runs here, else the configuration of this folder.
 * @throws UsageError if there is none of these
 */
export async function patientOf(asked: DoctorAsked, version: string): Promise<Examined> {
  const local =
    asked.installation === undefined && asked.config === undefined
      ? await findConnection(asked.data)
      : undefined;
  return local === undefined ? await inAws(asked, version) : await onThisMachine(asked, local);
}

/** The configuration from its file, else from what is deployed under that name. */
export async function configurationOf({
  installation,
  config,
}: Pick<DoctorAsked, 'installation' | 'config'>): Promise<
  { readonly config: Config; readonly from: Patient['from'] } | undefined
> {
  const file = config ?? DEFAULT_CONFIG;
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (config !== undefined || isThere) {
    const read = await readConfiguration(file).catch((error: unknown) => {
      throw error instanceof ConfigError ? new UsageError(error.message) : error;
    });
    if (installation === undefined || installation === read.installation)
      return { config: read, from: 'file' };
    if (config !== undefined)
      throw new UsageError(`${file} is of the installation "${read.installation}", not "${installation}"`);
  }
  if (installation === undefined) return undefined;
  const path = configPath(installation);
  const found = await ssmParameters(clients.ssm(process.env)).below(path);
  if (found.size === 0)
    throw new UsageError(
      `there is no installation "${installation}" in this account and region: SSM has no parameters below ${path}. Before the first deploy, name its file: --config FILE`,
    );
  return { config: fromParameters(found, path), from: 'what-is-deployed' };
}

async function inAws(asked: DoctorAsked, version: string): Promise<Examined> {
  const found = await configurationOf({
    ...asked,
    installation:
      asked.installation ?? (asked.config === undefined ? process.env[VARIABLES.installation] : undefined),
  });
  if (found === undefined)
    throw new UsageError(
      `there is no ${DEFAULT_CONFIG} here, and no local installation runs on ${asked.data}: give --config FILE or --installation NAME`,
    );
  const { config, from } = found;
  const environment = process.env;
  const account = awsAccount(environment);
  const caller = await account.caller();
  const deployed: Deployed =
    caller.kind === 'read'
      ? await deployedOf(config.installation, account)
      : { kind: 'not-known', why: 'AWS is not reached' };
  const patient: Patient = {
    config,
    targets: targetsOf(config, asked.targets),
    from,
    account,
    environment,
    caller,
    deployed,
    version,
    now: () => new Date(),
  };
  const kept = keptBy(deployed, environment);
  return {
    installation: config.installation,
    title: `Installation "${config.installation}", ${from === 'file' ? `from ${asked.config ?? DEFAULT_CONFIG}` : 'as it is deployed'}; ${
      deployed.kind === 'deployed'
        ? 'deployed'
        : deployed.kind === 'not-deployed'
          ? 'not deployed yet'
          : `whether it is deployed is not known (${deployed.why})`
    }`,
    checks: [
      ...accountChecks(patient),
      ...patient.targets.flatMap((target) => clusterOf(target, patient, asked, kept)),
      ...deployedChecks(patient),
    ],
  };
}

async function deployedOf(installation: string, account: Patient['account']): Promise<Deployed> {
  const addresses = await account.parametersBelow(addressesPath(installation));
  switch (addresses.kind) {
    case 'read':
      return addresses.value.size === 0
        ? { kind: 'not-deployed' }
        : { kind: 'deployed', addresses: addresses.value };
    case 'absent':
      return { kind: 'not-deployed' };
    case 'denied':
      return { kind: 'not-known', why: `you may not: it needs ${addresses.action}` };
    case 'failed':
      return { kind: 'not-known', why: `${addresses.action} gave no answer (${addresses.reason})` };
  }
}

function keptBy(deployed: Deployed, environment: Patient['environment']): ClusterPatient['kept'] {
  if (deployed.kind !== 'deployed') return undefined;
  const [table, state] = [ADDRESSES.table, ADDRESSES.stateBucket].map((name) => deployed.addresses.get(name));
  return table === undefined || state === undefined
    ? undefined
    : {
        table: dynamoTable(clients.dynamodb(environment), table),
        state: s3Store(clients.s3(environment), state),
      };
}

function clusterOf(
  target: Target,
  { config, account, environment, caller }: Patient,
  asked: DoctorAsked,
  kept: ClusterPatient['kept'],
): readonly Check[] {
  const { cluster } = target;
  const repository = config.repositories.find(({ name }) => name === target.repository);
  if (cluster?.kind !== 'eks' || repository === undefined) return [];
  const place = { name: cluster.name, region: cluster.region };
  const kubeconfig = kubeconfigOf(asked);
  return [
    clusterCheck({
      target,
      repository,
      kept,
      capabilities: async () => {
        const read = cluster.role === undefined ? await account.capabilities(place) : undefined;
        return read?.kind === 'read' ? read.value : undefined;
      },
      async connect() {
        if (kubeconfig !== undefined) return await connected(() => openConnection(kubeconfig));
        if (caller.kind !== 'read') return { kind: 'none', why: 'AWS is not reached' };
        if (cluster.role !== undefined)
          return { kind: 'none', why: 'it is in another account: give --kubeconfig FILE' };
        const read = await account.eksCluster(place);
        if (
          read.kind !== 'read' ||
          read.value.endpoint === undefined ||
          read.value.certificateAuthority === undefined
        )
          return { kind: 'none', why: 'its endpoint is not known' };
        const { endpoint: url, certificateAuthority } = read.value;
        return await connected(() =>
          openConnection(cluster, {
            endpoint: { url, certificateAuthority },
            credentials: clients.awsIdentity(environment),
          }),
        );
      },
    }),
  ];
}

const kubeconfigOf = ({ kubeconfig, context }: DoctorAsked) =>
  kubeconfig === undefined
    ? undefined
    : { kind: 'kubeconfig' as const, path: kubeconfig, ...(context === undefined ? {} : { context }) };

async function connected(
  open: () => ReturnType<typeof openConnection>,
): ReturnType<ClusterPatient['connect']> {
  try {
    return { kind: 'way', connection: await open() };
  } catch (error) {
    if (error instanceof CannotConnect) return { kind: 'none', why: error.message };
    throw error;
  }
}

function targetsOf({ targets }: Config, names: readonly string[]): readonly Target[] {
  if (names.length === 0) return targets;
  return names.map((name) => {
    const found = targets.find((target) => target.name === name);
    if (found !== undefined) return found;
    const known = targets.map((target) => target.name);
    const meant = nearest(name, known);
    throw new UsageError(
      `there is no target "${name}"${meant === undefined ? `; there are: ${known.join(', ')}` : `: did you mean ${meant}?`}`,
    );
  });
}

/** What makes sense where everything is on one machine: its parts, its Git, its cluster, its checks. */
async function onThisMachine(asked: DoctorAsked, local: Connection): Promise<Examined> {
  const { environment } = local;
  const config = fromParameters(
    await ssmParameters(clients.ssm(environment)).below(CONFIG_PATH),
    CONFIG_PATH,
  );
  const targets = targetsOf(config, asked.targets);
  const table = dynamoTable(clients.dynamodb(environment), environment[VARIABLES.table] ?? '');
  const state = s3Store(clients.s3(environment), environment[VARIABLES.stateBucket] ?? '');
  const now = () => new Date();
  const parts = { secrets: secretsManager(clients.secrets(environment)), now };
  return {
    installation: config.installation,
    title: `The local installation on ${asked.data}`,
    checks: [
      { name: 'node', look: async () => [judgeNode(process.versions.node)] },
      ...targets.flatMap((target): Check[] => {
        const repository = config.repositories.find(({ name }) => name === target.repository);
        if (repository === undefined) return [];
        const { cluster } = target;
        return [
          {
            name: 'git',
            look: async () =>
              judgeGit(
                await tryGit(repository, target, target.driftOnly ? 'drift-only' : 'delivered-to', parts),
              ),
          },
          ...(cluster?.kind === 'kubeconfig'
            ? [
                clusterCheck({
                  target,
                  repository,
                  kept: { table, state },
                  connect: () => connected(() => openConnection(kubeconfigOf(asked) ?? cluster)),
                }),
              ]
            : []),
        ];
      }),
      ...proposalChecks({ config, targets, environment, now }),
      {
        name: 'verdicts',
        look: async () =>
          (
            await readStandings(table, { installation: config.installation, targets: [...targets] }, now())
          ).map((standing) =>
            judgeVerdictAge({
              ...standing,
              checkEveryMinutes: targets.find(({ name }) => name === standing.target)?.checkEveryMinutes ?? 0,
            }),
          ),
      },
    ],
  };
}
