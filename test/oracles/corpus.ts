import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { RenderedObject } from '../../lib/charts/render-request.ts';
import { type Found, judgeSet, type Schemas } from '../../lib/drift/drift.ts';
import {
  identityOf,
  isJsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../lib/objects/yaml.ts';
import { type ApiServer, messageOf, startApiServer } from './api-server.ts';

/**
 * npm run corpus -- DIR [--apply ssa|create] [--controllers] [--only TEXT]
 * Puts each rendered chart of a folder (gzipped YAML) on a real control plane, as field manager `helm`, reads it back
 * and judges it, with --controllers after kube-controller-manager has worked on it: there is no drift, so every finding is a false one. The last line is JSON with the totals. Exits
 * with 1 if there are findings.
 */

type How = 'ssa' | 'create';

interface Tally {
  objects: number;
  findings: number;
  /** Objects with at least one finding. */
  drifted: number;
  unknown: number;
  notServed: number;
  refused: number;
  milliseconds: number;
}

const MANAGER = 'helm';
/** Broken once their Service is missing, they make every later call fail: last in, first out. */
const LAST = new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'APIService']);
const FIRST = [
  'CustomResourceDefinition',
  'Namespace',
  'PriorityClass',
  'StorageClass',
  'RuntimeClass',
  'IngressClass',
];
/** What the admission of other objects goes by. */
const RESTRICTING = new Set([
  'ResourceQuota',
  'LimitRange',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);
const PATIENCE_MS = 15_000;
const AT_ONCE = 8;
/** What controllers do at once, they have done by then. */
const CONTROLLERS_MS = 3000;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: argv.slice(2),
    options: {
      apply: { type: 'string', default: 'ssa' },
      only: { type: 'string' },
      controllers: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [folder] = positionals;
  if (folder === undefined || (values.apply !== 'ssa' && values.apply !== 'create')) {
    console.error('which charts? npm run corpus -- DIR [--apply ssa|create]');
    exit(2);
  }
  const started = await startApiServer(values.controllers ? 'controllers' : 'api');
  if (started.kind === 'unavailable') {
    console.error(`${started.reason}\n${started.howTo}`);
    exit(2);
  }
  const { server } = started;
  const total: Tally = emptyTally();
  try {
    const files = (await readdir(folder)).filter((name) => /\.ya?ml(\.gz)?$/.test(name)).sort();
    for (const [index, file] of files.entries()) {
      if (values.only !== undefined && !file.includes(values.only)) continue;
      const tally = await judgeChart(
        server,
        join(folder, file),
        `corpus-${index}`,
        values.apply,
        values.controllers,
      );
      for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
      const { objects, findings, unknown, notServed, refused } = tally;
      console.log(
        `${file}: ${objects} objects, ${findings} findings, ${unknown} unknown, ${notServed} not served, ${refused} refused`,
      );
    }
  } finally {
    await server.stop();
  }
  const microsecondsPerObject = Math.round((total.milliseconds * 1000) / Math.max(1, total.objects));
  console.log(
    JSON.stringify({
      apply: values.apply,
      ...total,
      milliseconds: Math.round(total.milliseconds),
      microsecondsPerObject,
    }),
  );
  process.exitCode = total.findings > 0 ? 1 : 0;
}

async function judgeChart(
  server: ApiServer,
  file: string,
  namespace: string,
  how: How,
  controllers: boolean,
): Promise<Tally> {
  const tally = emptyTally();
  const wanted = new Map(
    (await readObjects(file)).map((object) => {
      const placed = inNamespace(object, namespace);
      return [identityOf(referenceOf(placed)), placed] as const;
    }),
  );
  const ranked = [...wanted.values()].sort((a, b) => rankOf(a) - rankOf(b));
  const live = new Map<string, Found>();
  const applied: KubernetesObject[] = [];
  server.forget();
  await ensureNamespaces(server, ranked);
  try {
    for (const rank of new Set(ranked.map(rankOf))) {
      const group = ranked.filter((object) => rankOf(object) === rank);
      await eachAtOnce(group, async (object) => {
        const outcome = await put(server, object, how);
        if (outcome === 'not served') {
          tally.notServed++;
          live.set(identityOf(referenceOf(object)), { kind: 'not-served' });
        } else if (outcome === 'applied') applied.push(object);
        else {
          tally.refused++;
          console.log(`  refused: ${object.kind}/${object.metadata.name}: ${outcome.slice(0, 300)}`);
        }
      });
      if (rank === 0 && group.length > 0) await established(server, group);
    }
    if (controllers) await sleep(CONTROLLERS_MS);
    await eachAtOnce(applied, async (object) => {
      const path = await server.pathOf(referenceOf(object));
      const answer = path === undefined ? undefined : await server.call('GET', path.object);
      live.set(
        identityOf(referenceOf(object)),
        answer?.status === 200
          ? { kind: 'found', object: answer.body as KubernetesObject }
          : { kind: 'unknown', reason: answer === undefined ? 'not served' : messageOf(answer) },
      );
    });
    const schemas = await schemasFor(server, applied);
    const desired = applied.map(
      (object): RenderedObject => ({
        object,
        role: 'applied',
        source: file,
        unstable: [],
        usesLookup: false,
      }),
    );
    const find = (reference: ObjectReference): Found => live.get(identityOf(reference)) ?? { kind: 'absent' };
    const judge = () => judgeSet({ desired, live: { find, owned: [] }, schemas, deployer: 'none' });
    const verdicts = judge();
    // Timed with its schemas compiled, as a warm function has them: they are cached by their content.
    const before = performance.now();
    judge();
    tally.milliseconds += performance.now() - before;
    for (const verdict of verdicts) {
      tally.objects++;
      if (verdict.kind === 'unknown') tally.unknown++;
      if (verdict.kind !== 'drift') continue;
      tally.drifted++;
      for (const finding of verdict.findings) {
        tally.findings++;
        const sides = JSON.stringify({ desired: finding.desired, live: finding.live })?.slice(0, 200);
        console.log(
          `  ${finding.verdict} ${verdict.object.kind}/${verdict.object.name} ${finding.at} ${sides} ${finding.note ?? ''} ${finding.attribution?.likely ?? ''}`,
        );
      }
    }
  } finally {
    await remove(server, applied);
  }
  return tally;
}

async function put(server: ApiServer, object: KubernetesObject, how: How): Promise<string> {
  const path = await server.pathOf(referenceOf(object));
  if (path === undefined) return 'not served';
  const placed = path.namespaced ? object : withoutNamespace(object);
  const send = () =>
    how === 'ssa'
      ? server.call(
          'PATCH',
          `${path.object}?fieldManager=${MANAGER}&force=true`,
          placed,
          'application/apply-patch+yaml',
        )
      : server.call('POST', `${path.collection}?fieldManager=${MANAGER}`, placed);
  let answer = await send();
  // What a chart before it left is still on its way out.
  for (let waited = 0; waited < PATIENCE_MS && isTransient(answer.status, messageOf(answer)); waited += 500) {
    await sleep(500);
    answer = await send();
  }
  return answer.status < 300 ? 'applied' : messageOf(answer);
}

const isTransient = (status: number, message: string): boolean =>
  (status === 409 && /already exists|being deleted|terminating/i.test(message)) ||
  (status === 404 && /the server could not find the requested resource/.test(message));

async function established(server: ApiServer, definitions: readonly KubernetesObject[]): Promise<void> {
  for (const definition of definitions) {
    if (definition.kind !== 'CustomResourceDefinition') continue;
    const path = await server.pathOf(referenceOf(definition));
    if (path === undefined) continue;
    for (let waited = 0; waited < PATIENCE_MS; waited += 100) {
      const { body } = await server.call('GET', path.object);
      const conditions = (body as { status?: { conditions?: { type: string; status: string }[] } }).status
        ?.conditions;
      if (
        conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ??
        waited > 2000
      )
        break;
      await sleep(100);
    }
  }
  server.forget();
}

/** The server publishes the schemas of new CRDs a little later. */
async function schemasFor(server: ApiServer, objects: readonly KubernetesObject[]): Promise<Schemas> {
  let schemas = await server.schemas();
  for (let waited = 0; waited < PATIENCE_MS; waited += 200) {
    if (objects.every(({ apiVersion, kind }) => schemas.of(apiVersion, kind) !== undefined)) break;
    await sleep(200);
    schemas = await server.schemas();
  }
  return schemas;
}

async function remove(server: ApiServer, objects: readonly KubernetesObject[]): Promise<void> {
  const latestFirst = [...objects].sort((a, b) => rankOf(b) - rankOf(a));
  for (const rank of new Set(latestFirst.map(rankOf))) {
    await eachAtOnce(
      latestFirst.filter((object) => rankOf(object) === rank && object.kind !== 'Namespace'),
      async (object) => {
        const path = await server.pathOf(referenceOf(object));
        if (path === undefined) return;
        const { status, body } = await server.call(
          'DELETE',
          `${path.object}?propagationPolicy=Background&gracePeriodSeconds=0`,
        );
        // Nobody runs here who would take finalizers off.
        if (status < 300 && object.kind !== 'CustomResourceDefinition' && isHeld(body))
          await server.call(
            'PATCH',
            path.object,
            { metadata: { finalizers: null } },
            'application/merge-patch+json',
          );
      },
    );
  }
  await gone(
    server,
    objects.filter(({ kind }) => kind === 'CustomResourceDefinition'),
  );
}

/** A definition goes when its objects have gone; the next chart may bring the same one. */
async function gone(server: ApiServer, definitions: readonly KubernetesObject[]): Promise<void> {
  for (const definition of definitions) {
    const path = await server.pathOf(referenceOf(definition));
    for (let waited = 0; path !== undefined && waited < PATIENCE_MS; waited += 200) {
      if ((await server.call('GET', path.object)).status === 404) break;
      await sleep(200);
    }
  }
}

const isHeld = (body: unknown): boolean =>
  ((body as { metadata?: { finalizers?: unknown[] } }).metadata?.finalizers?.length ?? 0) > 0;

async function ensureNamespaces(server: ApiServer, objects: readonly KubernetesObject[]): Promise<void> {
  const declared = new Set(
    objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : [])),
  );
  const names = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  for (const name of names)
    if (!declared.has(name))
      await server.call('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      });
}

const rankOf = ({ kind }: KubernetesObject): number => {
  const first = FIRST.indexOf(kind);
  if (first >= 0) return first;
  if (LAST.has(kind)) return FIRST.length + 2;
  return RESTRICTING.has(kind) ? FIRST.length + 1 : FIRST.length;
};

const inNamespace = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace },
});

function withoutNamespace(object: KubernetesObject): KubernetesObject {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubernetesObject['metadata'] };
}

async function readObjects(file: string): Promise<KubernetesObject[]> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString('utf8');
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`${file}:${parsed.line}: ${parsed.message}`);
  return parsed.documents.flatMap(({ value }) => {
    if (!isJsonObject(value)) return [];
    const list = typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
    return (list ? (value.items as readonly unknown[]) : [value]) as KubernetesObject[];
  });
}

async function eachAtOnce<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
    }),
  );
}

const emptyTally = (): Tally => ({
  objects: 0,
  findings: 0,
  drifted: 0,
  unknown: 0,
  notServed: 0,
  refused: 0,
  milliseconds: 0,
});

await main();
