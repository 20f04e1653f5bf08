import { formatJson } from '../../../lib/objects/json.ts';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { messageOf } from '../api-server.ts';
import { applyPatch } from './patches.ts';
import { withValue } from './places.ts';
import { always, asJson, type Hands, merge, type Task, type Tool, writable } from './tools.ts';

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
