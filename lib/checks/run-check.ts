import type { ObjectStore } from '../aws/objects.ts';
import type { Table } from '../aws/table.ts';
import { type Cluster, connect } from '../cluster/cluster.ts';
import { CannotConnect, type EksParts } from '../cluster/connection.ts';
import type { AwsCredentials } from '../cluster/eks-token.ts';
import type { ReachByRole } from '../cluster/in-another-account.ts';
import type { OpenapiCache } from '../cluster/openapi.ts';
import { writeProfile } from '../cluster/profile.ts';
import type { ClusterAddress } from '../config/config.ts';
import { sealingKey } from '../content/sealing-key.ts';
import { desiredKey, desiredState } from '../desired/state.ts';
import { readUnread } from '../desired/unread.ts';
import type { CheckRequest } from '../messages/messages.ts';
import { type CheckReport, checkTarget, unknownReport } from './check.ts';
import { type CheckConfig, readCheckConfig } from './check-config.ts';
import { tableMemory } from './memory.ts';
import type { Observation } from './observation.ts';
import { writeDue, writeNoCluster, writeVerdicts } from './verdict-items.ts';

const DESIRED_BYTES = 16 * 1024 * 1024;

export interface RunParts {
  readonly state: ObjectStore;
  readonly table: Table;
  readonly openapi: OpenapiCache;
  readonly credentials?: () => Promise<AwsCredentials>;
  /** For clusters of other accounts. */
  readonly reachByRole?: ReachByRole;
  readonly now: () => Date;
}

export type CheckOutcome =
  | { readonly kind: 'checked'; readonly observation: Observation; readonly config: CheckConfig }
  /** A newer desired state is on its way, or the target has no cluster, or has gone from the configuration. */
  | { readonly kind: 'dropped'; readonly reason: string };

/** One check as a message asks for it: reads what is needed, judges, and writes down what was seen. Tells nobody. */
export async function runCheck(request: CheckRequest, parts: RunParts): Promise<CheckOutcome> {
  const config = await readCheckConfig(parts.state, request.target);
  if (config === undefined) return dropped(`there is no target ${request.target}`);
  const { cluster: address } = config.target;
  if (address === undefined) {
    await writeNoCluster(parts.table, { ...request, at: parts.now().toISOString() });
    return dropped(`the target ${request.target} names no cluster: nothing is checked`);
  }
  if (await isOvertaken(request, parts.table)) return dropped('a newer desired state is known');
  const stored = await parts.state.get(desiredKey(request.desired), { maxBytes: DESIRED_BYTES });
  if (stored === undefined) return dropped('its desired state is not kept any more');
  const desired = desiredState.parse(JSON.parse(stored.body.toString('utf8')));

  const question = {
    target: config.target,
    desired,
    sequence: request.sequence,
    now: parts.now().toISOString(),
  };
  const report = await withCluster(address, config, parts, async (cluster) =>
    checkTarget(question, {
      ...parts,
      cluster,
      memory: tableMemory(parts.table, request.target),
      allSchemas: 'keep',
    }),
  );
  const {
    observation: seen,
    profile,
    next,
  } = 'observation' in report ? report : unknownReport(question, report);
  // Git was read for this check, or what it is held against may be old, and people hear why.
  const unread = request.readAt === undefined ? await readUnread(parts.table, request.target) : undefined;
  const observation = unread === undefined ? seen : withUnread(seen, unread);

  // Again, since a check takes a while: what was seen against an older tip must not be told after a newer one.
  if (await isOvertaken(request, parts.table)) return dropped('a newer desired state came meanwhile');
  if (profile !== undefined) await writeProfile(parts.state, profile);
  await writeVerdicts(parts.table, observation, request.readAt);
  await writeDue(parts.table, observation, next);
  return { kind: 'checked', observation, config };
}

async function withCluster(
  address: ClusterAddress,
  config: CheckConfig,
  parts: RunParts,
  check: (cluster: Cluster) => Promise<CheckReport>,
): Promise<CheckReport | { readonly reason: string }> {
  const way = await wayTo(address, config, parts);
  if ('reason' in way) return way;
  let cluster: Cluster;
  try {
    cluster = await connect(address, {
      sealing: await sealingKey(parts.state),
      openapi: parts.openapi,
      ...way,
    });
  } catch (error) {
    if (error instanceof CannotConnect) return { reason: error.message };
    throw error;
  }
  try {
    return await check(cluster);
  } finally {
    await cluster.close();
  }
}

/** Where an EKS cluster is and as whom it is read; nothing where a kubeconfig says both. */
async function wayTo(
  address: ClusterAddress,
  config: CheckConfig,
  { credentials, reachByRole }: RunParts,
): Promise<EksParts | { readonly reason: string }> {
  if (address.kind === 'eks' && address.role !== undefined) {
    if (reachByRole === undefined) return { reason: 'clusters of other accounts are not reached from here' };
    const reached = await reachByRole({ ...address, role: address.role }, config.installation);
    if (reached.kind === 'not-reached') return { reason: reached.reason };
    return { endpoint: reached.endpoint, credentials: async () => reached.credentials };
  }
  if (config.noEndpoint !== undefined) return { reason: config.noEndpoint };
  return {
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** What was seen stays seen; the target as a whole is `unknown`, unless its cluster did not answer either. */
const withUnread = (seen: Observation, reason: string): Observation => ({
  ...seen,
  scopes: seen.scopes.map((each) =>
    each.scope.kind === 'target' && each.state.kind !== 'unknown'
      ? { ...each, state: { kind: 'unknown', reason } }
      : each,
  ),
});

/** The newest desired state of the target has a higher sequence than the message. */
async function isOvertaken({ target, sequence }: CheckRequest, table: Table): Promise<boolean> {
  const newest = await table.get({ pk: `target#${target}`, sk: 'desired' });
  return typeof newest?.sequence === 'number' && newest.sequence > sequence;
}

const dropped = (reason: string): CheckOutcome => ({ kind: 'dropped', reason });
