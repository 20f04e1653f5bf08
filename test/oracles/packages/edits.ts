import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { formatPath } from '../../../lib/drift/path.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  partOf,
} from '../../../lib/objects/objects.ts';
import type { Edit, Place } from './package.ts';

/** What people do by hand to the objects of a package: a few things each, chosen by kind. */
export function editsOf(declared: readonly RenderedObject[], { way, namespace }: Place): Edit[] {
  const objects = declared
    .filter(
      ({ role, unstable }) =>
        role === 'applied' && !unstable.includes('/metadata/name') && !unstable.includes(''),
    )
    .map(({ object }) => object)
    .filter(({ metadata }) => metadata.namespace === undefined || metadata.namespace === namespace);
  const scaled = new Set(
    objects
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      .map(({ spec }) => String(partOf(partOf(spec).scaleTargetRef).name)),
  );
  const edits: Edit[] = [];
  const seen = new Set<string>();
  for (const object of objects) {
    if (seen.has(object.kind)) continue;
    seen.add(object.kind);
    edits.push(...(EDITS[object.kind]?.(object, scaled) ?? []));
  }
  const touched = new Set(edits.map(({ expected }) => `${expected.kind}/${expected.name}`));
  const victim = objects.findLast(
    ({ kind, metadata }) => REMOVABLE.has(kind) && !touched.has(`${kind}/${metadata.name}`),
  );
  const all = victim === undefined ? edits : [...edits, removed(victim)];
  const asking = new Set(declared.filter(({ usesLookup }) => usesLookup).map(({ object }) => nameIn(object)));
  // Without server-side apply a chart that finds the changed value leaves it, and takes no part in it: only an object
  // that is not there is made anew.
  return way !== 'client-side'
    ? all
    : all.map((edit) =>
        edit.expected.verdict === 'changed' && asking.has(`${edit.expected.kind}/${edit.expected.name}`)
          ? {
              ...edit,
              beforeRepair: ['delete', edit.expected.kind, edit.expected.name, '--ignore-not-found'],
            }
          : edit,
      );
}

type EditsOfKind = (object: KubernetesObject, scaled: ReadonlySet<string>) => Edit[];

