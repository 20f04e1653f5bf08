import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatJson, parseJson } from '../../../lib/objects/json.ts';
import type { Json } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';
import { tools } from '../../../local/tools.ts';

/** Each is a value in `x: VALUE`, and again a key in `y: {VALUE: 1}` where it can be one. */
const SCALARS = [
  ...[
    'y',
    'Y',
    'yes',
    'Yes',
    'YES',
    'yEs',
    'n',
    'N',
    'no',
    'No',
    'NO',
    'on',
    'On',
    'ON',
    'off',
    'Off',
    'OFF',
  ],
  ...['true', 'True', 'TRUE', 'tRUE', 'false', 'False', 'FALSE', 't', 'f'],
  ...['0', '-0', '+1', '-1', '007', '0644', '0o644', '0O17', '08', '0x1F', '0X1f', '-0x10', '0b101', '-0b11'],
  ...['1_000', '1__0', '_1', '0x_1F', '12:30', '12:30:45', '190:20:30', '1:60', '1,000'],
  ...[
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551615',
  ],
  ...['18446744073709551616', '-9223372036854775808', '-9223372036854775809', '0xFFFFFFFFFFFFFFFF'],
  ...[
    '1.0',
    '1.5',
    '-1.5',
    '.5',
    '-.5',
    '+.5',
    '1.',
    '5.',
    '1e3',
    '1E3',
    '1e+3',
    '1e-3',
    '12e6',
    '.5e1',
    '1.e1',
    '1e',
    '1e400',
  ],
  ...[
    '1.2.3',
    'v1.2',
    '1.10',
    '0.1',
    '0.30000000000000004',
    '3.0e2',
    '123456789.125',
    '1_0.5',
    '0x1.8p1',
    '1e21',
    '1e-7',
  ],
  ...[
    '2020-01-01',
    '2020-1-1',
    '2020-01-01T00:00:00Z',
    '2020-01-01t10:00:00Z',
    '2020-01-01 10:00:00',
    '2020-02-30',
  ],
  ...['2020-01-01T00:00:00+02:00', '20-01-01', '2020-01', '2020-01-01T10:00Z', '2001-12-14 21:59:43.10 -5'],
  ...['~', 'null', 'Null', 'NULL', 'nULL', 'nil', 'none', 'NaN', 'inf', '+inf', 'Infinity'],
  ...[
    '-',
    '+',
    '.',
    '..',
    '...a',
    '1Gi',
    '500m',
    '100%',
    '25%',
    '1h30m',
    'a b',
    'http://a/b',
    '<<',
    '=',
    '@a',
    '%a',
  ],
].filter((text) => !/^[-@%]$|^[@%]/.test(text));

const DOCUMENTS = [
  'x: "yes"',
  "x: 'yes'",
  'x: "0644"',
  'x:',
  'x: ""',
  'x: |\n  a\n  b',
  'x: |-\n  a\n\n  b\n\n',
  'x: |+\n  a\n\n',
  'x: >\n  a\n  b\n\n  c',
  'x: >-\n  a\n   b\n  c',
  'x: a\n  b\n  c',
  'x: "a\\tb\\u00e9\\x41\\n"',
  'x: "a\n  b"',
  "x: 'it''s'",
  'x: [a, b, 1, yes, ~]',
  'x: [1, [2, {a: b}], ]',
  'x: {a: 1, b: , c}',
  'x: {"a": 1, ? b : 2}',
  'x: {a: 1, a: 2}',
  'x: 1\nx: 2',
  'x: &a {p: 1}\ny: *a',
  'a: &a {p: 1, q: 2}\nx:\n  <<: *a\n  q: 3',
  'a: &a {p: 1, q: 2}\nx:\n  q: 3\n  <<: *a',
  'a: &a {p: 1}\nb: &b {p: 2, q: 2}\nx:\n  <<: [*a, *b]',
  'x: {"<<": 1}',
  'x: !!str 1',
  'x: !!int "3"',
  'x: !!float 3',
  'x: !!bool "yes"',
  'x: !!null ""',
  'x: !foo bar',
  'x: !!str\ny: 1',
  'x: !!binary aGVsbG8=',
  '? x\n: y',
  'x:\n- a\n- b',
  'x:\n  - a: 1\n    b: 2\n  -\n    c: 3\n  - - 1\n    - 2',
  'x: a#b\ny: a #b',
  'x: "#b"',
  '# comment\nx: 1 # another',
  'x: a: b'.replace('a: b', '"a: b"'),
  'x: -1a',
  'x: - 1'.replace('- 1', '"- 1"'),
  'x: \u00e9\u4e2d\u{1f600}',
  'x: "\\U0001F600"',
  '1: a\n1.5: b\ntrue: c\nno: d\n0x10: e',
  '1e3: a\n0644: b\n1.0: c\n2020-01-01: d\n100000000.0: e',
  '0.1: a\n1e21: b\n1e-7: c',
  '__proto__: {a: 1}',
  'x: {__proto__: 1, constructor: 2}',
  'x: [\n  1,\n  2\n]',
  'x: {\n  a: 1\n}',
  'x: "\\\n  a"',
  'x: |2\n    a\n   b',
  "x: ''",
  'x: a\\nb',
  // Line ends that only Go's readers know, and separators in quotes, where they stand for themselves.
  'x: a\u0085  b',
  'x: a\u0085y: b',
  'x: a\ry: b',
  'x: |\n  a\u0085  b',
  'x: "a\u0085  b"',
  'x: >\n  a\u0085  b',
  'x: a # c\u0085y: b',
  'x: {a:\u0085 1}',
  'x: a\u0085',
  'x: "a\\\u0085  b"',
  'x: "a\u2028b"',
  "x: 'a\u2029b'",
  'x: "\\N\\_\\L\\P"',
  'x: a\u00a0b',
  'x: a\u200bb',
  'x: "\\x00"',
  'x: \ufeffa',
  'x: |\r\n  a\r\n  b',
  'x:\ta',
  'x: a\t# c',
  'x: !!float 1e3',
  'x: !!int 0x10',
  'x: ?a',
  'x: -a',
  'x: :a',
  'x: a:b',
];

