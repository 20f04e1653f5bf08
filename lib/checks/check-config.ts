import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import {
  type Config,
  ConfigError,
  parsePart,
  type Repository,
  type SeverityRule,
  type Target,
} from '../config/config.ts';

/**
 * What a check has to know, kept in the state bucket: `check-drift` in a private VPC reaches nothing else.
 * Written by `read-desired`, which also asks AWS where an EKS cluster is. Holds no secret and names none.
 */
const BYTES = 256 * 1024;

/** Where an EKS cluster is, as `DescribeCluster` says it. */
const endpoint = z.object({
  url: z.url({ protocol: /^https$/ }),
  /** PEM in base64. */
  certificateAuthority: z.string(),
});
export type ClusterEndpoint = z.output<typeof endpoint>;

const document = z.object({
  schema: z.literal(1),
  config: z.unknown(),
  endpoint: endpoint.optional(),
  noEndpoint: z.string().optional(),
});

export interface CheckConfig {
  readonly installation: string;
  readonly target: Target;
  readonly repository: Repository;
  /** The first that matches a finding decides. */
  readonly severity: readonly SeverityRule[];
  /** Of an EKS cluster. */
  readonly endpoint?: ClusterEndpoint;
  /** Why AWS does not say where the cluster is: nothing of it can be judged. In words for people. */
  readonly noEndpoint?: string;
}

export type FoundEndpoint =
  | { readonly kind: 'endpoint'; readonly endpoint: ClusterEndpoint }
  | { readonly kind: 'no-endpoint'; readonly reason: string };

const keyOf = (target: string): string => `config/checks/${target}.json`;

/** Writes what a check of `target` needs, without audiences and credentials. */
export async function writeCheckConfig(
  state: ObjectStore,
  config: Config,
  target: string,
  found?: FoundEndpoint,
): Promise<void> {
  const entry = config.targets.find(({ name }) => name === target);
  const repository = config.repositories.find(({ name }) => name === entry?.repository);
  if (entry === undefined || repository === undefined) throw new Error(`there is no target ${target}`);
  const { name, url } = repository;
  const { installation, severity } = config;
  const narrowed = { installation, severity, repositories: [{ name, url }], targets: [entry] };
  const where =
    found?.kind === 'endpoint' ? { endpoint: found.endpoint } : found && { noEndpoint: found.reason };
  const text = JSON.stringify({ schema: 1, config: narrowed, ...where });
  await state.put(keyOf(target), text, 'application/json');
}

/** @throws ConfigError or ZodError if what is kept is not that */
export async function readCheckConfig(state: ObjectStore, target: string): Promise<CheckConfig | undefined> {
  const stored = await state.get(keyOf(target), { maxBytes: BYTES });
  if (stored === undefined) return undefined;
  const { config, endpoint: found, noEndpoint } = document.parse(JSON.parse(stored.body.toString('utf8')));
  const parsed = parsePart(config, keyOf(target));
  const [entry] = parsed.targets;
  const [repository] = parsed.repositories;
  if (entry === undefined || repository === undefined) return undefined;
  return {
    installation: parsed.installation,
    target: entry,
    repository,
    severity: parsed.severity,
    ...(found === undefined ? {} : { endpoint: found }),
    ...(noEndpoint === undefined ? {} : { noEndpoint }),
  };
}

/** Where the cluster was when AWS last said it, if the configuration still means the same one. */
export async function knownEndpoint(
  state: ObjectStore,
  target: string,
  { name, region }: { readonly name: string; readonly region: string },
): Promise<ClusterEndpoint | undefined> {
  let known: CheckConfig | undefined;
  try {
    known = await readCheckConfig(state, target);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof z.ZodError) return undefined;
    throw error;
  }
  const cluster = known?.target.cluster;
  return cluster?.kind === 'eks' && cluster.name === name && cluster.region === region
    ? known?.endpoint
    : undefined;
}
