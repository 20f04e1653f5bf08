import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { formatJson, parseJson } from '../../../lib/objects/json.ts';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { tools } from '../../../local/tools.ts';
import { type ApiServer, messageOf, startApiServer } from '../api-server.ts';
import { clients } from './clients.ts';
import { ensureNamespaces, type Installed, install, readLive, remove } from './cluster.ts';
import type { SeenFinding } from './expect.ts';
import { edited } from './generate.ts';
import { type Node, openApiReader } from './openapi.ts';
import { judge } from './play.ts';
import { Report } from './report.ts';
import { served } from './run.ts';
import { KUBECTL } from './special.ts';
import { type Hands, handsFor, resourceOf, type Task } from './tools.ts';

const json: z.ZodType<Json> = z.unknown() as z.ZodType<Json>;
const token = z.union([z.string(), z.number()]);
const expected = z.object({
  /** As findings say it: `spec.template.spec.containers[name=web].image`; empty for a whole object. */
  path: z.string(),
  verdict: z.enum(['changed', 'added', 'missing', 'extra']),
  /** Field manager; `nobody`; left out or `any`: whoever. */
  by: z.string().optional(),
});

/**
 * One case of a script. The object is applied as the deployer would (`with`: what has to be there before, such as the
 * definition of its kind, which stays to the end), then one of:
 * `command`, kubectl's arguments (text, split at blanks, or a list; several in a list of lists), with `input`, an object
 * or text that the last of them reads (`create -f -`);
 * `patch`, a merge patch, or a JSON patch where it is a list, by kubectl, or by another field manager that `by` names;
 * `pointer` and `value` (none: taken out) with `by` one of this oracle's tools, as misses are printed.
 */
const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
const entry = z
  .object({
    title: z.string().optional(),
    object,
    with: z.array(object).default([]),
    by: z.string().default('kubectl'),
    how: z.enum(['apply', 'create']).default('apply'),
    manager: z.string().optional(),
    command: z.union([z.string(), z.array(z.string()), z.array(z.array(z.string()))]).optional(),
    input: json.optional(),
    patch: json.optional(),
    type: z.enum(['json', 'merge', 'strategic']).optional(),
    pointer: z.array(token).optional(),
    value: json.optional(),
    strip: z.boolean().default(false),
    expect: z.union([z.literal('none'), expected, z.array(expected)]).optional(),
    expected: z.union([z.literal('none'), expected, z.array(expected)]).optional(),
  })
  .refine(({ expect, expected: also }) => (expect === undefined) !== (also === undefined), {
    message: 'expect (or expected): {path, verdict}, a list of them, or "none"',
  })
  .refine(
    (each) => [each.command, each.patch, each.pointer].filter((way) => way !== undefined).length === 1,
    {
      message: 'one of command, patch or pointer says what is done',
    },
  );
type Entry = z.output<typeof entry>;

/** Plays a list of given cases. @returns the exit code, as `run` */
export async function playScript(file: string, report = new Report()): Promise<number> {
  const parsed = z.array(entry).safeParse(await readScript(file));
  if (!parsed.success) {
    console.error(`${file}: ${z.prettifyError(parsed.error)}`);
    return 2;
  }
  const started = await startApiServer('nodes');
  if (started.kind === 'unavailable') {
    console.error(`${started.reason}\n${started.howTo}`);
    return 2;
  }
  const { server } = started;
  const folder = await mkdtemp(join(tmpdir(), 'mutations-'));
  try {
    const hands = await handsFor(server, (await tools()).kubectl, folder);
    let openApi = openApiReader((method, path) => server.call(method, path));
    const before = new Set<string>();
    for (const [at, each] of parsed.data.entries()) {
      const fresh = each.with.filter((one) => !before.has(formatJson(one as Json)));
      if (fresh.length > 0) {
        const troubles = await prepare(server, fresh as readonly KubernetesObject[]);
        for (const trouble of troubles) report.say(`case ${at}: ${trouble}`);
        for (const one of fresh) before.add(formatJson(one as Json));
        openApi = openApiReader((method, path) => server.call(method, path));
      }
      const place = each.object.metadata.namespace ?? `case-${at}`;
      const object = { ...each.object, metadata: { ...each.object.metadata, namespace: place } };
      await ensureNamespaces(server, [place]);
      const installed = await install(server, object as KubernetesObject, String(at), each.how);
      if (typeof installed === 'string') {
        report.skip(`not installed: ${installed.slice(0, 120)}`);
        continue;
      }
      const node = (await openApi()).of(object.apiVersion, object.kind);
      await playOne(each, at, installed, node, hands, report);
      await remove(server, [installed]);
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  report.say(report.summary({ script: file }));
  return report.exitCode;
}

/** @returns what could not be put there, and why */
async function prepare(server: ApiServer, objects: readonly KubernetesObject[]): Promise<string[]> {
  const troubles: string[] = [];
  const definitions: Installed[] = [];
  await ensureNamespaces(
    server,
    objects.flatMap(({ metadata }) => metadata.namespace ?? []),
  );
  for (const each of objects) {
    const installed = await install(server, each, 'before', 'apply');
    if (typeof installed === 'string') troubles.push(`${each.kind} ${each.metadata.name}: ${installed}`);
    else if (each.kind === 'CustomResourceDefinition') definitions.push(installed);
  }
  if (definitions.length > 0) await served(server, definitions);
  return troubles;
}

async function readScript(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  // Also as misses are printed: one case a line.
  return text.trimStart().startsWith('[')
    ? parseJson(text)
    : text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => parseJson(line));
}

async function playOne(
  each: Entry,
  at: number,
  installed: Installed,
  node: Node | undefined,
  hands: Hands,
  report: Report,
): Promise<void> {
  const { server } = hands;
  const before = (await readLive(server, [installed])).get(installed.identity);
  if (before === undefined) return report.skip('not there after it was applied');
  const edit = { pointer: each.pointer ?? [], value: each.value };
  const task: Task = {
    declared: installed.declared,
    before,
    after: each.pointer === undefined ? before : edited(before, edit),
    edit,
    candidate: { sort: 'own', place: edit.pointer.map((step) => `f:${step}`) },
    node,
    path: installed.path,
    otherVersion: undefined,
    builtIn: true,
  };
  try {
    await act(each, task, hands);
    if (each.strip)
      await patch(hands, task, { metadata: { managedFields: [{}] } }, 'application/merge-patch+json');
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr || (error as Error).message);
    return report.skip(`refused: ${said.split('\n')[0]?.slice(0, 160)}`);
  }
  const live = await readLive(server, [installed]);
  const findings = (await judge(server, [installed], live)).get(installed.identity) ?? [];
  report.played('own', { name: each.by, by: each.command ? 'kubectl' : 'http' }, String(at));
  const why = differences(each, findings);
  if (why.length === 0) report.found++;
  else
    report.miss(
      `case ${at}${each.title === undefined ? '' : ` (${each.title})`}: ${why.join('; ')}`,
      each as unknown as { [name: string]: Json },
    );
}

