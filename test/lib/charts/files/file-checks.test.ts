import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkManifest, checkValuesFile, YAML_FILE_BYTES } from '../../../../lib/charts/files/file-checks.ts';
import type { ReasonCode } from '../../../../lib/charts/reasons.ts';
import { CONFIG_MAP } from '../package/packages.ts';

interface HostileFile {
  readonly title: string;
  readonly text: string | Buffer;
  readonly code: ReasonCode;
  readonly line?: number;
}

const EVERY_FILE: readonly HostileFile[] = [
  { title: 'U+2028', text: 'a: "x\u2028y"', code: 'yaml-ambiguous', line: 1 },
  { title: 'U+2029', text: 'a: 1\nb: x\u2029c: 2', code: 'yaml-ambiguous', line: 2 },
  { title: 'U+0085', text: 'a: 1 # x\u0085b: 2', code: 'yaml-ambiguous', line: 1 },
  { title: 'a bare carriage return', text: 'a: 1 # x\rb: 2', code: 'yaml-ambiguous', line: 1 },
  { title: 'a byte order mark inside', text: 'a: 1\n\uFEFFb: 2', code: 'yaml-ambiguous', line: 2 },
  { title: 'UTF-16', text: Buffer.from('\uFEFFa: 1', 'utf16le'), code: 'yaml-ambiguous', line: 1 },
  {
    title: 'bytes that are not UTF-8',
    text: Buffer.from('a: 1\nb: \xff\n', 'latin1'),
    code: 'yaml-ambiguous',
    line: 2,
  },
  { title: 'a control character', text: 'a: "\u0007"', code: 'yaml-ambiguous', line: 1 },
  { title: 'an escape sequence', text: 'a: "\u001b[2J"', code: 'yaml-ambiguous', line: 1 },
  { title: 'a directive', text: '%YAML 1.1\n---\na: yes', code: 'yaml-ambiguous', line: 1 },
  { title: '!!binary', text: 'a: 1\nb: !!binary aGVsbG8=', code: 'yaml-ambiguous', line: 2 },
  { title: 'a tag of its own', text: 'a: !ruby/object:Gem {}', code: 'yaml-ambiguous', line: 1 },
  { title: 'a key twice', text: 'a: 1\nb:\n  c: 1\n  c: 2', code: 'yaml-duplicate-key', line: 4 },
  { title: 'a key twice in two spellings', text: 'true: 1\ny: 2', code: 'yaml-duplicate-key', line: 2 },
  {
    title: 'a merge twice',
    text: 'x: &x {a: 1}\nb:\n  <<: *x\n  <<: *x',
    code: 'yaml-duplicate-key',
    line: 4,
  },
  {
    title: 'more aliases than allowed',
    text: `a: &a 1\nb: [${'*a, '.repeat(201)}]`,
    code: 'yaml-aliases',
    line: 2,
  },
  {
    title: 'a billion laughs',
    text: `a0: &a0 x\n${Array.from({ length: 19 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(10)}]`).join('\n')}`,
    code: 'yaml-aliases-multiply',
  },
  { title: 'something that is no YAML', text: 'a: 1\n b: 2: 3\n', code: 'yaml-invalid' },
  { title: 'an AWS access key', text: 'a: 1\nkey: AKIAQYLPMN5HABCDEFGH', code: 'credential-found', line: 2 },
  {
    title: 'a GitHub token',
    text: `# see\n\ntoken: ghp_${'a1B2'.repeat(9)}`,
    code: 'credential-found',
    line: 3,
  },
  { title: 'a GitLab token', text: `t: glpat-${'a1B2'.repeat(5)}`, code: 'credential-found', line: 1 },
  { title: 'a Slack token', text: 't: xoxb-123456789012-abcdefABCDEF', code: 'credential-found', line: 1 },
  {
    title: 'a private key',
    text: `tls:\n  key: |\n    -----BEGIN RSA PRIVATE KEY-----\n    ${'MIIE'.repeat(16)}\n`,
    code: 'credential-found',
    line: 3,
  },
  {
    title: 'a private key in a comment',
    text: `# -----BEGIN PRIVATE KEY-----\n# ${'MIIE'.repeat(16)}\na: 1`,
    code: 'credential-found',
    line: 1,
  },
  {
    title: 'a token in a comment',
    text: `# hvs.${'a1B2'.repeat(8)}\na: 1`,
    code: 'credential-found',
    line: 1,
  },
  { title: 'more than 1 MiB', text: `a: ${'x'.repeat(YAML_FILE_BYTES)}`, code: 'file-too-large' },
];

const VALUES: readonly HostileFile[] = [
  { title: 'a list', text: '- a\n- b', code: 'values-not-a-mapping', line: 1 },
  { title: 'two documents', text: 'a: 1\n---\nb: 2', code: 'yaml-documents', line: 3 },
];

