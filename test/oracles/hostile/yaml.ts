import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { type HostileCase, harmless, LARGE, type Limits, QUICK, refused, TARGET } from './case.ts';

const FAMILY = 'yaml';

type Text = string | Buffer;

const asValues =
  (body: Text): HostileCase['puts'] =>
  ({ release }) => [{ key: `${TARGET}/shop/${release}/values.yaml`, body }];
const asManifest =
  (body: Text): HostileCase['puts'] =>
  ({ release }) => [{ key: `${TARGET}/manifests/${release}.yaml`, body }];
const bad = (name: string, body: Text, codes: readonly ReasonCode[], limits: Limits = QUICK): HostileCase =>
  refused(FAMILY, name, asValues(body), codes, { limits });
const badManifest = (name: string, body: Text, codes: readonly ReasonCode[]): HostileCase =>
  refused(FAMILY, name, asManifest(body), codes);
const fine = (name: string, body: Text, limits: Limits = LARGE): HostileCase =>
  harmless(FAMILY, name, asValues(body), { limits });

const AMBIGUOUS: readonly ReasonCode[] = ['yaml-ambiguous'];
const TWICE: readonly ReasonCode[] = ['yaml-duplicate-key'];

const object = (more: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata:\n  a: b\n${more}`;

const CHARACTERS: readonly (readonly [string, string])[] = [
  ['U+2028', '\u2028'],
  ['U+2029', '\u2029'],
  ['U+0085', '\u0085'],
  ['a bare carriage return', '\r'],
  ['a byte order mark inside', '\ufeff'],
  ['NUL', '\0'],
  ['ESC', '\u001b'],
  ['backspace', '\b'],
  ['DEL', '\u007f'],
  ['a C1 control', '\u009b'],
  ['U+FFFF', '\uffff'],
];

const ambiguous: readonly HostileCase[] = [
  ...CHARACTERS.flatMap(([name, character]) => [
    bad(`values with ${name}`, `a: 1 # ${character}b: 2\n`, AMBIGUOUS),
    badManifest(`a manifest with ${name}`, object(`# ${character}kind: Secret\n`), AMBIGUOUS),
  ]),
  bad('values in UTF-16, little end first', Buffer.from('\ufeffa: 1\n', 'utf16le'), AMBIGUOUS),
  bad('values in UTF-16, big end first', Buffer.from('\ufeffa: 1\n', 'utf16le').swap16(), AMBIGUOUS),
  bad('values in UTF-16 without a mark', Buffer.from('a: 1\n', 'utf16le'), AMBIGUOUS),
  bad('values that are not UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff, 0x0a]), AMBIGUOUS),
  bad('values with an overlong slash', Buffer.from([0x61, 0x3a, 0x20, 0xc0, 0xaf, 0x0a]), AMBIGUOUS),
  bad('values with half a surrogate', Buffer.from([0x61, 0x3a, 0x20, 0xed, 0xa0, 0x80, 0x0a]), AMBIGUOUS),
  bad('values with a directive', '%YAML 1.1\n---\na: yes\n', AMBIGUOUS),
  bad('values with a tag directive', '%TAG ! tag:example.com,2000:\n---\na: 1\n', AMBIGUOUS),
  bad('values with !!binary', 'a: !!binary aGVsbG8=\n', AMBIGUOUS),
  bad('values with a tag of a language', 'a: !!python/object/apply:os.system ["id"]\n', AMBIGUOUS),
  bad('values with a tag of its own', 'a: !vault x\n', AMBIGUOUS),
  bad('values with a set', 'a: !!set {x, y}\n', AMBIGUOUS),
  bad('values with an ordered mapping', 'a: !!omap [x: 1]\n', ['yaml-ambiguous', 'yaml-invalid']),
  bad('values with a date by tag', 'a: !!timestamp 2001-01-01\n', AMBIGUOUS),
  bad('values with a merge by tag', 'b: &b {x: 1}\na: {!!merge "<<": *b}\n', AMBIGUOUS),
  badManifest('a manifest with !!binary', object('  b: !!binary aGVsbG8=\n'), AMBIGUOUS),
];

const twice: readonly HostileCase[] = [
  bad('values with a key twice', 'a: 1\na: 2\n', TWICE),
  bad('values with a key twice, deep down', 'a: {b: [{c: 1, d: 2, c: 3}]}\n', TWICE),
  bad('values with a key twice by quotes', 'a: 1\n"a": 2\n', TWICE),
  bad('values with a key twice by an escape', 'a: 1\n"\\x61": 2\n', TWICE),
  bad('values with yes and true', 'yes: 1\ntrue: 2\n', TWICE),
  bad('values with 1 and 0x1', '1: a\n0x1: b\n', TWICE),
  bad('values with null as a key', 'null: a\n~: b\n', ['yaml-invalid']),
  badManifest('a manifest with two kinds', object('kind: Secret\n'), ['yaml-duplicate-key', 'plain-secret']),
  badManifest(
    'a manifest in JSON with a key twice',
    '{"apiVersion":"v1","kind":"ConfigMap","kind":"Secret","metadata":{"name":"a","namespace":"shop"}}',
    TWICE,
  ),
  bad('60,000 times the same key', 'a: 1\n'.repeat(60_000), TWICE, LARGE),
  fine('60,000 keys', Array.from({ length: 60_000 }, (_, at) => `key${at}: ${at}\n`).join('')),
];

