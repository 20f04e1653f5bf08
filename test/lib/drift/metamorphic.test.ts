import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import fc from 'fast-check';
import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { requirement, sharedFolder } from '../../requirements.ts';
import { judge, said } from './judging.ts';
import { holds } from './property-runs.ts';

const schemas = await builtInSchemas();

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const quantity = fc.integer({ min: 1, max: 4000 }).map((milli) => `${milli}m`);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const unique = <T extends { readonly name: string }>(value: fc.Arbitrary<T>) =>
  fc.uniqueArray(value, { selector: (item) => item.name, maxLength: 4 });

const container = fc.record({
  name,
  image: name.map((text) => `registry.example/${text}:1`),
  args: optional(fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 })),
  env: optional(unique(fc.record({ name, value: fc.string({ maxLength: 4 }) }))),
  resources: optional(fc.record({ limits: fc.record({ cpu: quantity, memory: quantity }) })),
  securityContext: optional(fc.record({ privileged: fc.boolean(), runAsNonRoot: optional(fc.boolean()) })),
});
const deployment = fc
  .record({
    labels: fc.dictionary(
      // Not the name of a field that a property changes.
      name.map((text) => `label-${text}`),
      fc.string({ maxLength: 5 }),
      { maxKeys: 3 },
    ),
    containers: fc.uniqueArray(container, { selector: (item) => item.name, minLength: 1, maxLength: 3 }),
    volumes: optional(unique(fc.record({ name, emptyDir: fc.constant({}) }))),
    hostNetwork: optional(fc.boolean()),
  })
  .map(({ labels, ...pod }) =>
    withoutUndefined({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', labels },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: pod },
      },
    }),
  );

const isSame = (desired: KubernetesObject, live: KubernetesObject): void =>
  assert.deepEqual(said(judge(desired, live, { schemas })), []);

test('an object is in sync with itself', () => {
  holds(deployment, (object) => isSame(object, structuredClone(object)));
});

test('the order of keys means nothing', () => {
  holds(deployment, (object) => isSame(object, reversed(object)));
});

test('the order of containers and volumes means nothing', () => {
  holds(deployment, (object) =>
    isSame(
      object,
      changed(object, ['containers', 'volumes'], (list) => (list as Json[]).toReversed()),
    ),
  );
});

test('quantities may be spelt another way', () => {
  const spelt = (value: Json): Json => `${Number(String(value).slice(0, -1)) / 1000}`;
  holds(deployment, (object) => isSame(object, changed(object, ['cpu', 'memory'], spelt)));
});

test('defaults that the server fills in mean nothing', () => {
  holds(deployment, (object) =>
    isSame(
      object,
      changed(object, ['containers'], (list) =>
        (list as readonly Record<string, Json>[]).map((item) => ({
          ...item,
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        })),
      ),
    ),
  );
});

test('a field that is null and one that is left out are the same', () => {
  holds(deployment, (object) => {
    const spec = object.spec as Record<string, Json>;
    isSame({ ...object, spec: { ...spec, minReadySeconds: null, strategy: null } }, object);
  });
});

test('every change of a value is one finding at its path, and of a key at least one', () => {
  holds(fc.tuple(deployment, fc.nat()), ([object, number]) => {
    const leaves = leavesOf(object.spec as Json);
    const leaf = leaves[number % leaves.length] ?? [];
    const live = { ...object, spec: changedAt(object.spec as Json, leaf) };
    const found = said(judge(object, live, { schemas }));
    if (leaf.at(-1) === 'name') assert.notDeepEqual(found, []);
    else assert.deepEqual(found, [`changed ${nameOf(object.spec as Json, leaf)}`]);
  });
});

test('each object of the world’s charts is in sync with itself', requirement('shared'), async () => {
  const corpus = join(sharedFolder(), 'corpus');
  const files = (await readdir(corpus)).filter((file) => file.endsWith('.gz'));
  const wrong: string[] = [];
  // A tenth of it: the oracle `npm run corpus` does them all, on a real server.
  for (const file of files.filter((_file, index) => index % 10 === 0)) {
    const text = (await promisify(gunzip)(await readFile(join(corpus, file)))).toString('utf8');
    const parsed = parseYamlDocuments(text, 'kubernetes');
    assert.equal(parsed.kind, 'parsed', file);
    if (parsed.kind !== 'parsed') continue;
    for (const { value } of parsed.documents) {
      if (!isJsonObject(value) || !isJsonObject(value.metadata)) continue;
      const object = value as unknown as KubernetesObject;
      wrong.push(
        ...said(judge(object, reversed(object), { schemas })).map(
          (finding) => `${file} ${object.kind} ${finding}`,
        ),
      );
    }
  }
  assert.deepEqual(wrong, []);
});

function withoutUndefined(value: unknown): KubernetesObject {
  return JSON.parse(JSON.stringify(value)) as KubernetesObject;
}

/** The same with the keys of every object the other way round. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, entry]) => [key, reversed(entry)]),
  ) as T;
}

/** The same with every field of one of these names changed. */
function changed<T>(value: T, names: readonly string[], change: (entry: Json) => Json): T {
  if (Array.isArray(value)) return value.map((item) => changed(item, names, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      names.includes(key) ? change(entry as Json) : changed(entry, names, change),
    ]),
  ) as T;
}

type Steps = readonly (string | number)[];

function leavesOf(value: Json, path: Steps = []): Steps[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]));
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([key, entry]) => leavesOf(entry, [...path, key]));
  return [path];
}

/** As people read a place below `spec`: items by their name where they have one. */
function nameOf(spec: Json, leaf: Steps): string {
  let at = 'spec';
  let node = spec;
  for (const step of leaf) {
    node = (node as Record<string | number, Json>)[step] ?? null;
    if (typeof step === 'string') at += /^[$\w-]+$/.test(step) ? `.${step}` : `['${step}']`;
    else at += isJsonObject(node) ? `[name=${node.name}]` : `[${step}]`;
  }
  return at;
}

function changedAt(value: Json, [step, ...rest]: Steps): Json {
  if (step === undefined) return typeof value === 'boolean' ? !value : `${value}1`;
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? changedAt(item, rest) : item));
  const object = value as Record<string, Json>;
  return { ...object, [step]: changedAt(object[step] ?? null, rest) };
}
