import { randomBytes } from 'node:crypto';
import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { packageOf, type TestEntry, webChart } from '../../lib/charts/package/packages.ts';
import {
  asChart,
  chartKey,
  type HostileCase,
  harmless,
  LARGE,
  type Limits,
  QUICK,
  refused,
  TARGET,
  UNTIL_ENDED,
} from './case.ts';

const FAMILY = 'templates';
/** Each release has names of its own. */
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{{ $.Release.Name }}\n';
const MIB = 1024 * 1024;

const withTemplate = (text: string, ...more: readonly TestEntry[]) =>
  asChart(() => packageOf(webChart({ name: 'web/templates/a.yaml', data: text }, ...more)));
const bad = (
  name: string,
  text: string,
  codes: readonly ReasonCode[],
  limits: Limits = QUICK,
  ...more: readonly TestEntry[]
): HostileCase =>
  refused(FAMILY, name, withTemplate(text, ...more), codes, {
    limits,
    ...(codes === MEMORY ? { orCodes: SLOW } : codes === LARGE_OUTPUT ? { orCodes: MEMORY } : {}),
  });

const settings = (data: string): string => `${CONFIG_MAP}data:\n  a: ${data}\n`;
const values = (text: string): TestEntry => ({ name: 'web/values.yaml', data: text });

/** On a machine that is slow to fill it, time is over first; on one that is slow to take what is written, memory. */
const MEMORY: readonly ReasonCode[] = ['render-too-much-memory'];
const LARGE_OUTPUT: readonly ReasonCode[] = ['render-too-large'];
const FAILED: readonly ReasonCode[] = ['template-failed'];
const SLOW: readonly ReasonCode[] = ['render-too-slow'];

const loops: readonly HostileCase[] = [
  bad('a list of a thousand million', settings('{{ len (until 1000000000) }}'), MEMORY, UNTIL_ENDED),
  bad(
    'a text that doubles',
    '{{ $x := "x" }}{{ range until 40 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}',
    MEMORY,
    UNTIL_ENDED,
  ),
  bad('a text of two thousand million', settings('{{ repeat 2000000000 "x" }}'), MEMORY, UNTIL_ENDED),
  bad(
    'a loop in a loop in a loop',
    '{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}{{ end }}',
    SLOW,
    UNTIL_ENDED,
  ),
  bad(
    'keys of 16384 bits',
    '{{ range until 50 }}{{ $k := genPrivateKey "rsa" }}{{ end }}{{ range until 100000 }}{{ $k := genPrivateKey "rsa" }}{{ end }}',
    SLOW,
    UNTIL_ENDED,
  ),
  bad(
    'a template that includes itself',
    '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    FAILED,
    LARGE,
  ),
  bad(
    'a template that calls itself',
    '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    FAILED,
    UNTIL_ENDED,
  ),
  bad(
    'two templates that include each other',
    '{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    MEMORY,
    UNTIL_ENDED,
  ),
  bad(
    'a template that includes itself twice, 30 deep',
    '{{ define "a" }}{{ if gt . 0 }}{{ include "a" (sub . 1 | int) }}{{ include "a" (sub . 1 | int) }}{{ end }}{{ end }}{{ include "a" 40 }}',
    SLOW,
    UNTIL_ENDED,
  ),
  bad(
    'tpl of a value that calls tpl',
    settings('{{ tpl .Values.again . | quote }}'),
    MEMORY,
    UNTIL_ENDED,
    values('again: "{{ tpl .Values.again . }}"\n'),
  ),
  bad(
    '21 MiB of output',
    `{{ range until 21 }}\n---\n${CONFIG_MAP}data: {a: "{{ repeat ${MIB} "x" }}"}\n{{ end }}`,
    LARGE_OUTPUT,
    UNTIL_ENDED,
  ),
  bad(
    'output without end',
    `{{ range until 100000 }}\n---\n${CONFIG_MAP}data: {a: "{{ repeat 100000 "x" }}"}\n{{ end }}`,
    MEMORY,
    UNTIL_ENDED,
  ),
  bad(
    '6,000 objects',
    `{{ range until 6000 }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "c{{ . }}"}\n{{ end }}`,
    ['objects-too-many'],
    UNTIL_ENDED,
  ),
  bad('the same object 100 times', `{{ range until 100 }}\n---\n${CONFIG_MAP}{{ end }}`, [
    'object-duplicate',
  ]),
  bad(
    'aliases that multiply in the output',
    `${CONFIG_MAP}data:\n  k0: &a0 [x, x, x, x, x, x, x, x, x]\n{{ range $at := until 9 }}  k{{ add $at 1 }}: &a{{ add $at 1 }} [{{ range $i, $_ := until 9 }}*a{{ $at }},{{ end }}]\n{{ end }}`,
    ['render-invalid-yaml'],
  ),
  bad('output that is no YAML', `${CONFIG_MAP}data:\n  a: [\n`, ['render-invalid-yaml']),
  bad('output that nests 5,000 deep', settings('{{ repeat 5000 "[" }}{{ repeat 5000 "]" }}'), [
    'render-invalid-yaml',
  ]),
  bad('a function that is none', settings('{{ env "AWS_SECRET_ACCESS_KEY" }}'), FAILED),
  bad(
    'a variable of the environment in a text',
    settings('{{ expandenv "$AWS_SECRET_ACCESS_KEY" }}'),
    FAILED,
  ),
];