/** What neither reads. */
const INVALID = [
  'x: .inf',
  'x: .nan',
  'x: *a',
  'x: [1',
  'x: {a: 1',
  "x: 'a",
  '{}: 1',
  '9223372036854775808: 1',
  '~: 1',
  'x: "\\q"',
  'x:\n\t- a',
  'x: a\u2028b',
  'x: a\rb',
  'x: |\n  a\u0085b',
  '"k\u0085l": 1',
  'x: a\u0007b',
  'x: "a\u001bb"',
  'x: a\u007fb',
  'x: a\ufffeb',
  'x: "\\ud83d\\ude00"',
  'x: "\\/"',
  'x: !!int 1e3',
  'x: !!binary "%%"',
];

const inputs = [
  ...SCALARS.flatMap((text) => [`x: ${text}`, `x: [${text}]`]),
  ...SCALARS.filter(
    (text) =>
      !/^(~|null|Null|NULL|<<|9223372036854775808|18446744073709551615|0xFFFFFFFFFFFFFFFF)$/.test(text),
  ).map((text) => `y: {${text}: 1}`),
  ...DOCUMENTS,
];

const documentOf = (input: string, index: number) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-${index}}\n${input}\n`;

const kubectl = async (stdin: string) => {
  const { kubectl: binary } = await tools();
  const options = ['patch', '--local', '--type', 'merge', '-p', '{}', '-o', 'json', '-f', '-'];
  return spawnSync(binary, options, { input: stdin, encoding: 'utf8', maxBuffer: 2 ** 26 });
};

test(`${inputs.length} inputs mean to us what they mean to kubectl`, async () => {
  const { stdout, stderr } = await kubectl(inputs.map(documentOf).join('---\n'));
  assert.equal(stderr, '');
  const answers = stdout
    .split(/(?<=^\}\n)/m)
    .filter((text) => text.trim() !== '')
    .map((text) => parseJson(text));
  assert.equal(answers.length, inputs.length);
  const wrong: string[] = [];
  for (const [index, input] of inputs.entries()) {
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

test('kustomize reads dates as times and leaves yes a string', async () => {
  const { kubectl: binary } = await tools();
  const values = [
    '2020-01-01',
    '2020-01-01T10:00:00Z',
    'yes',
    'on',
    'true',
    '0644',
    '0o17',
    '1e3',
    '1.5',
    '~',
    '12:30',
    '0x1F',
  ];
  const folder = await mkdtemp(join(tmpdir(), 'kustomize-'));
  try {
    const documents = values.map((value, index) => documentOf(`x: ${value}`, index));
    await writeFile(join(folder, 'all.yaml'), documents.join('---\n'));
    await writeFile(join(folder, 'kustomization.yaml'), 'resources: [all.yaml]\n');
    const built = spawnSync(binary, ['kustomize', folder], { encoding: 'utf8' });
    assert.equal(built.stderr, '');
    const theirs = documentsOf(built.stdout, 'kubernetes');
    const byName = new Map(theirs.map((value) => [nameOf(value), value]));
    for (const [index, document] of documents.entries()) {
      const [ours] = documentsOf(document, 'kustomize');
      assert.equal(sorted(ours ?? null), sorted(byName.get(`c-${index}`) ?? null), values[index]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('kustomize fails on a duplicate key, with its line', () => {
  const parsed = parseYamlDocuments('a: 1\nb: 2\na: 3\n', 'kustomize');
  assert.deepEqual(parsed, { kind: 'invalid', message: 'mapping key "a" already defined', line: 3 });
});

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

const nameOf = (value: Json): string => (value as { metadata: { name: string } }).metadata.name;

/** Keys sorted at every level; a null-prototype object would lose `__proto__`, so by hand. */
function sorted(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return formatJson(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${sorted(entry)}`).join(',')}}`;
}
