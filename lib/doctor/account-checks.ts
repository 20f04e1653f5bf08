import { filterPolicyOf } from '../alerts/audience.ts';
import { eachAtOnce } from '../at-once/at-once.ts';
import { answerIn, type Read } from '../aws/account/reading.ts';
import * as clients from '../aws/clients.ts';
import { secretsManager } from '../aws/secrets.ts';
import type { EksCluster } from '../config/clusters.ts';
import type { Repository } from '../config/config.ts';
import { writeCredentialOf } from '../repository/credentials.ts';
import { isProposing } from '../uploads/delivering/proposal-host.ts';
import { judgeEksCluster } from './access-entry.ts';
import { judgeBranchRules, readRules, rulesAddress } from './branch-rules.ts';
import { judgeUploadBucket } from './bucket.ts';
import { judgeCaller, judgeClock, placesNamed } from './caller.ts';
import { bootstrapVersionParameter, DEFAULT_QUALIFIER, judgeCdkBootstrap } from './cdk-bootstrap.ts';
import { type Check, type Diagnosis, skipped } from './diagnosis.ts';
import { judgeGit } from './git.ts';
import { tryGit } from './git-tries.ts';
import { judgeNetworkQuota, type NetworkQuota, networkQuotas } from './network-quotas.ts';
import type { Patient } from './patient.ts';
import { judgePrivateWays } from './private-ways.ts';
import { lookAtProposals } from './proposals.ts';
import { countedQuotas, judgeConcurrency, judgeQuota, judgeRoles } from './quotas.ts';
import { addressesOf, handshake, judgeAddress } from './reachable-address.ts';
import { judgeSecret, secretsOf } from './secrets.ts';
import { judgeNode } from './versions.ts';

/** Calls of one check at once. */
const AT_ONCE = 4;

/** What is looked at before the first deploy, and again after it. */
export function accountChecks(patient: Patient): readonly Check[] {
  const { config, account, caller, deployed, now } = patient;
  const here = answerIn(caller);
  const when = deployed.kind === 'deployed' ? ('deployed' as const) : ('not-deployed' as const);
  const each = async <Item>(items: readonly Item[], look: (item: Item) => Promise<readonly Diagnosis[]>) =>
    (await eachAtOnce(items, AT_ONCE, look)).flat();
  const inAccount = (name: string, look: Check['look']): Check => ({
    name,
    look: here === undefined ? async () => [skipped('here', 'AWS is not reached')] : look,
  });
  const qualifier = config.aws.qualifier ?? DEFAULT_QUALIFIER;
  return [
    { name: 'credentials', look: async () => judgeCaller(caller, placesNamed(config)) },
    { name: 'clock', look: async () => judgeClock(caller) },
    { name: 'node', look: async () => [judgeNode(process.versions.node)] },
    inAccount('cdk-bootstrap', async () =>
      here === undefined
        ? []
        : judgeCdkBootstrap(await account.parameter(bootstrapVersionParameter(qualifier)), {
            qualifier,
            ...here,
          }),
    ),
    inAccount('secrets', () =>
      each(secretsOf(config), async (secret) => judgeSecret(secret, await account.secret(secret.id), now())),
    ),
    ...gitChecks(patient).map(({ name, look }) => inAccount(name, look)),
    ...proposalChecks(patient).map(({ name, look }) => inAccount(name, look)),
    inAccount('clusters', () => each(clustersOf(patient), (cluster) => lookAtCluster(patient, cluster))),
    inAccount('network', () =>
      each(clustersOf(patient), async ({ name: cluster, region, vpc }) =>
        vpc === undefined
          ? []
          : judgePrivateWays(
              { cluster, region, vpc: vpc.id, subnets: vpc.subnets, made: vpc.endpoints?.make ?? [] },
              await account.gateways(vpc.id),
              await account.routeTables(vpc.id, vpc.subnets),
              when,
            ),
      ),
    ),
    inAccount('quotas', async () => [
      ...judgeConcurrency(await account.concurrency()),
      ...judgeRoles(await account.roles(), when),
      ...(await each(
        countedQuotas(
          config.targets.length,
          config.audiences.filter(
            (audience) => 'address' in audience && filterPolicyOf(audience) !== undefined,
          ).length,
        ),
        async (quota) => judgeQuota(quota, await account.quotas(quota.service)),
      )),
      ...(await each(networkQuotas(config), async (quota) =>
        judgeNetworkQuota(
          quota,
          await takenOf(patient, quota),
          await account.quotas(quota.service),
          deployed.kind,
        ),
      )),
    ]),
    inAccount('bucket', async () => {
      const { uploadBucket } = config.aws.existing;
      const made = deployed.kind === 'deployed' ? deployed.addresses.get('upload-bucket') : undefined;
      if (uploadBucket !== undefined)
        return judgeUploadBucket(uploadBucket, await account.bucket(uploadBucket), 'existing');
      return made === undefined
        ? [skipped('upload bucket', 'the deploy makes it')]
        : judgeUploadBucket(made, await account.bucket(made), 'made');
    }),
    {
      name: 'addresses',
      look: () =>
        each(addressesOf(config), async (address) => [judgeAddress(address, await handshake(address.url))]),
    },
  ];
}

