import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '../../../lib/drift/schema.ts';
import { isJsonObject, type Json, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { findBinaries, KUBERNETES } from '../../../local/control-plane/binaries.ts';
import { cacheFolder } from '../../../local/tools.ts';
import { judge, put, said } from '../../lib/drift/judging.ts';
import { requirement } from '../../requirements.ts';
import { type ApiServer, objectOf, startApiServer } from '../api-server.ts';
import { SAMPLES } from './samples.ts';

type Steps = readonly (string | number)[];

/** A scalar of a built-in type, somewhere in a sample. */
interface Field {
  readonly name: string;
  readonly sample: KubernetesObject;
  readonly path: Steps;
  readonly pointer: boolean;
}

/** Those that the tables have as kept that this asks the server about: fewer, and the sample has lost some. */
const AT_LEAST = 60;

for (const kubernetes of KUBERNETES)
  test(
    `Kubernetes ${kubernetes} keeps the zero values that our tables say, and fills in the defaults`,
    requirement('control-plane'),
    async (t) => {
      const here = await findBinaries({
        cacheFolder: cacheFolder(),
        kubernetes,
        missing: 'give-up',
        onProgress: () => {},
      });
      if (here.kind === 'unavailable') return t.skip(`${here.reason}: ${here.howTo}`);
      const started = await startApiServer('api', kubernetes);
      if (started.kind === 'unavailable') return t.skip(`${started.reason}: ${started.howTo}`);
      const { server } = started;
      try {
        const schemas = await server.schemas();
        const fields = new Map<string, Field>();
        for (const sample of SAMPLES) {
          const made = objectOf(await create(server, sample));
          assert.deepEqual(said(judge(sample, made, { schemas })), [], sample.kind);
          const schema = schemas.of(sample.apiVersion, sample.kind);
          assert.ok(schema, sample.kind);
          collect(sample as unknown as Json, schema, [], (name, path, pointer) => {
            if (!fields.has(name)) fields.set(name, { name, sample, path, pointer });
          });
        }
        const wrong: string[] = [];
        let kept = 0;
        let dropped = 0;
        await eachOf([...fields.values()], async (field) => {
          const answer = await fateOf(server, field);
          if (answer === undefined) return;
          if (answer === 'kept') kept++;
          else dropped++;
          if ((answer === 'kept') !== field.pointer) wrong.push(`${field.name} is ${answer}`);
        });
        t.diagnostic(`${fields.size} scalars: ${kept} kept, ${dropped} dropped, others refused or filled in`);
        assert.deepEqual(wrong.sort(), []);
        assert.ok(kept >= AT_LEAST, `${kept} kept`);
      } finally {
        await server.stop();
      }
    },
  );

async function create(server: ApiServer, object: KubernetesObject) {
  const path = await server.pathOf(referenceOf(object));
  assert.ok(path, object.kind);
  return server.call(
    'POST',
    `${path.collection}?dryRun=All&fieldValidation=Strict&fieldManager=helm`,
    object,
  );
}

/** What becomes of a declared zero value; undefined where none is allowed, or something is filled in without it. */
async function fateOf(server: ApiServer, { sample, path }: Field): Promise<'kept' | 'dropped' | undefined> {
  const without = at((await create(server, put(sample, path, undefined))).body as Json, path);
  if (without !== undefined) return undefined;
  for (const zero of [false, 0, '']) {
    const { status, body } = await create(server, put(sample, path, zero));
    if (status >= 300) continue;
    const made = at(body as Json, path);
    if (made === undefined) return (await isGated(server, sample, path)) ? undefined : 'dropped';
    return made === zero ? 'kept' : undefined;
  }
  return undefined;
}

/** Behind a feature gate that is closed, every value is dropped: that says nothing of zero ones. */
async function isGated(server: ApiServer, sample: KubernetesObject, path: Steps): Promise<boolean> {
  for (const value of [true, 1, 'x']) {
    const { status, body } = await create(server, put(sample, path, value));
    if (status < 300) return at(body as Json, path) === undefined;
  }
  return false;
}

function collect(
  value: Json,
  schema: Schema,
  path: Steps,
  found: (name: string, path: Steps, pointer: boolean) => void,
): void {
  if (schema.kind === 'list' && Array.isArray(value))
    for (const [index, item] of value.entries()) collect(item as Json, schema.items, [...path, index], found);
  if (schema.kind !== 'struct' || !isJsonObject(value)) return;
  for (const [name, field] of schema.fields) {
    const inner = [...path, name];
    if (inner[0] === 'status' || inner[0] === 'metadata' || name === 'apiVersion' || name === 'kind')
      continue;
    if (field.kind === 'scalar' && field.format === 'plain' && schema.type !== '')
      found(`${schema.type}.${name}`, inner, field.pointer);
    const entry = value[name];
    if (entry !== undefined) collect(entry, field, inner, found);
  }
}

const at = (value: Json, path: Steps): Json | undefined =>
  path.reduce<Json | undefined>((node, step) => {
    if (Array.isArray(node)) return node[Number(step)] as Json | undefined;
    return isJsonObject(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  }, value);

const AT_ONCE = 6;

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
    }),
  );
}
