import { eachAtOnce } from '../at-once/at-once.ts';
import type { Capability } from '../aws/account/account.ts';
import type { ObjectStore } from '../aws/objects.ts';
import type { Table } from '../aws/table.ts';
import { bootstrapDocuments } from '../bootstrap/bootstrap.ts';
import { resourceOf } from '../bootstrap/grants.ts';
import { readRender } from '../checks/renders.ts';
import type { Connection } from '../cluster/connection.ts';
import { type Discovery, discover } from '../cluster/discovery.ts';
import { type Reader, readerOf } from '../cluster/reader.ts';
import type { Repository, Target } from '../config/config.ts';
import { readNewest } from '../desired/sequence.ts';
import { desiredKey, desiredState } from '../desired/state.ts';
import { groupOf, isJsonObject, type KubernetesObject } from '../objects/objects.ts';
import { deployerNamespace } from '../repository/layout.ts';
import { judgeDeployer } from './deployer.ts';
import { type Check, type Diagnosis, ok, skipped, warning, wrong } from './diagnosis.ts';
import { type Right, reviewAsCheck } from './in-cluster.ts';
import { judgeBootstrapObjects, judgeReviews, type SeenObject } from './rights-in-cluster.ts';
import { judgeKubernetes } from './versions.ts';

export interface ClusterPatient {
  readonly target: Target;
  readonly repository: Pick<Repository, 'url' | 'readCredential'>;
  /** As whoever runs this; or why there is no way into the cluster from here. */
  connect(): Promise<
    | { readonly kind: 'way'; readonly connection: Connection }
    | { readonly kind: 'none'; readonly why: string; readonly mend?: string }
  >;
  /** What AWS runs in the cluster's name; undefined where that is not asked. */
  capabilities?(): Promise<readonly Capability[] | undefined>;
  /** Where what Git declares is kept; undefined before anything is deployed. */
  readonly kept?: { readonly table: Table; readonly state: ObjectStore } | undefined;
}

const AT_ONCE = 6;
/** Renders that are read to know which kinds a target declares. */
const RENDERS = 300;

/** Where a target declares nothing yet: what ordinary charts hold. */
const ORDINARY: readonly (readonly [group: string, resource: string])[] = [
  ['', 'configmaps'],
  ['', 'services'],
  ['', 'serviceaccounts'],
  ['apps', 'deployments'],
  ['apps', 'statefulsets'],
  ['batch', 'jobs'],
  ['networking.k8s.io', 'ingresses'],
  ['rbac.authorization.k8s.io', 'roles'],
];

/** What is looked at inside a cluster, by who runs this, for one target. */
export function clusterCheck(patient: ClusterPatient): Check {
  return { name: 'cluster', look: () => look(patient) };
}

async function look(patient: ClusterPatient): Promise<readonly Diagnosis[]> {
  const { target } = patient;
  const where = `target ${target.name}, cluster`;
  const way = await patient.connect();
  if (way.kind === 'none')
    return [way.mend === undefined ? skipped(where, way.why) : wrong(where, way.why, way.mend)];
  const reader = readerOf(way.connection);
  try {
    const version = await reader.get('/version');
    if (version.kind !== 'read')
      return [
        warning(
          where,
          `it is not reached from here: ${version.reason}`,
          'Run this where its endpoint is reached. Whether check-drift reaches it, the newest verdict says',
        ),
      ];
    if (version.status !== 200)
      return [
        skipped(
          where,
          `it does not let you in (${version.status}): what is inside is looked at with an access entry or a kubeconfig of your own`,
        ),
      ];
    const discovered = await discover(reader);
    const inside = discovered.kind === 'answered' ? discovered.value : undefined;
    return [
      judgeKubernetes(where, String(fieldOf(version.text, 'gitVersion'))),
      ...(inside === undefined
        ? [skipped(where, 'what it serves could not be read')]
        : [...(await deployer(patient, reader, inside)), ...(await rights(patient, way.connection, inside))]),
      ...(await bootstrapped(patient, reader)),
    ];
  } finally {
    reader.close();
  }
}

const fieldOf = (text: string, name: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
};

async function deployer(
  { target, capabilities }: ClusterPatient,
  reader: Reader,
  { kinds }: Discovery,
): Promise<readonly Diagnosis[]> {
  if (target.deployer === 'none') return [];
  const groups = new Set(kinds.map(({ apiVersion }) => apiVersion.split('/')[0] ?? ''));
  const home = target.deployer === 'flux' ? 'flux-system' : target.argocdNamespace;
  return judgeDeployer(target, {
    groups,
    controllers: await controllersIn(reader, home),
    capabilities: await capabilities?.(),
  });
}

