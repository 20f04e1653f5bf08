import * as z from 'zod';
import type { Problem } from './contradictions.ts';

/** As much of a cluster as contradicts another; what is malformed counts as not said. */
const text = z.string().optional().catch(undefined);
const cluster = z
  .object({
    kind: text,
    name: text,
    region: text,
    access: text.transform((given) => given ?? 'group'),
    role: text,
    vpc: z.looseObject({ id: text }).optional().catch(undefined),
  })
  .optional()
  .catch(undefined);
const outline = z
  .object({
    targets: z.array(z.object({ cluster, auditLog: z.unknown().optional() }).catch({})).catch([]),
  })
  .catch({ targets: [] });
type Cluster = NonNullable<z.output<typeof cluster>>;
type Vpc = NonNullable<Cluster['vpc']>;

/** Their queues are named in the environment of `read-desired`, which holds 4 KB. */
const VPCS = 10;

/** Where clusters contradict each other, or cannot be reached from one installation. */
export function clusterProblems(input: unknown): readonly Problem[] {
  const targets = outline.parse(input).targets.map(({ cluster, auditLog }) => ({
    cluster: cluster?.kind === 'eks' ? cluster : undefined,
    auditLog,
  }));
  const clusters = targets.map(({ cluster }) => cluster);
  return [
    ...clusters.flatMap((own, index) => [
      ...elsewhereAndPrivate(own, index),
      ...otherRegion(own, index, clusters),
      ...otherThanBefore(own, index, clusters),
      ...otherVpc(own, index, clusters),
    ]),
    ...targets.flatMap(({ cluster, auditLog }, index) =>
      cluster?.role === undefined || auditLog === undefined || auditLog === false
        ? []
        : [at(index, 'auditLog', 'the audit log of a cluster in another account is not read: leave it out')],
    ),
    ...tooManyVpcs(clusters),
  ];
}

type Clusters = readonly (Cluster | undefined)[];

const INSTALLATION_THERE =
  'put an installation there, with this target, and audiences that are told by both (docs/clusters.md)';

/** A function stands in no VPC of another account. */
const elsewhereAndPrivate = (own: Cluster | undefined, index: number): Problem[] =>
  own?.vpc === undefined || own.role === undefined
    ? []
    : [
        at(
          index,
          'cluster',
          `it has a role in another account and a vpc: a private endpoint is not reached from another account; ${INSTALLATION_THERE}`,
        ),
      ];

/** A function stands in no VPC of another region: all that are private are in one, the installation's. */
function otherRegion(own: Cluster | undefined, index: number, clusters: Clusters): Problem[] {
  const first = clusters.find((one) => one?.vpc !== undefined && one.region !== undefined);
  if (own?.vpc === undefined || own.region === undefined || first?.region === own.region) return [];
  return [
    at(
      index,
      'cluster',
      `its endpoint is private and in ${own.region}, another's is private and in ${first?.region}: one installation stands in one region; ${INSTALLATION_THERE}`,
    ),
  ];
}

/** One cluster has one access entry and one way to it. */
function otherThanBefore(own: Cluster | undefined, index: number, clusters: Clusters): Problem[] {
  if (own?.name === undefined) return [];
  const before = clusters.findIndex(
    (one) => one?.name === own.name && one?.region === own.region && one?.role === own.role,
  );
  const first = clusters[before];
  if (before === index || first === undefined) return [];
  const differs = (['access', 'vpc'] as const).filter(
    (entry) => JSON.stringify(first[entry]) !== JSON.stringify(own[entry]),
  );
  return differs.map((entry) =>
    at(index, 'cluster', `it is the cluster of targets[${before}]: give both the same ${entry}`),
  );
}

/** One check function stands in a VPC, in one place. */
function otherVpc(own: Cluster | undefined, index: number, clusters: Clusters): Problem[] {
  if (own?.vpc?.id === undefined) return [];
  const before = clusters.findIndex((one) => one?.vpc?.id === own.vpc?.id);
  const first = clusters[before]?.vpc;
  if (first === undefined || placeOf(first) === placeOf(own.vpc)) return [];
  return [
    at(
      index,
      'cluster',
      `${own.vpc.id} is the vpc of targets[${before}], too, where one check function stands for both: give both the same subnets, securityGroup and endpoints`,
    ),
  ];
}

const placeOf = ({ clusterSecurityGroup: _, ...place }: Vpc): string =>
  JSON.stringify(Object.entries(place).sort(([a], [b]) => (a < b ? -1 : 1)));

function tooManyVpcs(clusters: Clusters): Problem[] {
  const vpcs = new Set(clusters.flatMap((own) => own?.vpc?.id ?? []));
  return vpcs.size <= VPCS
    ? []
    : [
        {
          path: ['targets'],
          message: `their private clusters are in ${vpcs.size} VPCs; one installation stands in at most ${VPCS}`,
        },
      ];
}

const at = (index: number, entry: 'cluster' | 'auditLog', message: string): Problem => ({
  path: ['targets', index, entry],
  message,
});
