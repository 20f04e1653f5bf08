import type { JsonObject, KubernetesObject } from '../../../lib/objects/objects.ts';
import type { ApiServer } from '../api-server.ts';
import { clients, FOREIGN } from './clients.ts';
import type { Installed } from './cluster.ts';
import { expectationOf, factsOf, type Writing } from './expect.ts';
import { type Candidate, candidatesOf, choose, edited, type Sort, triedKey } from './generate.ts';
import { allocated, platformRemit } from './left-alone.ts';
import type { Node } from './openapi.ts';
import { jsonPatch } from './patches.ts';
import type { Report } from './report.ts';
import { KUBECTL } from './special.ts';
import type { Hands, Task, Tool } from './tools.ts';
import { below, pick, type Random } from './values.ts';

/** What is to be done to one object. */
export interface Plan {
  readonly installed: Installed;
  readonly before: KubernetesObject;
  readonly node: Node | undefined;
  readonly sort: Sort;
  readonly schemaPlace: string;
  readonly tool: Tool;
  readonly task: Task;
}

export interface Planning {
  readonly hands: Hands;
  readonly report: Report;
  /** How often each place of each kind was mutated, so that others come first. */
  readonly tried: Map<string, number>;
  readonly forge: boolean;
  readonly strip: boolean;
  /** A reference to an object that stays. */
  readonly owner: JsonObject;
  /** Other apiVersions of kinds, where fields lie at the same places. */
  otherVersion(installed: Installed, place: readonly string[]): string | undefined;
}

/** Groups that Kubernetes itself serves: only they know strategic merge patches. */
const BUILT_IN =
  /^(v1$|(apps|autoscaling|batch|policy)\/|(admissionregistration|apiextensions|apiregistration|certificates|coordination|discovery|events|flowcontrol\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage)\.k8s\.io\/)/;

/** What people change day by day, and kubectl has commands for. */
const DAILY =
  /containers\.\*\.(image|env|resources)(\.|$)|^spec\.replicas$|spec\.serviceAccountName$|^spec\.selector\./;
const DAILY_SHARE = 0.2;

const CANDIDATES = 8;
const GUESSES = 4;
const ASK: Writing = { manager: '', operation: 'Update', deployer: false, stripped: false };

/**
 * A mutation that the server would take and that must be found. Guesses are put to the server as a dry run first:
 * what it refuses, or what changes nothing that Git speaks of, is never made and so never counts.
 */
export async function plan(
  installed: Installed,
  before: KubernetesObject,
  node: Node | undefined,
  random: Random,
  planning: Planning,
): Promise<Plan | undefined> {
  if (!planning.forge && random() < WHOLE_SHARE && isDisposable(installed))
    return wholeObject(installed, before, node, random);
  const { declared, path } = installed;
  const all = candidatesOf(declared, before, node, random, planning.owner).filter(
    ({ place }) => !(planning.strip && allocated(declared.kind, place)),
  );
  const daily = all.filter(({ schemaPlace }) => DAILY.test(schemaPlace));
  let candidates: readonly Candidate[] = daily.length > 0 && random() < DAILY_SHARE ? daily : all;
  for (let turn = 0; turn < CANDIDATES && candidates.length > 0; turn++) {
    const candidate = choose(candidates, declared.kind, planning.tried, random);
    if (candidate === undefined) return undefined;
    candidates = candidates.filter((each) => each !== candidate);
    const known = triedKey(declared.kind, candidate);
    planning.tried.set(known, (planning.tried.get(known) ?? 0) + 1);
    for (let attempt = 0; attempt < GUESSES; attempt++) {
      const edit = candidate.edit(random, attempt);
      if (edit === undefined) break;
      planning.report.offered++;
      const after = edited(before, edit);
      const task: Task = {
        declared,
        before,
        after,
        edit,
        candidate,
        node,
        path,
        otherVersion: planning.otherVersion(installed, candidate.place),
        builtIn: BUILT_IN.test(declared.apiVersion),
      };
      if (!(await isTaken(planning.hands.server, task))) {
        planning.report.notOffered++;
        continue;
      }
      const tool = toolFor(task, planning.forge, random);
      if (tool === undefined) break;
      const { sort, schemaPlace } = candidate;
      return { installed, before, node, sort, schemaPlace, tool, task };
    }
  }
  return undefined;
}