const SECRET = 'planted-5c0ffee5ecret';

const said = (name: string, text: string, given: string, secrets: readonly string[]): HostileCase =>
  refused(
    FAMILY,
    name,
    async ({ release }) => [
      { key: `${TARGET}/shop/${release}/values.yaml`, body: given },
      {
        key: chartKey(release),
        body: await packageOf(webChart({ name: 'web/templates/a.yaml', data: text })),
      },
    ],
    FAILED,
    { secrets },
  );

const messages: readonly HostileCase[] = [
  said(
    'fail with a value that is secret',
    '{{ fail (printf "bad %s" .Values.password) }}',
    `password: ${SECRET}\n`,
    [SECRET],
  ),
  said(
    'fail with it in quotes and in base64',
    '{{ fail (printf "bad %q %s" .Values.password (b64enc .Values.password)) }}',
    `password: ${SECRET}\n`,
    [SECRET],
  ),
  said(
    'fail with every second letter of it',
    '{{ fail (printf "bad %s" (upper .Values.password)) }}',
    `password: ${SECRET}\n`,
    [SECRET, SECRET.toUpperCase()],
  ),
  said(
    'fail with the whole of the values',
    '{{ fail (toYaml .Values) }}',
    `database: {password: ${SECRET}}\n`,
    [SECRET],
  ),
  said(
    'fail with a number that is secret',
    '{{ fail (printf "pin %v" .Values.pin) }}',
    'pin: 4929123412341234\n',
    ['4929123412341234'],
  ),
  said(
    'a wrong type, which helm prints',
    '{{ range .Values.password.a }}{{ end }}',
    `password: ${SECRET}\n`,
    [SECRET],
  ),
  bad('fail with forged lines', '{{ fail "x\\nFORGED line of a log\\r\\nFORGED again" }}', FAILED),
  bad(
    'fail with escapes of a terminal',
    '{{ fail "\\u001b[2J\\u001b]0;owned\\u0007\\u009b31m\\u202e\\u2066" }}',
    FAILED,
  ),
  bad('fail with 10 MB', '{{ fail (repeat 10000000 "x") }}', FAILED, LARGE),
  bad(
    'fail with a mention, a link and a script',
    '{{ fail "@channel <https://evil.example|click> <script>alert(1)</script> [x](javascript:1)" }}',
    FAILED,
  ),
];

const quiet = (name: string, text: string, ...more: readonly TestEntry[]): HostileCase =>
  harmless(FAMILY, name, withTemplate(text, ...more));

const reaching: readonly HostileCase[] = [
  harmless(FAMILY, 'a file of this machine by .Files.Get', async (around) =>
    withTemplate(settings(`{{ .Files.Get "${around.canaryFile}" | quote }}`))(around),
  ),
  harmless(FAMILY, 'files of this machine by .Files.Glob', async (around) =>
    withTemplate(settings(`{{ (.Files.Glob "../../../../**").AsConfig | quote }}`))(around),
  ),
  harmless(FAMILY, 'a name that is asked of the network', async (around) =>
    withTemplate(settings('{{ getHostByName "canary.example.com" | quote }}'))(around),
  ),
  quiet('lookup of a Secret', settings('{{ (lookup "v1" "Secret" "kube-system" "x") | toJson | quote }}')),
  quiet('lookup of everything', settings('{{ (lookup "v1" "Secret" "" "") | toJson | quote }}')),
  quiet(
    'a chart that fails where lookup finds nothing',
    '{{ $s := lookup "v1" "Secret" "shop" "x" }}{{ $s.data.x | b64dec }}\n{{ fail "always" }}',
  ),
];

const sizes: readonly HostileCase[] = [
  bad('a chart that helm could not store', CONFIG_MAP, ['release-too-large'], LARGE, {
    name: 'web/files/noise',
    data: randomBytes(2 * MIB),
  }),
  bad(
    'output that helm could not store',
    `${CONFIG_MAP}data: {a: {{ randAlphaNum 1500000 | quote }}}\n`,
    ['release-too-large'],
    UNTIL_ENDED,
  ),
  bad(
    '200 files of noise',
    CONFIG_MAP,
    ['release-too-large'],
    LARGE,
    ...Array.from({ length: 200 }, (_, at) => ({ name: `web/files/${at}`, data: randomBytes(10_000) })),
  ),
];

export const templates: readonly HostileCase[] = [...loops, ...messages, ...reaching, ...sizes];
