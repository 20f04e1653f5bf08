import { join } from 'node:path';
import { tellContextOf, tellObservation } from '../lib/alerts/tell.ts';
import * as clients from '../lib/aws/clients.ts';
import { awsIdentity } from '../lib/aws/clients.ts';
import { describeCluster } from '../lib/aws/eks.ts';
import { type Environment, onFirstCall, requireVariables, VARIABLES } from '../lib/aws/environment.ts';
import { lambdaFunction } from '../lib/aws/functions.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { readsConfiguration, readsRecord } from '../lib/aws/probes.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { secretsManager } from '../lib/aws/secrets.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import { type FoundEndpoint, knownEndpoint, writeCheckConfig } from '../lib/checks/check-config.ts';
import { capabilitiesOf, readProfile } from '../lib/cluster/profile.ts';
import type { Target } from '../lib/config/config.ts';
import { configReader } from '../lib/config/parameters.ts';
import { outsideCharts } from '../lib/desired/outside/outside-charts.ts';
import { remoteRender } from '../lib/desired/remote-render.ts';
import { requestCheck } from '../lib/desired/request-check.ts';
import { unreadTarget } from '../lib/desired/unread.ts';
import { checkQueueOf, readPrivateCheckQueues } from '../lib/messages/check-queues.ts';
import {
  type CheckRequest,
  type QueueAnswer,
  type ReadRequest,
  readRequest,
} from '../lib/messages/messages.ts';
import { orSmoke } from '../lib/messages/smoke.ts';
import { workOff } from '../lib/messages/work-off.ts';
import { outwardOf } from '../lib/outward/outward.ts';
import { openClone } from '../lib/repository/clone.ts';
import { readCredentialOf } from '../lib/repository/credentials.ts';
import { hasGit, hasSsh } from '../lib/repository/probes.ts';

/** Reads what a target's branch declares, and asks for a check of it. */
export const readDesired = (environment: Environment) => {
  const names = requireVariables(
    environment,
    'table',
    'contentBucket',
    'stateBucket',
    'checkQueue',
    'doorbellQueue',
    'renderFunction',
    'configPath',
    'scratch',
  );
  const config = configReader(ssmParameters(clients.ssm(environment)), names.configPath);
  const secrets = secretsManager(clients.secrets(environment));
  const identity = awsIdentity(environment);
  const s3 = clients.s3(environment);
  const sqs = clients.sqs(environment);
  const state = s3Store(s3, names.stateBucket);
  const parts = {
    content: s3Store(s3, names.contentBucket),
    state,
    table: dynamoTable(clients.dynamodb(environment), names.table),
    doorbells: sqsQueue(sqs, names.doorbellQueue),
    render: remoteRender(lambdaFunction(clients.lambda(environment), names.renderFunction)),
    now: () => new Date(),
  };

  const inVpcs = readPrivateCheckQueues(environment[VARIABLES.privateCheckQueues]);

  const log = functionLog('read-desired', environment);

  /** What passes hides nothing: the cluster is still where it was. In another account, check-drift asks by itself. */
  const endpointOf = async ({ name, cluster }: Target): Promise<FoundEndpoint | undefined> => {
    if (cluster?.kind !== 'eks' || cluster.role !== undefined) return undefined;
    const described = await describeCluster(clients.eks(environment, cluster.region), cluster);
    if (described.kind === 'described')
      return described.reachable === 'in-its-vpc' && cluster.vpc === undefined
        ? { kind: 'no-endpoint', reason: privateWithoutVpc(cluster) }
        : { kind: 'endpoint', endpoint: described.endpoint };
    const { why, reason } = described;
    log.event('the cluster could not be looked up', { kind: why, why: reason });
    const before = why === 'passing' ? await knownEndpoint(state, name, cluster) : undefined;
    return before === undefined ? { kind: 'no-endpoint', reason } : { kind: 'endpoint', endpoint: before };
  };

  const read = async (request: ReadRequest): Promise<void> => {
    const current = await config();
    const target = current.targets.find(({ name }) => name === request.target);
    const repository = current.repositories.find(({ name }) => name === target?.repository);
    // A target that was taken out of the configuration meanwhile: nothing is left to read.
    if (target === undefined || repository === undefined) return;

    await writeCheckConfig(state, current, target.name, await endpointOf(target));
    const outward = outwardOf(current.gitNetwork, { secrets, scratch: names.scratch });
    const clone = await openClone({
      url: repository.url,
      branch: target.branch,
      credential: readCredentialOf(repository, { secrets, identity, now: parts.now, outward }),
      folder: join(names.scratch, 'clones', `${repository.name}-${encodeURIComponent(target.branch)}.git`),
    });
    const profile = await readProfile(state, target.name);
    const capabilities = capabilitiesOf(profile, target);
    const requested = await requestCheck(target, {
      ...parts,
      checks: sqsQueue<CheckRequest>(sqs, checkQueueOf(target, names.checkQueue, inVpcs)),
      clone,
      capabilities,
      ...(profile?.applied === undefined ? {} : { applied: profile.applied }),
      ...(profile?.maps === undefined ? {} : { clusterMaps: profile.maps }),
      repositoryUrl: repository.url,
      outside: outsideCharts({
        sources: current.chartSources,
        others: 'refused',
        content: parts.content,
        secrets,
        outward,
      }),
    });
    if (requested.kind !== 'no-access') {
      log.event('desired state read', { because: request.because, ...requested });
      return;
    }
    const { reason, checked } = requested;
    log.event('the repository does not let us in', { why: reason, checked });
    if (checked === 'newest-known') return;
    // No check tells of it: what is declared was never read.
    await tellObservation(
      parts.table,
      unreadTarget(target.name, reason, parts.now()),
      tellContextOf({ target, repository, installation: current.installation, severity: current.severity }),
      parts.now,
    );
  };

  const probes = {
    configuration: readsConfiguration(config),
    record: readsRecord(parts.table),
    git: hasGit,
    ssh: hasSsh,
  };
  return orSmoke(
    probes,
    log.calls((event): Promise<QueueAnswer> => workOff(event, readRequest, log, read)),
  );
};

const privateWithoutVpc = ({ name, region }: { readonly name: string; readonly region: string }): string =>
  `the endpoint of the EKS cluster ${name} in ${region} is private: give the target's cluster its vpc in the configuration, or put an installation into that region (docs/clusters.md)`;

export const handler = onFirstCall(readDesired);
