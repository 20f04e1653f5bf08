/**
 * Holds what we say of an apply against a real API server, for every object of the corpus:
 *
 *   node test/oracles/refusals.ts [part of a file name]
 *
 * Prints each object that we would refuse and the server takes (a false rejection: the exit code is 1 then, as it is
 * where nothing was judged), and each that the server refuses and we let pass, with what it says.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type KindSchemas, kindSchemasOf } from '../../lib/charts/judge/apply-schema.ts';
import type { OpenApiDocument } from '../../lib/drift/openapi.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  referenceOf,
} from '../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../lib/objects/yaml.ts';
import { sharedFolder } from '../requirements.ts';
import { type ApiServer, messageOf, startApiServer } from './api-server.ts';

const APPLY = 'application/apply-patch+yaml';
const PATIENCE_MS = 10_000;
const GZIP = 0x1f8b;

const tally = { objects: 0, agreedTaken: 0, agreedRefused: 0, falseRejections: 0, letPass: 0, notServed: 0 };

async function main(): Promise<void> {
  const started = await startApiServer();
  if (started.kind === 'unavailable') throw new Error(`${started.reason}: ${started.howTo}`);
  const { server } = started;
  try {
    const folder = join(sharedFolder(), 'corpus');
    const part = process.argv[2] ?? '';
    for (const file of (await readdir(folder)).filter((name) => name.includes(part)).sort())
      await judgeFile(server, file, readObjects(await readFile(join(folder, file))));
  } finally {
    await server.stop();
  }
  console.log(JSON.stringify(tally));
  if (tally.falseRejections > 0 || tally.objects === 0) process.exitCode = 1;
}

async function judgeFile(
  server: ApiServer,
  file: string,
  objects: readonly KubernetesObject[],
): Promise<void> {
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  for (const definition of definitions) {
    const { status } = await apply(server, definition, '');
    if (status < 300) await established(server, definition);
  }
  server.forget();
  for (const namespace of new Set(objects.map(({ metadata }) => metadata.namespace ?? 'default')))
    await apply(server, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, '');
  const documents = new Map<string, KindSchemas>();
  for (const object of objects) {
    if (!documents.has(object.apiVersion))
      documents.set(object.apiVersion, await schemasOf(server, object, definitions.length > 0));
    const faults = documents
      .get(object.apiVersion)
      ?.check(object.apiVersion, object as unknown as JsonObject);
    const path = await server.pathOf(referenceOf(object));
    if (faults === undefined || path === undefined) {
      tally.notServed++;
      continue;
    }
    tally.objects++;
    const answer = await apply(server, object, '&dryRun=All');
    const [taken, clean] = [answer.status < 300, faults.length === 0];
    if (taken && clean) tally.agreedTaken++;
    else if (!taken && !clean) tally.agreedRefused++;
    else if (taken) tally.falseRejections++;
    else tally.letPass++;
    if (taken !== clean)
      console.log(
        `${taken ? 'FALSE REJECTION' : 'let pass'} ${file}: ${object.kind}/${object.metadata.name} ` +
          `${JSON.stringify(faults).slice(0, 400)} ${taken ? '' : messageOf(answer).slice(0, 400)}`,
      );
    else if (!clean)
      console.log(
        `refused by both ${file}: ${object.kind}/${object.metadata.name} ${JSON.stringify(faults[0])}`,
      );
  }
  for (const definition of definitions) {
    const path = await server.pathOf(referenceOf(definition));
    if (path !== undefined) await server.call('DELETE', path.object);
    for (let waited = 0; path !== undefined && waited < PATIENCE_MS; waited += 50) {
      if ((await server.call('GET', path.object)).status === 404) break;
      await sleep(50);
    }
  }
}

async function apply(server: ApiServer, object: KubernetesObject, more: string) {
  const path = await server.pathOf(referenceOf(object));
  if (path === undefined) return { status: 404, body: null };
  const { namespace, ...metadata } = object.metadata;
  const placed = {
    ...object,
    metadata: path.namespaced ? { ...metadata, namespace: namespace ?? 'default' } : metadata,
  };
  const query = `fieldManager=helm&fieldValidation=Strict&force=true${more}`;
  return server.call('PATCH', `${path.object}?${query}`, placed, APPLY);
}

async function established(server: ApiServer, definition: KubernetesObject): Promise<void> {
  const path = await server.pathOf(referenceOf(definition));
  for (let waited = 0; path !== undefined && waited < PATIENCE_MS; waited += 50) {
    const { body } = await server.call('GET', path.object);
    const { status } = body as { status?: { conditions?: { type: string; status: string }[] } };
    if (status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True')) return;
    await sleep(50);
  }
}

/** Of a kind that was just defined the document comes a moment later. */
async function schemasOf(
  server: ApiServer,
  { apiVersion, kind }: KubernetesObject,
  mayCome: boolean,
): Promise<KindSchemas> {
  const path = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
  for (let waited = 0; ; waited += 100) {
    const { status, body } = await server.call('GET', `/openapi/v3/${path}`);
    const schemas = kindSchemasOf(status === 200 ? (body as OpenApiDocument) : {});
    if (schemas.check(apiVersion, { apiVersion, kind }) !== undefined) return schemas;
    if (!mayCome || waited > PATIENCE_MS / 5) return schemas;
    await sleep(100);
  }
}

function readObjects(bytes: Buffer): KubernetesObject[] {
  const isPacked = bytes.readUInt16BE(0) === GZIP;
  const text = (isPacked ? gunzipSync(bytes) : bytes).toString('utf8');
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`line ${parsed.line}: ${parsed.message}`);
  return parsed.documents
    .flatMap(({ value }) => {
      if (!isJsonObject(value) || typeof value.kind !== 'string') return [];
      const isList =
        typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
      return (isList ? value.items : [value]) as unknown as KubernetesObject[];
    })
    .filter(({ metadata }) => metadata?.name !== undefined);
}

await main();