function takenOf({ account }: Patient, { counts }: NetworkQuota): Promise<Read<number>> {
  switch (counts.kind) {
    case 'vpcs':
      return account.vpcs();
    case 'gateway-endpoints':
      return account.gatewayEndpoints();
    case 'interfaces':
      return account.lambdaInterfaces(counts.vpc);
  }
}

/** A repository is asked once for each branch that targets have in it. */
function gitChecks({ config, targets, environment, now }: Patient): readonly Check[] {
  const parts = {
    secrets: secretsManager(clients.secrets(environment)),
    identity: clients.awsIdentity(environment),
    now,
  };
  const places = Map.groupBy(targets, ({ repository, branch }) => `${repository} ${branch}`);
  return [...places.values()].flatMap((own) => {
    const [target] = own;
    const repository = config.repositories.find(({ name }) => name === target?.repository);
    if (target === undefined || repository === undefined) return [];
    const writes = own.some(({ driftOnly }) => !driftOnly)
      ? ('delivered-to' as const)
      : ('drift-only' as const);
    const rules = (): Promise<readonly Diagnosis[]> => lookAtRules(repository, target.branch, parts);
    return [
      {
        name: 'git',
        look: async () => judgeGit(await tryGit(repository, target, writes, parts)),
      },
      ...(writes === 'drift-only' ? [] : [{ name: 'branch-rules', look: rules }]),
    ];
  });
}

/** The host of each target whose uploads are proposed. */
export function proposalChecks({
  config,
  targets,
  environment,
  now,
}: Pick<Patient, 'config' | 'targets' | 'environment' | 'now'>): readonly Check[] {
  const parts = { secrets: secretsManager(clients.secrets(environment)), environment, now };
  return targets.filter(isProposing).flatMap((target) => {
    const repository = config.repositories.find(({ name }) => name === target.repository);
    if (repository === undefined) return [];
    const look = async () => [await lookAtProposals(target, repository, parts)];
    return [{ name: 'pull-requests', look }];
  });
}

async function lookAtRules(
  repository: Repository,
  branch: string,
  parts: Parameters<typeof writeCredentialOf>[1],
): Promise<readonly Diagnosis[]> {
  const address = rulesAddress(repository, branch);
  if (address === undefined) return judgeBranchRules(repository, branch, 'no-such-host');
  const pass = await writeCredentialOf(repository, parts)
    ?.pass()
    .catch(() => undefined);
  try {
    return judgeBranchRules(repository, branch, await readRules(address, pass?.header));
  } finally {
    await pass?.close();
  }
}

/** The clusters of the targets that are looked at, each once. */
export function clustersOf({ targets }: Pick<Patient, 'targets'>): readonly EksCluster[] {
  const named = targets.flatMap(({ cluster }) =>
    cluster?.kind === 'eks'
      ? [[`${cluster.region} ${cluster.name} ${cluster.role ?? ''}`, cluster] as const]
      : [],
  );
  return [...new Map(named).values()];
}

async function lookAtCluster({ account }: Patient, cluster: EksCluster): Promise<readonly Diagnosis[]> {
  const { name, region, role, vpc } = cluster;
  if (role !== undefined)
    return [
      skipped(
        `EKS cluster ${name} in ${region}`,
        `it is in the account of ${role}: run this with credentials of that account, and a configuration that leaves out \`role\``,
      ),
    ];
  return judgeEksCluster(
    { name, region },
    await account.eksCluster({ name, region }),
    vpc === undefined ? 'in-no-vpc' : 'in-vpc',
  );
}
