import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatJson } from '../../../lib/objects/json.ts';
import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';
import { type ApiServer, messageOf, type ResourcePath } from '../api-server.ts';
import type { Candidate, Edit } from './generate.ts';
import type { Node } from './openapi.ts';
import { applyPatch, jsonPatch, mergePatch, nameAt, strategicPatch } from './patches.ts';
import { withValue } from './places.ts';

/** A mutation of one object that is to be made. */
export interface Task {
  readonly declared: KubernetesObject;
  readonly before: KubernetesObject;
  readonly after: KubernetesObject;
  readonly edit: Edit;
  readonly candidate: Pick<Candidate, 'sort' | 'place'>;
  readonly node: Node | undefined;
  readonly path: ResourcePath;
  /** Another apiVersion in which the same object is served, its fields at the same places. */
  readonly otherVersion: string | undefined;
  readonly builtIn: boolean;
}

/** Something that people and programs change objects with. */
export interface Tool {
  readonly name: string;
  /** The real binary, or the same request by hand. */
  readonly by: 'kubectl' | 'http';
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** Only for what it is made for; preferred there. */
  readonly special?: true;
  can(task: Task): boolean;
  /** @throws Error with what it or the server said */
  run(task: Task, hands: Hands): Promise<void>;
}

/** What tools work with. */
export interface Hands {
  readonly server: ApiServer;
  kubectl(
    task: Task,
    argv: readonly string[],
    more?: { readonly input?: string; readonly edit?: string },
  ): Promise<void>;
}