/** What is expected and not found, and the other way round. */
function differences(each: Entry, findings: readonly SeenFinding[]): string[] {
  const wanted = each.expect ?? each.expected ?? 'none';
  const list = wanted === 'none' ? [] : Array.isArray(wanted) ? wanted : [wanted];
  const isSaid = (finding: SeenFinding, { path, verdict, by = 'any' }: z.output<typeof expected>) =>
    finding.at === path &&
    finding.verdict === verdict &&
    (by === 'any' || (finding.manager ?? 'nobody') === by);
  return [
    ...list
      .filter((one) => !findings.some((finding) => isSaid(finding, one)))
      .map(({ verdict, path, by }) => `${verdict} ${path} ${by ?? ''} was not found`),
    ...findings
      .filter((finding) => !list.some((one) => isSaid(finding, one)))
      .map(({ verdict, at, manager }) => `${verdict} ${at} (${manager ?? 'nobody'}) was not expected`),
  ];
}

async function act(each: Entry, task: Task, hands: Hands): Promise<void> {
  const { command, patch: body, by, pointer } = each;
  if (command !== undefined) {
    const lists = typeof command === 'string' ? [command.split(/\s+/)] : [command].flat(1);
    const argvs = lists.every((one) => typeof one === 'string') ? [lists as string[]] : (lists as string[][]);
    for (const [at, argv] of argvs.entries()) {
      const reads = at === argvs.length - 1 && each.input !== undefined;
      const input = typeof each.input === 'string' ? each.input : formatJson(each.input ?? null);
      await hands.kubectl(task, argv[0] === 'kubectl' ? argv.slice(1) : argv, reads ? { input } : {});
    }
    return;
  }
  if (pointer !== undefined) {
    const tool =
      KUBECTL.find(({ name }) => name === by) ??
      [...clients(each.manager ?? 'Mozilla', false), ...clients(each.manager ?? 'helm', true)].find(
        ({ name }) => name === by,
      );
    if (tool === undefined) throw new Error(`no tool is called ${by}`);
    return await tool.run(task, hands);
  }
  const type = each.type ?? (Array.isArray(body) ? 'json' : 'merge');
  if (!by.startsWith('kubectl')) return await patch(hands, task, body ?? null, CONTENT[type], by);
  const target = `${resourceOf(task.path, task.before.apiVersion)}/${task.before.metadata.name}`;
  await hands.kubectl(task, ['patch', target, '--type', type, '-p', formatJson(body ?? null)]);
}

const CONTENT = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

async function patch(
  { server }: Hands,
  { path }: Task,
  body: Json,
  type: string,
  manager = 'curl',
): Promise<void> {
  const answer = await server.call(
    'PATCH',
    `${path.object}?fieldManager=${encodeURIComponent(manager)}`,
    body,
    type,
  );
  if (answer.status >= 300) throw new Error(messageOf(answer));
}
