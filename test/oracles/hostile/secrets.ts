import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { packageOf, type TestEntry, webChart } from '../../lib/charts/package/packages.ts';
import { asChart, chartKey, type HostileCase, harmless, refused, TARGET } from './case.ts';

const FAMILY = 'secrets';
/** Each release has names of its own. */
const OWN = 'b-{{ .Release.Name }}';
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{{ .Release.Name }}\n';
const FOUND: readonly ReasonCode[] = ['credential-found'];
const PLAIN: readonly ReasonCode[] = ['plain-secret'];

/** Made anew each time, in the forms that their issuers give them; none opens anything. */
const letters = (length: number, alphabet: string): string =>
  Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('');
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ANY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
const pemBody = pem.split('\n')[1] ?? '';
const cloudKey = `AKIA${letters(16, UPPER)}`;
const gitToken = `ghp_${letters(36, ANY)}`;
const chatToken = `xoxb-${letters(12, '0123456789')}-${letters(24, ANY)}`;
const webToken = `eyJ${letters(30, ANY)}.eyJ${letters(60, ANY)}.${letters(43, ANY)}`;
const password = `planted-${letters(20, ANY)}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const indented = (text: string, by: string): string => text.trimEnd().split('\n').join(`\n${by}`);

const withFiles = (...files: readonly TestEntry[]) =>
  asChart(() => packageOf(webChart({ name: 'web/templates/a.yaml', data: CONFIG_MAP }, ...files)));
const inChart = (
  name: string,
  files: readonly TestEntry[],
  codes: readonly ReasonCode[],
  planted: readonly string[],
): HostileCase => refused(FAMILY, name, withFiles(...files), codes, { secrets: planted });
const template = (data: string): TestEntry => ({ name: 'web/templates/b.yaml', data });
const inValues = (name: string, body: string, planted: string, line: number): HostileCase =>
  refused(FAMILY, name, ({ release }) => [{ key: `${TARGET}/shop/${release}/values.yaml`, body }], FOUND, {
    secrets: [planted],
    place: { file: 'values.yaml', line },
  });
const config = (data: string): TestEntry =>
  template(`apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${OWN}\ndata:\n  ${data}\n`);
const deployment = (container: string, annotations = ''): TestEntry =>
  template(
    `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${OWN}\n  annotations: {${annotations}}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n        - name: b\n          image: b\n          ${container}\n`,
  );
const secret = (more: string): TestEntry =>
  template(`apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${OWN}\n${more}`);

export const secrets: readonly HostileCase[] = [
  inValues('a cloud key in values', `# keys\na:\n  key: ${cloudKey}\n`, cloudKey, 3),
  inValues('a private key in values', `a: |\n  ${indented(pem, '  ')}\n`, pemBody, 2),
  inValues('a token in a comment of values', `a: 1\n# was ${gitToken}\n`, gitToken, 2),
  inValues('a private key in base64 in values', `a: 1\nkey: ${base64(pem)}\n`, pemBody, 2),
  inChart(
    'a token in the chart’s own values',
    [{ name: 'web/values.yaml', data: `a: 1\ntoken: ${gitToken}\n` }],
    FOUND,
    [gitToken],
  ),
  inChart(
    'a token in the values of a chart inside',
    [
      { name: 'web/charts/db/Chart.yaml', data: 'apiVersion: v2\nname: db\nversion: 1.0.0\n' },
      { name: 'web/charts/db/values.yaml', data: `token: ${chatToken}\n` },
    ],
    FOUND,
    [chatToken],
  ),
  inChart('a private key in a ConfigMap', [config(`key: |\n    ${indented(pem, '    ')}`)], FOUND, [pemBody]),
  inChart('a private key in base64 in a ConfigMap', [config(`key: ${base64(pem)}`)], FOUND, [
    pemBody,
    base64(pem),
  ]),
  inChart('a cloud key in base64 in a ConfigMap', [config(`key: ${base64(`key=${cloudKey}\n`)}`)], FOUND, [
    cloudKey,
  ]),
  inChart('a token in the environment', [deployment(`env: [{name: T, value: "${gitToken}"}]`)], FOUND, [
    gitToken,
  ]),
  inChart('a token in an argument', [deployment(`args: ["--token=${webToken}"]`)], FOUND, [webToken]),
  inChart('a token in an annotation', [deployment('', `token: "${chatToken}"`)], FOUND, [chatToken]),
  inChart(
    'a token by a file of the chart',
    [config('a: {{ .Files.Get "files/t" | quote }}'), { name: 'web/files/t', data: gitToken }],
    FOUND,
    [gitToken],
  ),
  inChart(
    'a token in two halves',
    [config(`a: {{ printf "%s%s" "${gitToken.slice(0, 12)}" "${gitToken.slice(12)}" }}`)],
    FOUND,
    [gitToken],
  ),
  inChart('a token in the notes', [{ name: 'web/templates/NOTES.txt', data: `Use ${gitToken}\n` }], FOUND, [
    gitToken,
  ]),
  inChart(
    'a token that only an upgrade renders',
    [config(`a: {{ if .Release.IsUpgrade }}${gitToken}{{ else }}b{{ end }}`)],
    FOUND,
    [gitToken],
  ),
  inChart('a Secret with data', [secret(`data:\n  password: ${base64(password)}\n`)], PLAIN, [password]),
  inChart('a Secret with stringData', [secret(`stringData:\n  password: ${password}\n`)], PLAIN, [password]),
  inChart(
    'a Secret of a registry',
    [
      secret(
        `type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${base64(`{"auths":{"x":{"password":"${password}"}}}`)}\n`,
      ),
    ],
    PLAIN,
    [password],
  ),
  inChart(
    'a Secret in a List',
    [
      template(
        `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata: {name: b}\n    stringData: {password: ${password}}\n`,
      ),
    ],
    PLAIN,
    [password],
  ),
  inChart(
    'a Secret as a hook',
    [secret(`  annotations: {helm.sh/hook: pre-install}\nstringData: {password: ${password}}\n`)],
    PLAIN,
    [password],
  ),
  inChart(
    'a Secret with one key of chance and one that stays',
    [secret(`stringData: {a: {{ randAlphaNum 20 }}, password: ${password}}\n`)],
    PLAIN,
    [password],
  ),
  inChart(
    'a Secret that says it is encrypted, and is not',
    [secret(`stringData: {a: "ENC[x]", password: ${password}}\n`)],
    PLAIN,
    [password],
  ),
  refused(
    FAMILY,
    'a Secret filled by values',
    async ({ release }) => [
      { key: `${TARGET}/shop/${release}/values.yaml`, body: `db: {password: ${password}}\n` },
      {
        key: chartKey(release),
        body: await packageOf(
          webChart(secret('stringData: {password: {{ .Values.db.password | quote }}}\n')),
        ),
      },
    ],
    PLAIN,
    { secrets: [password] },
  ),
  refused(
    FAMILY,
    'a Secret as a manifest',
    ({ release }) => [
      {
        key: `${TARGET}/manifests/${release}.yaml`,
        body: `apiVersion: v1\nkind: Secret\nmetadata: {name: b, namespace: shop}\nstringData: {password: ${password}}\n`,
      },
    ],
    PLAIN,
    { secrets: [password] },
  ),
  refused(
    FAMILY,
    'a token in a manifest',
    ({ release }) => [
      {
        key: `${TARGET}/manifests/${release}.yaml`,
        body: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${release}, namespace: shop}\ndata: {a: ${gitToken}}\n`,
      },
    ],
    FOUND,
    { secrets: [gitToken] },
  ),
  refused(
    FAMILY,
    'a token in what the uploader says of itself',
    async ({ release }) => [
      {
        key: chartKey(release),
        body: await packageOf([{ name: 'web/values.yaml', data: '' }]),
        metadata: {
          author: 'Ann [skip ci] @team <x@y>',
          'source-url': 'javascript:alert(1)',
          'source-commit': '--upload-pack=x',
        },
      },
    ],
    ['chart-file-missing'],
    { secrets: ['--upload-pack=x', 'javascript:alert'] },
  ),
  harmless(
    FAMILY,
    'a password of chance',
    withFiles(secret('stringData: {password: {{ randAlphaNum 20 | quote }}}\n')),
  ),
  harmless(
    FAMILY,
    'a SealedSecret',
    withFiles(
      template(
        'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: "{{ .Release.Name }}"}\nspec: {encryptedData: {a: AgBy3i4OJSWK}}\n',
      ),
    ),
  ),
  harmless(
    FAMILY,
    'how a private key would begin, in a comment',
    withFiles({ name: 'web/values.yaml', data: '# key: -----BEGIN PRIVATE KEY----- …\nkey: ""\n' }),
  ),
];