async function isTaken(server: ApiServer, task: Task): Promise<boolean> {
  const { declared, before, path, node, edit } = task;
  const answer = await server.call(
    'PATCH',
    `${path.object}?dryRun=All&fieldValidation=Strict`,
    jsonPatch(before, edit),
    'application/json-patch+json',
  );
  if (answer.status >= 300) return false;
  const after = answer.body as KubernetesObject;
  return factsOf(before, after, node).some((fact) => expectationOf(fact, declared, after, ASK) !== undefined);
}

/** Of what can do it: half of the time a tool that is made for it, a tenth a program of one's own. */
function toolFor(task: Task, forge: boolean, random: Random): Tool | undefined {
  if (forge)
    return pick(
      random,
      clients('helm', true).filter((tool) => tool.can(task)),
    );
  const remit = platformRemit(task.before.kind, task.candidate.place);
  const foreign = clients(FOREIGN[below(random, FOREIGN.length)] ?? 'Mozilla', false);
  const turn = random();
  if (!remit && turn < 0.12) {
    const client = pick(
      random,
      foreign.filter((tool) => tool.can(task)),
    );
    if (client !== undefined) return client;
  }
  const able = KUBECTL.filter((tool) => tool.can(task));
  const special = able.filter((tool) => tool.special);
  return pick(random, special.length > 0 && turn < 0.6 ? special : able);
}

const WHOLE_SHARE = 0.04;

/** Nothing else goes with it, and it may be had again. */
const isDisposable = ({ declared: { kind } }: Installed): boolean =>
  !/^(CustomResourceDefinition|Namespace|PersistentVolume(Claim)?|APIService|StorageClass)$/.test(kind);

/** Deleted; deleted and created by another; held by a finalizer and deleted; given an owner. */
function wholeObject(
  installed: Installed,
  before: KubernetesObject,
  node: Node | undefined,
  random: Random,
): Plan {
  const { declared, path } = installed;
  const sort: Sort = pick(random, ['delete', 'recreate', 'hold and delete'] as const) ?? 'delete';
  const task: Task = {
    declared,
    before,
    after: before,
    edit: { pointer: [], value: undefined },
    candidate: { sort, place: [] },
    node,
    path,
    otherVersion: undefined,
    builtIn: false,
  };
  return { installed, before, node, sort, schemaPlace: '', tool: WHOLE[sort], task };
}

const target = (task: Task) => [
  task.path.collection.slice(task.path.collection.lastIndexOf('/') + 1) + groupSuffix(task.before.apiVersion),
  task.before.metadata.name,
];
const groupSuffix = (apiVersion: string): string =>
  apiVersion.includes('/') ? `.${apiVersion.split('/').reverse().join('.')}` : `.${apiVersion}.`;

const whole = (name: string, manager: string, run: Tool['run']): Tool => ({
  name,
  by: 'kubectl',
  manager,
  operation: 'Update',
  can: () => true,
  run,
});

const WHOLE = {
  delete: whole('kubectl delete', '', (task, hands) => hands.kubectl(task, ['delete', ...target(task)])),
  recreate: whole('kubectl delete, create', 'kubectl-create', async (task, hands) => {
    await hands.kubectl(task, ['delete', ...target(task)]);
    await hands.kubectl(task, ['create', '-f', '-'], { input: JSON.stringify(task.declared) });
  }),
  'hold and delete': whole('kubectl patch, delete', 'kubectl-patch', async (task, hands) => {
    const held = { metadata: { finalizers: ['mutated.example/hold'] } };
    await hands.kubectl(task, ['patch', ...target(task), '--type', 'merge', '-p', JSON.stringify(held)]);
    await hands.kubectl(task, ['delete', ...target(task), '--wait=false']);
  }),
} as const satisfies Record<string, Tool>;