const laughs = (levels: number, width = 10): string => {
  const lines = [`l0: &l0 {${Array.from({ length: width }, (_, at) => `k${at}: v`).join(', ')}}`];
  for (let at = 1; at <= levels; at++)
    lines.push(`l${at}: &l${at} [${Array.from({ length: width }, () => `*l${at - 1}`).join(', ')}]`);
  return `${lines.join('\n')}\n`;
};
const merges = (levels: number): string => {
  const lines = ['m0: &m0 {a: 1}'];
  for (let at = 1; at <= levels; at++)
    lines.push(
      `m${at}: &m${at} {<<: [${Array.from({ length: 9 }, () => `*m${at - 1}`).join(', ')}], k${at}: 1}`,
    );
  return `${lines.join('\n')}\n`;
};

const bombs: readonly HostileCase[] = [
  bad('a billion laughs', laughs(9), ['yaml-aliases-multiply']),
  bad('a quadratic blow-up', `a: &a [${'x,'.repeat(2000)}]\nb: [${'*a,'.repeat(190)}]\n`, [
    'yaml-aliases-multiply',
  ]),
  bad('a merge-key bomb', merges(8), ['yaml-aliases-multiply'], LARGE),
  bad('201 aliases', `a: &a 1\nb: [${'*a,'.repeat(201)}]\n`, ['yaml-aliases']),
  bad('an alias inside its own anchor', 'a: &a [*a]\n', ['yaml-invalid']),
  bad('an alias of nothing', 'a: *nobody\n', ['yaml-invalid']),
  bad('a merge of itself', 'a: &a {<<: *a}\n', ['yaml-invalid']),
  badManifest('a billion laughs in a manifest', object(laughs(9)), ['yaml-aliases-multiply']),
  bad('20,000 open brackets', `a: ${'['.repeat(20_000)}`, ['yaml-invalid']),
  bad('lists 20,000 deep', `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, ['yaml-invalid']),
  bad('mappings 20,000 deep', `${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}\n`, ['yaml-invalid']),
  bad('block lists 5,000 deep', `a:\n${'- '.repeat(5000)}1\n`, ['yaml-invalid']),
  bad(
    'mappings 1,000 deep, line by line',
    Array.from({ length: 1000 }, (_, at) => `${' '.repeat(at)}a:\n`).join(''),
    ['yaml-invalid'],
  ),
  bad('keys that are keys 5,000 deep', `${'? '.repeat(5000)}a\n`, ['yaml-invalid']),
  fine('lists 90 deep', `a: ${'['.repeat(90)}${']'.repeat(90)}\n`),
  bad('keys that are lists', '? [a, b]\n: 1\n', ['yaml-invalid']),
  bad('a file of more than 1 MiB', `a: ${'x'.repeat(1024 * 1024)}\n`, ['file-too-large']),
  bad('a file of 11 MiB', `a: ${'x'.repeat(11 * 1024 * 1024)}\n`, ['file-too-large'], LARGE),
  fine('one line of 1 MB', `a: ${'x'.repeat(1_000_000)}\n`),
  fine('a megabyte of comments', '# nothing\n'.repeat(100_000)),
  fine(
    'names that are methods in JavaScript',
    '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: 1}}\ntoString: x\n',
  ),
];

const shapes: readonly HostileCase[] = [
  bad('values that are a list', '- a\n', ['values-not-a-mapping']),
  bad('values that are a text', 'just text\n', ['values-not-a-mapping']),
  bad('values of two documents', 'a: 1\n---\nb: 2\n', ['yaml-documents']),
  bad('values with tabs', 'a:\n\tb: 1\n', ['yaml-invalid']),
  bad('values that end in a quote', 'a: "x\n', ['yaml-invalid']),
  badManifest('a manifest that is no object', 'just: text\n', ['object-incomplete']),
  badManifest('a manifest without a name', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: shop}\n', [
    'object-incomplete',
  ]),
  badManifest(
    'a manifest whose labels are numbers',
    object('').replace('  name: settings', '  name: settings\n  labels: {a: 1}'),
    ['object-incomplete'],
  ),
  badManifest('a manifest with an object twice', `${object('')}---\n${object('')}`, ['object-duplicate']),
];

export const yaml: readonly HostileCase[] = [...ambiguous, ...twice, ...bombs, ...shapes];