/** Deployments and StatefulSets of a namespace, with what comes after the colon of their first image. */
async function controllersIn(
  reader: Reader,
  namespace: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const found = new Map<string, string>();
  for (const resource of ['deployments', 'statefulsets']) {
    const reading = await reader.get(`/apis/apps/v1/namespaces/${namespace}/${resource}?limit=100`);
    if (reading.kind !== 'read' || reading.status !== 200) return undefined;
    const items = fieldOf(reading.text, 'items');
    for (const item of Array.isArray(items) ? (items as readonly KubernetesObject[]) : []) {
      const image = JSON.stringify(item.spec ?? {}).match(
        /"image":"[^"]*?:([\w][\w.-]{0,127})(?:@[^"]*)?"/,
      )?.[1];
      found.set(String(item.metadata?.name ?? ''), image ?? 'of no version');
    }
  }
  return found;
}

async function rights(
  patient: ClusterPatient,
  connection: Connection,
  inside: Discovery,
): Promise<readonly Diagnosis[]> {
  const { target, repository } = patient;
  const where = `target ${target.name}, rights of the check`;
  const { wanted, from } = await wantedRights(patient, inside);
  const [first] = wanted;
  if (first === undefined) return [skipped(where, 'nothing is declared')];
  const asked = await reviewAsCheck(connection, first);
  if (asked.kind === 'may-not-ask')
    return [
      skipped(
        where,
        `you may not ask as the group of the check (${asked.status}: "impersonate" on users and groups): instead its roles are held against what bootstrap prints, below`,
      ),
    ];
  const reviews = await eachAtOnce(wanted, AT_ONCE, async (right) => ({
    right,
    reviewed: await reviewAsCheck(connection, right),
  }));
  const documents = bootstrapDocuments({ target, repository, secrets: 'no-secrets' });
  return [
    ...judgeReviews(target, reviews, documents),
    ...(from === 'ordinary-kinds'
      ? [skipped(where, 'what Git declares is not known yet: the kinds of ordinary charts were asked for')]
      : []),
  ];
}

async function wantedRights(
  { target, kept }: ClusterPatient,
  inside: Discovery,
): Promise<{ readonly wanted: readonly Right[]; readonly from: 'git' | 'ordinary-kinds' }> {
  const own: Right[] =
    target.driftOnly || target.deployer === 'none'
      ? []
      : target.deployer === 'flux'
        ? [
            {
              group: 'helm.toolkit.fluxcd.io',
              resource: 'helmreleases',
              verb: 'list',
              namespace: deployerNamespace(target),
            },
            {
              group: 'kustomize.toolkit.fluxcd.io',
              resource: 'kustomizations',
              verb: 'list',
              namespace: deployerNamespace(target),
            },
          ]
        : [
            {
              group: 'argoproj.io',
              resource: 'applications',
              verb: 'list',
              namespace: target.argocdNamespace,
            },
          ];
  const declared = kept === undefined ? undefined : await declaredKinds(target, kept);
  if (declared === undefined)
    return {
      wanted: [
        ...own,
        ...target.namespaces.flatMap((namespace) =>
          ORDINARY.map(([group, resource]): Right => ({ group, resource, verb: 'list', namespace })),
        ),
      ],
      from: 'ordinary-kinds',
    };
  const rightsOf = [...declared].flatMap(([kind, namespaces]): Right[] => {
    const slash = kind.lastIndexOf('/');
    const served = inside.find(kind.slice(0, slash), kind.slice(slash + 1));
    // What the cluster does not serve is said by the check itself.
    if (served === undefined) return [];
    const group = groupOf(served.apiVersion);
    const right = { group, resource: served.resource, verb: 'list' } as const;
    return served.scope === 'cluster'
      ? [right]
      : [...namespaces].map((namespace) => ({ ...right, namespace }));
  });
  return { wanted: [...own, ...rightsOf], from: 'git' };
}

/** Kinds of what Git declares (`apps/v1/Deployment`), and the namespaces that they are in. */
async function declaredKinds(
  target: Target,
  { table, state }: NonNullable<ClusterPatient['kept']>,
): Promise<ReadonlyMap<string, ReadonlySet<string>> | undefined> {
  try {
    const { newest } = await readNewest(table, target.name);
    const stored = newest === undefined ? undefined : await state.get(desiredKey(newest.desired));
    if (stored === undefined) return undefined;
    const {
      releases,
      manifests,
      kustomizations = [],
    } = desiredState.parse(JSON.parse(stored.body.toString('utf8')));
    const renders = [
      ...releases.map(({ rendering, namespace }) => ({ rendering, namespace })),
      ...kustomizations.map(({ rendering, namespace }) => ({ rendering, namespace })),
      ...(manifests === undefined
        ? []
        : [{ rendering: manifests, namespace: target.namespaces[0] ?? 'default' }]),
    ].slice(0, RENDERS);
    const found = new Map<string, Set<string>>();
    await eachAtOnce(renders, AT_ONCE, async ({ rendering, namespace: home }) => {
      if (rendering.kind !== 'rendered') return;
      for (const { object, role } of (await readRender(state, rendering.render)) ?? []) {
        if (role === 'hook') continue;
        const kind = `${object.apiVersion}/${object.kind}`;
        const namespaces = found.get(kind) ?? new Set();
        found.set(kind, namespaces.add(object.metadata.namespace ?? home));
      }
    });
    return found;
  } catch {
    // It is another's to say that the state cannot be read: then what ordinary charts hold is asked for.
    return undefined;
  }
}

async function bootstrapped(
  { target, repository }: ClusterPatient,
  reader: Reader,
): Promise<readonly Diagnosis[]> {
  const documents = bootstrapDocuments({ target, repository, secrets: 'no-secrets' });
  const where = `target ${target.name}, what bootstrap prints`;
  if (documents.length === 0) return [ok(where, 'nothing is needed')];
  const objects = await eachAtOnce(documents, AT_ONCE, ({ object }) => seen(object, reader));
  return judgeBootstrapObjects(target.name, objects);
}

async function seen(wanted: KubernetesObject, reader: Reader): Promise<SeenObject> {
  const { apiVersion, kind, metadata } = wanted;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const reading = await reader.get(`${root}${place}/${resourceOf(kind)}/${metadata.name}`);
  if (reading.kind !== 'read') return { wanted, seen: { kind: 'not-read', why: reading.reason } };
  if (reading.status === 404) return { wanted, seen: { kind: 'not-there' } };
  if (reading.status !== 200)
    return { wanted, seen: { kind: 'not-read', why: `you may not read it (${reading.status})` } };
  const object: unknown = JSON.parse(reading.text);
  return isJsonObject(object as never)
    ? { wanted, seen: { kind: 'there', object: object as KubernetesObject } }
    : { wanted, seen: { kind: 'not-read', why: 'the answer is no object' } };
}
