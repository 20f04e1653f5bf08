import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseJson } from '../../../lib/objects/json.ts';
import type { Json } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';
import { tools } from '../../../local/tools.ts';
import { documentOf, INPUTS, INVALID, sorted } from './yaml-inputs.ts';

const kubectl = async (stdin: string) => {
  const { kubectl: binary } = await tools();
  const options = ['patch', '--local', '--type', 'merge', '-p', '{}', '-o', 'json', '-f', '-'];
  return spawnSync(binary, options, { input: stdin, encoding: 'utf8', maxBuffer: 2 ** 26 });
};

test(`${INPUTS.length} inputs mean to us what they mean to kubectl`, async () => {
  const { stdout, stderr } = await kubectl(INPUTS.map(documentOf).join('---\n'));
  assert.equal(stderr, '');
  const answers = stdout
    .split(/(?<=^\}\n)/m)
    .filter((text) => text.trim() !== '')
    .map((text) => parseJson(text));
  assert.equal(answers.length, INPUTS.length);
  const wrong: string[] = [];
  for (const [index, input] of INPUTS.entries()) {
    const got = read(documentOf(input, index));
    if (sorted(got) !== sorted(answers[index] ?? null))
      wrong.push(`${input}\n  kubectl ${sorted(answers[index] ?? null)}\n  ours    ${sorted(got)}`);
  }
  assert.deepEqual(wrong, []);
});

for (const input of INVALID) {
  test(`neither we nor kubectl read ${JSON.stringify(input)}`, async () => {
    const { status } = await kubectl(documentOf(input, 0));
    assert.notEqual(status, 0);
    assert.equal(parseYamlDocuments(documentOf(input, 0), 'kubernetes').kind, 'invalid');
  });
}

test('documents without content are left out, and each knows its lines', () => {
  const parsed = parseYamlDocuments(
    '---\n# nothing\n---\na: 1\nb:\n  - c: 1\n    d: 2\n---\n---\ne: 1\n',
    'kubernetes',
  );
  assert.equal(parsed.kind, 'parsed');
  if (parsed.kind !== 'parsed') return;
  assert.deepEqual(
    parsed.documents.map(({ value, line }) => ({ value, line })),
    [
      { value: { a: 1, b: [{ c: 1, d: 2 }] }, line: 4 },
      { value: { e: 1 }, line: 10 },
    ],
  );
  const [first] = parsed.documents;
  assert.equal(first?.lineOf('/b/0/d'), 7);
  assert.equal(first?.lineOf('/b'), 5);
  assert.equal(first?.lineOf('/nothing'), undefined);
});

test('what nests more than a hundred levels is refused at its line, before it costs', () => {
  const list = (levels: number) => `a: ${'['.repeat(levels)}${']'.repeat(levels)}`;
  assert.notEqual(read(list(99)), null);
  const refused = 'invalid at line 1: it nests more than 100 levels deep';
  assert.deepEqual(documentsOf(list(100), 'kubernetes'), [refused]);
  assert.deepEqual(documentsOf(list(20_000), 'kustomize'), [refused]);
  assert.deepEqual(documentsOf('['.repeat(20_000), 'kubernetes'), [refused]);
  assert.deepEqual(documentsOf('- '.repeat(20_000), 'kubernetes'), [refused]);
  assert.deepEqual(documentsOf('? '.repeat(20_000), 'kubernetes'), [refused]);
  const lines = Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:\n`).join('');
  assert.deepEqual(documentsOf(lines, 'kubernetes'), [
    'invalid at line 101: it nests more than 100 levels deep',
  ]);
  assert.deepEqual(documentsOf(`a: |\n${lines.replaceAll(/^/gm, '  ')}`, 'kubernetes').length, 1);
  assert.deepEqual(documentsOf(`a: "${'['.repeat(20_000)}"`, 'kubernetes').length, 1);
});

test('aliases that multiply without end are refused', () => {
  const levels = Array.from({ length: 9 }, (_, index) => {
    const before = index === 0 ? 'x' : `*a${index - 1}`;
    return `a${index}: &a${index} [${Array(9).fill(before).join(', ')}]`;
  });
  const parsed = parseYamlDocuments(`${levels.join('\n')}\n`, 'kubernetes');
  assert.equal(parsed.kind, 'invalid');
});

function read(text: string): Json {
  const [value] = documentsOf(text, 'kubernetes');
  return value ?? null;
}

function documentsOf(text: string, reader: 'kubernetes' | 'kustomize'): Json[] {
  const parsed = parseYamlDocuments(text, reader);
  if (parsed.kind === 'invalid') return [`invalid at line ${parsed.line}: ${parsed.message}`];
  return parsed.documents.map(({ value }) => value);
}