export async function handsFor(server: ApiServer, kubectl: string, folder: string): Promise<Hands> {
  const script = join(folder, 'editor.mjs');
  const editor = join(folder, 'editor');
  await writeFile(script, EDITOR);
  await writeFile(editor, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`, { mode: 0o755 });
  return {
    server,
    async kubectl({ before }, argv, { input, edit } = {}) {
      const { namespace } = before.metadata;
      const place = namespace === undefined ? [] : ['--namespace', namespace];
      const running = promisify(execFile)(kubectl, [...place, ...argv], {
        env: {
          PATH: process.env.PATH,
          KUBECONFIG: server.kubeconfig,
          HOME: folder,
          EDITOR: editor,
          ...(edit === undefined ? {} : { MUTATION: edit }),
        },
        maxBuffer: 16 * 1024 * 1024,
        timeout: 60_000,
      });
      running.child.stdin?.on('error', () => undefined).end(input ?? '');
      await running;
    },
  };
}

/** What a person does in an editor, on the file that `kubectl edit -o json` opens. */
const EDITOR = `import { readFileSync, writeFileSync } from 'node:fs';
const file = process.argv.at(-1);
const { pointer, value } = JSON.parse(process.env.MUTATION);
const root = JSON.parse(readFileSync(file, 'utf8'));
let node = root;
for (const token of pointer.slice(0, -1)) node = node[token];
const last = pointer.at(-1);
if (value !== undefined) node[last] = value;
else if (Array.isArray(node)) node.splice(last, 1);
else delete node[last];
writeFileSync(file, JSON.stringify(root, null, 2));
`;

/** \`deployments.v1.apps\`: no other kind of that name is meant. */
export function resourceOf({ collection }: ResourcePath, apiVersion: string): string {
  const plural = collection.slice(collection.lastIndexOf('/') + 1);
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return `${plural}.${version}.${group}`;
}

const target = ({ path, before }: Task, apiVersion = before.apiVersion): string =>
  `${resourceOf(path, apiVersion)}/${before.metadata.name}`;

const kubectlTool = (
  name: string,
  manager: string,
  can: Tool['can'],
  argv: (task: Task) => readonly string[],
  input?: (task: Task) => string,
): Tool => ({
  name: `kubectl ${name}`,
  by: 'kubectl',
  manager,
  operation: 'Update',
  can,
  run: (task, hands) => hands.kubectl(task, argv(task), input === undefined ? {} : { input: input(task) }),
});

const always = () => true;
const patch = (type: string, can: Tool['can'], body: (task: Task) => string): Tool =>
  kubectlTool(`patch --type ${type}`, 'kubectl-patch', can, (task) => [
    'patch',
    target(task),
    '--type',
    type,
    '-p',
    body(task),
  ]);

const asJson = (object: KubernetesObject): Json => object as unknown as Json;
const merge = ({ before, after }: Task): string => formatJson(mergePatch(asJson(before), asJson(after)));
const strategic = ({ before, after, node, builtIn }: Task): Json | undefined =>
  builtIn && node !== undefined ? strategicPatch(asJson(before), asJson(after), node) : undefined;

/** Without what the server keeps: as it would be written down. */
export function writable({ metadata, ...rest }: KubernetesObject): KubernetesObject {
  const {
    managedFields: _m,
    resourceVersion: _r,
    generation: _g,
    uid: _u,
    creationTimestamp: _c,
    ...kept
  } = metadata;
  return { ...rest, metadata: kept } as unknown as KubernetesObject;
}

const TEMPLATES = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod']);

/** Steps below the Pod's spec, where the place lies in one. */
function inPod({ before, candidate }: Task): readonly string[] | undefined {
  if (!TEMPLATES.has(before.kind)) return undefined;
  const prefix =
    before.kind === 'Pod'
      ? ['f:spec']
      : before.kind === 'CronJob'
        ? ['f:spec', 'f:jobTemplate', 'f:spec', 'f:template', 'f:spec']
        : ['f:spec', 'f:template', 'f:spec'];
  return prefix.every((step, depth) => candidate.place[depth] === step)
    ? candidate.place.slice(prefix.length)
    : undefined;
}

/** `containers[k].<field>` and no deeper. */
function containerField(task: Task, name: string): string | undefined {
  const steps = inPod(task);
  if (steps?.[0] !== 'f:containers' || steps[2] !== `f:${name}`) return undefined;
  return nameAt(steps, 1);
}

const SET_IMAGE: Tool = {
  ...kubectlTool(
    'set image',
    'kubectl-set',
    (task) =>
      containerField(task, 'image') !== undefined &&
      inPod(task)?.length === 3 &&
      typeof task.edit.value === 'string',
    (task) => ['set', 'image', target(task), `${containerField(task, 'image')}=${String(task.edit.value)}`],
  ),
  special: true,
};

/** A plain variable: added, changed, or taken away. */
function variable(task: Task): string | undefined {
  const steps = inPod(task);
  if (containerField(task, 'env') === undefined || steps === undefined) return undefined;
  const { value } = task.edit;
  const name = nameAt(steps, 3);
  if (
    steps.length === 3 &&
    isJsonObject(value) &&
    typeof value.value === 'string' &&
    Object.keys(value).length === 2
  )
    return `${String(value.name)}=${value.value}`;
  if (name === undefined) return undefined;
  if (steps.length === 4 && value === undefined) return `${name}-`;
  return steps.length === 5 && steps[4] === 'f:value' && typeof value === 'string'
    ? `${name}=${value}`
    : undefined;
}
const SET_ENV: Tool = {
  ...kubectlTool(
    'set env',
    'kubectl-set',
    (task) => variable(task) !== undefined,
    (task) => [
      'set',
      'env',
      target(task),
      `--containers=${containerField(task, 'env')}`,
      variable(task) ?? '',
    ],
  ),
  special: true,
};

function resources(task: Task): string | undefined {
  const steps = inPod(task);
  if (containerField(task, 'resources') === undefined || steps === undefined) return undefined;
  const { pointer, value } = task.edit;
  const [side, name] = [pointer.at(-2), pointer.at(-1)];
  if ((side !== 'limits' && side !== 'requests') || typeof value !== 'string') return undefined;
  return `--${side}=${String(name)}=${value}`;
}
const SET_RESOURCES: Tool = {
  ...kubectlTool(
    'set resources',
    'kubectl-set',
    (task) => resources(task) !== undefined,
    (task) => [
      'set',
      'resources',
      target(task),
      `-c=${containerField(task, 'resources')}`,
      resources(task) ?? '',
    ],
  ),
  special: true,
};

const SET_SERVICE_ACCOUNT: Tool = {
  ...kubectlTool(
    'set serviceaccount',
    'kubectl-set',
    (task) =>
      task.before.kind !== 'Pod' &&
      inPod(task)?.join() === 'f:serviceAccountName' &&
      typeof task.edit.value === 'string',
    (task) => ['set', 'serviceaccount', target(task), String(task.edit.value)],
  ),
  special: true,
};

const SET_SELECTOR: Tool = {
  ...kubectlTool(
    'set selector',
    'kubectl-set',
    ({ before, candidate, edit }) =>
      before.kind === 'Service' &&
      candidate.place[1] === 'f:selector' &&
      edit.pointer.length === 3 &&
      typeof edit.value === 'string',
    (task) => [
      'set',
      'selector',
      target(task),
      Object.entries((task.after.spec as { selector: Record<string, string> }).selector)
        .map(([name, value]) => `${name}=${value}`)
        .join(),
    ],
  ),
  special: true,
};

const metadataTool = (name: 'label' | 'annotate', map: 'labels' | 'annotations'): Tool => ({
  ...kubectlTool(
    name,
    `kubectl-${name}`,
    ({ edit: { pointer, value } }) =>
      pointer[0] === 'metadata' &&
      pointer[1] === map &&
      pointer.length === 3 &&
      (value === undefined || typeof value === 'string'),
    (task) => {
      const { pointer, value } = task.edit;
      const word = value === undefined ? `${String(pointer[2])}-` : `${String(pointer[2])}=${String(value)}`;
      return [name, target(task), word, '--overwrite'];
    },
  ),
  special: true,
});

const SCALE: Tool = {
  ...kubectlTool(
    'scale',
    'kubectl',
    ({ before, candidate, edit }) =>
      ['Deployment', 'StatefulSet', 'ReplicaSet'].includes(before.kind) &&
      candidate.place.join() === 'f:spec,f:replicas' &&
      typeof edit.value === 'number',
    (task) => ['scale', target(task), `--replicas=${String(task.edit.value)}`],
  ),
  special: true,
};

const EDIT: Tool = {
  name: 'kubectl edit',
  by: 'kubectl',
  manager: 'kubectl-edit',
  operation: 'Update',
  can: always,
  run: (task, hands) =>
    hands.kubectl(task, ['edit', '-o', 'json', target(task)], {
      edit: formatJson({
        pointer: task.edit.pointer,
        ...(task.edit.value === undefined ? {} : { value: task.edit.value }),
      }),
    }),
};

export const KUBECTL: readonly Tool[] = [
  EDIT,
  patch('json', always, (task) => jsonPatch(task.before, task.edit)),
  patch('merge', always, merge),
  patch(
    'strategic',
    (task) => strategic(task) !== undefined,
    (task) => formatJson(strategic(task) ?? {}),
  ),
  kubectlTool(
    'replace',
    'kubectl-replace',
    always,
    () => ['replace', '-f', '-'],
    ({ after }) => formatJson(writable(after)),
  ),
  {
    ...kubectlTool(
      'patch, another version',
      'kubectl-patch',
      ({ otherVersion }) => otherVersion !== undefined,
      (task) => ['patch', target(task, task.otherVersion), '--type', 'merge', '-p', merge(task)],
    ),
    special: true,
  },
  SET_IMAGE,
  SET_ENV,
  SET_RESOURCES,
  SET_SERVICE_ACCOUNT,
  SET_SELECTOR,
  metadataTool('label', 'labels'),
  metadataTool('annotate', 'annotations'),
  SCALE,
];

/** Names that programs go by, some of them somebody else's. */
export const FOREIGN = [
  'Mozilla',
  'Terraform',
  'my-operator',
  'node-fetch',
  'kube-controller-manager',
  'helm-controller',
  'kube-apiserver',
  'cert-manager-cainjector',
];

/** A client of one's own, under any name: also under the deployer's. */
export function clients(manager: string, deployer: boolean): readonly Tool[] {
  const send = async (
    { server }: Hands,
    { path, before }: Task,
    method: string,
    body: Json | string,
    type?: string,
    force = false,
  ) => {
    const target = `${path.object}?fieldManager=${encodeURIComponent(manager)}${force ? '&force=true' : ''}`;
    const answer = await server.call(method, target, body, type);
    if (answer.status >= 300) throw new Error(`${before.kind}: ${messageOf(answer)}`);
  };
  const tool = (name: string, operation: Tool['operation'], can: Tool['can'], run: Tool['run']): Tool => ({
    name: `${deployer ? 'as the deployer' : 'foreign client'}, ${name}`,
    by: 'http',
    manager,
    operation,
    can,
    run,
  });
  return [
    tool('merge patch', 'Update', always, (task, hands) =>
      send(hands, task, 'PATCH', merge(task), 'application/merge-patch+json'),
    ),
    tool('update', 'Update', always, (task, hands) => {
      const { before, after } = task;
      const { resourceVersion } = before.metadata as { readonly resourceVersion?: string };
      const body = writable(after);
      const version = resourceVersion === undefined ? {} : { resourceVersion };
      return send(hands, task, 'PUT', {
        ...body,
        metadata: { ...body.metadata, ...version },
      } as unknown as Json);
    }),
    tool(
      'apply',
      'Apply',
      (task) =>
        deployer
          ? declaredEdit(task) !== undefined
          : applyPatch(task.after, task.edit, task.node) !== undefined && task.edit.value !== undefined,
      (task, hands) => {
        const body = deployer ? declaredEdit(task) : applyPatch(task.after, task.edit, task.node);
        return send(hands, task, 'PATCH', formatJson(body), 'application/apply-patch+yaml', true);
      },
    ),
  ];
}

/** What the deployer would apply from other values: what is declared, with the edit. */
function declaredEdit({ declared, candidate, edit }: Task): KubernetesObject | undefined {
  const plain = candidate.place.every((step) => step.startsWith('f:'));
  if (!plain || edit.value === undefined || declared.kind === 'Secret') return undefined;
  return withValue(asJson(declared), edit.pointer, edit.value) as unknown as KubernetesObject;
}
