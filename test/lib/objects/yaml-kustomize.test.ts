import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Json } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';
import { tools } from '../../../local/tools.ts';
import { documentOf, INPUTS, INVALID, sorted } from './yaml-inputs.ts';

/**
 * Read otherwise, each for a reason: kyaml adds an empty line to a folded text with deeper lines, and writes separators
 * of Unicode as they are, which Kubernetes then takes for line ends.
 */
const OTHERWISE = new Set(['x: >-\n  a\n   b\n  c', 'x: "a\u2028b"', "x: 'a\u2029b'", 'x: "\\N\\_\\L\\P"']);

const ALL = [...INPUTS, ...INVALID];
const readings = ALL.map((input, index) => ({ input, index, ours: read(documentOf(input, index)) }));
const accepted = readings.filter(({ input, ours }) => ours !== undefined && !OTHERWISE.has(input));
const refused = readings.filter(({ ours }) => ours === undefined);

/** What `kubectl kustomize` builds of documents, one file each. */
async function built(documents: ReadonlyMap<string, string>) {
  const { kubectl } = await tools();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-kustomize-'));
  try {
    for (const [name, text] of documents) await writeFile(join(folder, name), text);
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: [...documents.keys()] }));
    return spawnSync(kubectl, ['kustomize', folder], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test(`${accepted.length} inputs mean to us what they mean to kustomize`, async () => {
  assert.ok(accepted.length >= 300);
  const { stdout, stderr } = await built(
    new Map(accepted.map(({ input, index }) => [`${index}.yaml`, documentOf(input, index)])),
  );
  assert.equal(stderr, '');
  const parsed = parseYamlDocuments(stdout, 'kubernetes');
  assert.ok(parsed.kind === 'parsed');
  const theirs = new Map(parsed.documents.map(({ value }) => [nameOf(value), sorted(value)]));
  const wrong = accepted.flatMap(({ input, index, ours }) => {
    const their = theirs.get(`c-${index}`);
    return their === ours ? [] : [`${input}\n  kustomize ${their}\n  ours      ${ours}`];
  });
  assert.deepEqual(wrong, []);
});

test(`${refused.length} inputs that we refuse kustomize refuses as well`, async () => {
  const taken: string[] = [];
  for (const { input, index } of refused) {
    const { status } = await built(new Map([['one.yaml', documentOf(input, index)]]));
    if (status === 0) taken.push(input);
  }
  assert.deepEqual(taken, []);
});

test('kustomize fails on a duplicate key, with its line', () => {
  const parsed = parseYamlDocuments('a: 1\nb: 2\na: 3\n', 'kustomize');
  assert.deepEqual(parsed, { kind: 'invalid', message: 'mapping key "a" already defined', line: 3 });
});

function read(text: string): string | undefined {
  const parsed = parseYamlDocuments(text, 'kustomize');
  return parsed.kind === 'parsed' ? sorted(parsed.documents[0]?.value ?? null) : undefined;
}

const nameOf = (value: Json): string => (value as { metadata: { name: string } }).metadata.name;
