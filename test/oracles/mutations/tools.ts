import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatJson } from '../../../lib/objects/json.ts';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import type { ApiServer, ResourcePath } from '../api-server.ts';
import type { Candidate, Edit } from './generate.ts';
import type { Node } from './openapi.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patches.ts';

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
  /** A file with that in it. */
  file(text: string): Promise<string>;
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
  let files = 0;
  return {
    server,
    async file(text) {
      const path = join(folder, `patch-${files++}`);
      await writeFile(path, text);
      return path;
    },
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

export const target = ({ path, before }: Task, apiVersion = before.apiVersion): string =>
  `${resourceOf(path, apiVersion)}/${before.metadata.name}`;

export const kubectlTool = (
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

export const always = () => true;
const patch = (type: string, can: Tool['can'], body: (task: Task) => string): Tool => ({
  ...kubectlTool(`patch --type ${type}`, 'kubectl-patch', can, () => []),
  async run(task, hands) {
    const text = body(task);
    const given = text.length < ARGUMENT ? ['-p', text] : ['--patch-file', await hands.file(text)];
    await hands.kubectl(task, ['patch', target(task), '--type', type, ...given]);
  },
});

/** Linux takes no longer argument than 128 KiB. */
const ARGUMENT = 100_000;

export const asJson = (object: KubernetesObject): Json => object as unknown as Json;
export const merge = ({ before, after }: Task): string =>
  formatJson(mergePatch(asJson(before), asJson(after)));
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

export const GENERAL: readonly Tool[] = [
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
];