const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n';
const MANIFESTS: readonly HostileFile[] = [
  {
    title: 'a plain Secret',
    text: `${CONFIG_MAP}---\n${SECRET}stringData:\n  password: hunter2-hunter2\n`,
    code: 'plain-secret',
    line: 7,
  },
  {
    title: 'a plain Secret in a List',
    text: `apiVersion: v1\nkind: List\nitems:\n- ${SECRET.replaceAll('\n', '\n  ').trimEnd()}\n  data: {p: aGk=}`,
    code: 'plain-secret',
    line: 5,
  },
  {
    title: 'a Secret that only claims to be encrypted',
    text: `${SECRET}data: {p: aGk=}\nsops: {mac: x}`,
    code: 'plain-secret',
    line: 2,
  },
  {
    title: 'an object without kind',
    text: 'apiVersion: v1\nmetadata: {name: x}',
    code: 'object-incomplete',
    line: 1,
  },
  {
    title: 'an object that is to be named by the cluster',
    text: 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}',
    code: 'object-incomplete',
  },
  { title: 'a label that is a number', text: `${CONFIG_MAP}  labels: {a: 1}`, code: 'object-incomplete' },
  {
    title: 'a Kustomization that fetches',
    text: 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\nresources: [https://example.com/x.yaml]',
    code: 'kind-forbidden',
    line: 2,
  },
];

const bytesOf = (text: string | Buffer) => (typeof text === 'string' ? Buffer.from(text) : text);

function checks(check: (bytes: Buffer) => ReturnType<typeof checkValuesFile>, table: readonly HostileFile[]) {
  for (const { title, text, code, line } of table) {
    test(title, async () => {
      const reasons = await check(bytesOf(text));
      const found = reasons.find((reason) => reason.code === code);
      assert.ok(found, `${code} among ${JSON.stringify(reasons)}`);
      assert.equal(found.place?.file, 'x.yaml');
      if (line !== undefined) assert.equal(found.place?.line, line);
    });
  }
}

describe('values are refused for', () =>
  checks((bytes) => checkValuesFile(bytes, 'x.yaml'), [...EVERY_FILE, ...VALUES]));
describe('a manifest is refused for', () =>
  checks((bytes) => checkManifest(bytes, 'x.yaml'), [...EVERY_FILE, ...MANIFESTS]));

describe('a file is accepted', () => {
  const values = [
    { title: 'empty values', text: '' },
    { title: 'values of comments only', text: '# nothing\n' },
    {
      title: 'values with an anchor, in Windows line ends, after a byte order mark',
      text: '\uFEFFa: &a {b: 1}\r\nc: *a\r\n',
    },
    {
      title: 'a comment that shows where a key goes',
      text: '# key: |\n#   -----BEGIN RSA PRIVATE KEY-----\n#   ...\nkey: ""\n',
    },
    { title: 'a reference to a Secret', text: 'existingSecret: db\npasswordKey: password\n' },
  ];
  for (const { title, text } of values)
    test(title, async () => assert.deepEqual(await checkValuesFile(Buffer.from(text)), []));

  const manifests = [
    { title: 'several documents', text: `${CONFIG_MAP}---\n---\n${CONFIG_MAP}` },
    {
      title: 'a Secret that SOPS encrypted',
      text: `${SECRET}data: {p: "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]"}\nsops: {mac: x}`,
    },
    { title: 'a Secret without values', text: `${SECRET}type: Opaque\n` },
    {
      title: 'a SealedSecret',
      text: 'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: x}\nspec: {encryptedData: {p: AgB}}',
    },
  ];
  for (const { title, text } of manifests)
    test(title, async () => assert.deepEqual(await checkManifest(Buffer.from(text), 'x.yaml'), []));

  test('a plain Secret where the target allows it', async () =>
    assert.deepEqual(
      await checkManifest(Buffer.from(`${SECRET}data: {p: aGk=}`), 'x.yaml', { allowPlainSecrets: true }),
      [],
    ));
});

test('no reason repeats a secret that it is about', async () => {
  const secrets = ['AKIAQYLPMN5HABCDEFGH', 'hunter2-hunter2'];
  const reasons = await checkManifest(
    Buffer.from(`${SECRET}stringData:\n  key: ${secrets[0]}\n  password: ${secrets[1]}\n`),
    'x.yaml',
  );
  assert.deepEqual(reasons.map(({ code }) => code).sort(), ['credential-found', 'plain-secret']);
  for (const secret of secrets) assert.ok(!JSON.stringify(reasons).includes(secret));
});

test('a file that no parser ends with is given up, and the next one is read', async () => {
  const deep = `${'- '.repeat(200_000)}x`;
  const reasons = await checkValuesFile(Buffer.from(deep));
  assert.ok(
    reasons.some(({ code }) => code === 'yaml-too-complex' || code === 'yaml-invalid'),
    JSON.stringify(reasons),
  );
  assert.deepEqual(await checkValuesFile(Buffer.from('a: 1')), []);
});

test('tens of thousands of keys are read in time', async () => {
  const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n');
  assert.deepEqual(await checkValuesFile(Buffer.from(keys)), []);
});