const nameIn = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`;

const place = ({ kind, metadata }: KubernetesObject) => ({ kind, name: metadata.name });
const of = ({ apiVersion, kind, metadata }: KubernetesObject): string => {
  const group = apiVersion.includes('/')
    ? `.${apiVersion.slice(apiVersion.indexOf('/') + 1)}.${apiVersion.slice(0, apiVersion.indexOf('/'))}`
    : '';
  return `${kind.toLowerCase()}${group}/${metadata.name}`;
};
const merge = (object: KubernetesObject, patch: unknown): string[] => [
  'patch',
  of(object),
  '--type=merge',
  '-p',
  JSON.stringify(patch),
];

/** Kinds that can be deleted without consequences for others. */
const REMOVABLE = new Set([
  'ConfigMap',
  'Ingress',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'Role',
  'RoleBinding',
  'CronJob',
  'Service',
]);

const removed = (object: KubernetesObject): Edit => ({
  what: 'deleted',
  argv: ['delete', of(object), '--wait=true'],
  expected: { ...place(object), verdict: 'missing', at: '' },
  undo: 'repair',
});

const environment = (object: KubernetesObject): Edit[] => {
  const [first] = containersOf(object);
  if (first === undefined || hasTwice(object)) return [];
  return [
    {
      what: 'an environment variable added',
      argv: ['set', 'env', of(object), '-c', first, 'ADDED_BY_HAND=1'],
      expected: {
        ...place(object),
        verdict: 'added',
        at: `spec.template.spec.containers[name=${first}].env`,
      },
      undo: ['set', 'env', of(object), '-c', first, 'ADDED_BY_HAND-'],
    },
  ];
};

function containersOf(object: KubernetesObject): string[] {
  const { containers } = partOf(partOf(partOf(object.spec).template).spec);
  return Array.isArray(containers) ? containers.map((container) => String(partOf(container).name)) : [];
}

/** Of names that stand twice kubectl's own patch loses one: what is left is no addition any more. */
const hasTwice = (object: KubernetesObject): boolean => {
  const { containers } = partOf(partOf(partOf(object.spec).template).spec);
  const { env } = partOf(Array.isArray(containers) ? containers[0] : undefined);
  const names = Array.isArray(env) ? env.map((entry) => partOf(entry).name) : [];
  return new Set(names).size < names.length;
};

const image = (object: KubernetesObject): Edit[] => {
  const [first] = containersOf(object);
  if (first === undefined) return [];
  return [
    {
      what: 'another image',
      argv: ['set', 'image', of(object), `${first}=example.com/by-hand:1`],
      expected: {
        ...place(object),
        verdict: 'changed',
        at: `spec.template.spec.containers[name=${first}].image`,
      },
      undo: 'repair',
    },
  ];
};

const scale: EditsOfKind = (object, scaled) => {
  const replicas = partOf(object.spec).replicas;
  if (typeof replicas !== 'number' || scaled.has(object.metadata.name)) return [];
  return [
    {
      what: 'scaled',
      argv: ['scale', of(object), `--replicas=${replicas + 2}`],
      expected: { ...place(object), verdict: 'changed', at: 'spec.replicas' },
      undo: 'repair',
    },
  ];
};

const annotated: EditsOfKind = (object) => [
  {
    what: 'an annotation added',
    argv: ['annotate', of(object), 'example.com/by-hand=1'],
    expected: { ...place(object), verdict: 'added', at: 'metadata.annotations' },
    undo: ['annotate', of(object), 'example.com/by-hand-'],
  },
];

const labelled: EditsOfKind = (object) => [
  {
    what: 'a label added',
    argv: ['label', of(object), 'by-hand=1'],
    expected: { ...place(object), verdict: 'added', at: 'metadata.labels' },
    undo: ['label', of(object), 'by-hand-'],
  },
];

const keys = (object: KubernetesObject): Edit[] => {
  // Of other types the API server checks what the keys hold.
  const isFree = object.type === undefined || object.type === 'Opaque';
  if (object.immutable === true || !isFree) return labelled(object, new Set());
  const data: JsonObject = { ...partOf(object.stringData), ...partOf(object.data) };
  const [first] = Object.keys(data);
  const isSecret = object.kind === 'Secret';
  const value = (text: string) => (isSecret ? Buffer.from(text).toString('base64') : text);
  const added: Edit = {
    what: 'a key added',
    argv: merge(object, { data: { 'added-by-hand': value('1') } }),
    expected: { ...place(object), verdict: 'added', at: 'data.added-by-hand' },
    undo: merge(object, { data: { 'added-by-hand': null } }),
  };
  if (first === undefined) return [added];
  return [
    added,
    {
      what: isSecret ? 'a password changed' : 'a key changed',
      argv: merge(object, { data: { [first]: value('by hand') } }),
      expected: {
        ...place(object),
        verdict: 'changed',
        at: formatPath([
          { kind: 'field', name: 'data' },
          { kind: 'field', name: first },
        ]),
      },
      undo: 'repair',
    },
  ];
};

const rules: EditsOfKind = (object) =>
  Array.isArray(object.rules) && object.rules.length > 0
    ? [
        {
          what: 'a rule added',
          argv: [
            'patch',
            of(object),
            '--type=json',
            '-p',
            JSON.stringify([
              {
                op: 'add',
                path: '/rules/-',
                value: { apiGroups: [''], resources: ['secrets'], verbs: ['*'] },
              },
            ]),
          ],
          expected: { ...place(object), verdict: 'added', at: 'rules' },
          undo: 'repair',
        },
      ]
    : labelled(object, new Set());

const EDITS: Readonly<Record<string, EditsOfKind>> = {
  Deployment: (object, scaled) => [...environment(object), ...image(object), ...scale(object, scaled)],
  StatefulSet: (object, scaled) => [...image(object), ...scale(object, scaled)],
  DaemonSet: environment,
  Secret: keys,
  ConfigMap: keys,
  Service: annotated,
  ServiceAccount: labelled,
  PodDisruptionBudget: labelled,
  Role: rules,
  ClusterRole: rules,
  Ingress: annotated,
  CronJob: (object) => [
    {
      what: 'suspended',
      argv: merge(object, { spec: { suspend: partOf(object.spec).suspend !== true } }),
      expected: {
        ...place(object),
        verdict: isJsonObject(object.spec) && object.spec.suspend !== undefined ? 'changed' : 'added',
        at: 'spec.suspend',
      },
      undo:
        partOf(object.spec).suspend === undefined ? merge(object, { spec: { suspend: false } }) : 'repair',
    },
  ],
};
