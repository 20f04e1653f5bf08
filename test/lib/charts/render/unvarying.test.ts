import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadChart } from '../../../../lib/charts/package/chart.ts';
import { helmTemplate } from '../../../../lib/charts/render/helm.ts';
import { materialise } from '../../../../lib/charts/render/scratch.ts';
import { isUnvarying, isUnvaryingTemplate } from '../../../../lib/charts/render/unvarying.ts';
import type { FileEntry } from '../../../../lib/content/tree.ts';
import { tools } from '../../../../local/tools.ts';

const DEFINES = `{{ define "labels" }}a: {{ .Release.Name }}{{ end }}
{{ define "values" }}{{ toYaml .Values }}{{ end }}`;

/** Written only in what answers the same each time. */
const UNVARYING = [
  'x: y',
  'x: {{ .Values.colour }}',
  'x: {{ .Values.list | toYaml | nindent 2 }}',
  'x: {{- .Values.colour | default "blue" | quote -}}',
  'x: {{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}',
  '{{ include "labels" . }}',
  '{{ include "labels" $ | nindent 2 }}',
  '{{ template "labels" . }}',
  '{{ with .Values.map }}x:{{ toYaml . | nindent 2 }}{{ end }}',
  '{{ range $k, $v := .Values.map }}{{ $k }}: {{ $v | quote }}\n{{ end }}',
  '{{ range .Values.list }}a{{ . }}: {{ $.Release.Name }}\n{{ end }}',
  '{{ $root := . }}{{ range .Values.list }}a{{ . }}: {{ $root.Release.Namespace }}\n{{ end }}',
  '{{ if and .Values.map (not .Values.none) }}x: 1{{ else if .Values.colour }}x: 2{{ else }}x: 3{{ end }}',
  '{{ if .Capabilities.APIVersions.Has "apps/v1" }}x: 1{{ end }}',
  '{{ if semverCompare ">=1.20-0" .Capabilities.KubeVersion.Version }}x: 1{{ end }}',
  '{{ if (.Values.map).a }}x: {{ index .Values.map "a" }}{{ end }}',
  '{{/* .Release.IsUpgrade */}}x: 1',
  '{{- /* now */ -}}x: 1',
  'x: {{ "{{ now }}" | quote }}',
  'x: {{ .Files.Get "files/a.txt" | quote }}',
  '{{ define "here" }}{{ $.Values.colour }}{{ end }}x: {{ include "here" (dict "Chart" 1 "Values" .Values) }}',
  '{{ define "passed" }}{{ .context.Release.Name }}{{ end }}x: {{ include "passed" (dict "context" $) }}',
  'x: {{ .Template.Name }}{{ .Template.BasePath }}',
  'x: {{ (dict "a" .Values.colour).a }}',
];

/** What could tell an install from an upgrade, one day from another, one run from the next. */
const VARYING = [
  'x: {{ .Release.IsUpgrade }}',
  'x: {{ .Release.IsInstall | ternary 1 2 }}',
  'x: {{ $.Release.Revision }}',
  'x: {{ .Capabilities.HelmVersion.Version }}',
  'x: {{ index .Release "IsUpgrade" }}',
  'x: {{ get .Release (print "IsUp" "grade") }}',
  'x: {{ toJson .Release | sha256sum }}',
  'x: {{ . | toYaml | sha256sum }}',
  'x: {{ toString $ | sha256sum }}',
  'x: {{ printf "%v" .Release | quote }}',
  'x: {{ .Release | quote }}',
  'x: {{ with .Release }}{{ .IsUpgrade }}{{ end }}',
  '{{ range $k, $v := .Release }}{{ $k }}: {{ $v }}\n{{ end }}',
  '{{ $r := .Release }}x: {{ $r.IsUpgrade }}',
  '{{ $r := .Values }}{{ $r = .Release }}x: {{ $r.IsUpgrade }}',
  '{{ $d := dict }}{{ $_ := set $d "a" .Release }}x: {{ $d.a.IsUpgrade }}',
  '{{ $_ := set .Values "a" .Release }}x: {{ .Values.a.IsUpgrade }}',
  'x: {{ (dict "a" .Release).a.IsUpgrade }}',
  'x: {{ if (dict "a" .Release).a.IsUpgrade }}1{{ else }}2{{ end }}',
  'x: {{ include "values" (dict "Values" .Release) | sha256sum }}',
  'x: {{ "Values" | dict "b" 1 | len }}{{ include "values" (dict (print "Val" "ues") .Release) | sha256sum }}',
  '{{ define "of" }}{{ .of.IsUpgrade }}{{ end }}x: {{ include "of" (dict "of" .Release) }}',
  '{{ define "whole" }}{{ toYaml . }}{{ end }}x: {{ include "whole" . | sha256sum }}',
  '{{ define "n" }}{{ .context.Release.Name }}{{ .n }}{{ end }}x: {{ include "n" (dict "context" $ "n" 1) }}',
  'x: {{ tpl "{{ .Release.IsUpgrade }}" . }}',
  'x: {{ tpl (print "{{ .Release.Is" "Upgrade }}") . }}',
  'x: {{ tpl .Values.code . }}',
  'x: {{ pluck "IsUpgrade" .Release }}',
  'x: {{ pick .Release "IsUpgrade" | toYaml | sha256sum }}',
  'x: {{ list . | first | toYaml | sha256sum }}',
  'x: {{ eq .Release.IsUpgrade true }}',
  '{{ block "b" . }}x: {{ .Release.IsUpgrade }}{{ end }}',
  'x: {{ and .Release.IsUpgrade 1 }}',
  'x: {{ default 1 .Release.IsUpgrade }}',
  '{{ if .Release.IsUpgrade }}x: 1{{ end }}',
  '{{ if not .Release.IsInstall }}x: 1{{ end }}',
  'x: {{ now | date "2006" }}',
  'x: {{ date "2006" .Values.colour }}',
  'x: {{ randAlphaNum 9 }}',
  'x: {{ keys .Values | first }}',
  'x: {{ uuidv4 }}',
  'x: {{ lookup "v1" "Pod" "" "" | len }}',
  'x: {{ printf "%p" .Values | quote }}',
  'x: {{ printf (print "%" "p") .Values | quote }}',
  'x: {{ .Chart.Maintainers | toString | quote }}',
  'x: {{ .Chart | toString | sha256sum }}',
  'x: {{ .Subcharts | toString | sha256sum }}',
  'x: {{ htpasswd "a" "b" | quote }}',
  "x: {{ 'a' }}",
  'x: {{ first .Capabilities.APIVersions }}',
  'x: {{ .Capabilities.APIVersions | toString | sha256sum }}',
  '{{ $c := .Capabilities }}x: {{ index $c.APIVersions 0 }}',
  '{{ range .Capabilities.APIVersions }}x{{ . | sha256sum }}: 1\n{{ end }}',
  'x: {{ genSelfSignedCert "a" nil nil 1 | toString | sha256sum }}',
];

describe('a template is unvarying', () => {
  for (const text of UNVARYING) test(text, () => assert.equal(isUnvaryingTemplate(text), true));
});
describe('a template may vary', () => {
  for (const text of VARYING) test(text, () => assert.equal(isUnvaryingTemplate(text), false));
});

describe('of all these helm itself renders', () => {
  const all = [...UNVARYING, ...VARYING].filter((text) => !/\btemplate "|uuidv4"/.test(text));
  let folder: string;
  let helm: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-unvarying-'));
    helm = (await tools()).helm;
    const file = (text: string): FileEntry => ({ mode: 0o644, data: Buffer.from(text) });
    const object = (text: string, at: number) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${at}\ndata:\n${text.replace(/^/gm, '  ')}\n`;
    const maintainers = 'maintainers:\n  - name: ann\n';
    await materialise(
      join(folder, 'chart'),
      new Map([
        ['Chart.yaml', file(`apiVersion: v2\nname: web\nversion: 1.0.0\n${maintainers}`)],
        ['values.yaml', file('colour: red\nlist: [1, 2]\nmap: {a: b}\ncode: "{{ .Release.IsUpgrade }}"\n')],
        ['files/a.txt', file('a')],
        ['templates/_defines.tpl', file(DEFINES)],
        ...all.map((text, at): [string, FileEntry] => [`templates/t${at}.yaml`, file(object(text, at))]),
      ]),
    );
    await materialise(join(folder, 'none'), new Map([['keep', file('')]]));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('what is unvarying the same, as an install and as an upgrade, each time', async () => {
    const render = async (action: 'install' | 'upgrade') => {
      const outcome = await helmTemplate(
        {
          helm,
          folder,
          chartFolder: 'chart',
          valuesFiles: [],
          release: 'r',
          namespace: 'shop',
          deployer: 'flux',
          capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
          action,
        },
        (text) => text,
      );
      assert.equal(outcome.kind, 'rendered', JSON.stringify(outcome));
      return new Map(
        (outcome.kind === 'rendered' ? outcome.output : '')
          .split(/^---\n/m)
          .map((text) => [/templates\/t(\d+)\.yaml/.exec(text)?.[1], text]),
      );
    };
    const install = await render('install');
    const upgrade = await render('upgrade');
    const different = all.filter((_text, at) => install.get(`${at}`) !== upgrade.get(`${at}`));
    assert.deepEqual(
      different.filter((text) => isUnvaryingTemplate(text)),
      [],
    );
    // Else this would show nothing.
    assert.ok(
      different.length > 25,
      `${different.length} of ${VARYING.length} differ: ${different.join('\n')}`,
    );
    for (const text of UNVARYING) {
      const at = all.indexOf(text);
      if (at >= 0) assert.ok(install.get(`${at}`)?.includes('name: c'), text);
    }
  });
});

describe('a chart varies', () => {
  const chart = async (files: Readonly<Record<string, string>>) => {
    const tree = new Map(
      Object.entries({ 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n', ...files }).map(
        ([path, text]): [string, FileEntry] => [path, { mode: 0o644, data: Buffer.from(text) }],
      ),
    );
    const loaded = (await loadChart(tree)).chart;
    assert.ok(loaded !== undefined);
    return isUnvarying(loaded);
  };
  const inner = 'apiVersion: v2\nname: cache\nversion: 1.0.0\n';

  test('by any file of its templates, notes and parts too, and by no other', async () => {
    assert.equal(await chart({ 'templates/a.yaml': 'x: {{ .Values.a }}' }), true);
    assert.equal(await chart({ 'templates/NOTES.txt': '{{ now }}' }), false);
    assert.equal(await chart({ 'templates/deep/_a.tpl': '{{ define "a" }}{{ now }}{{ end }}' }), false);
    assert.equal(await chart({ 'values.yaml': 'a: "{{ now }}"', 'crds/a.yaml': '{{ now }}' }), true);
  });

  test('by the charts inside it, those that could not be read too', async () => {
    const plain = { 'charts/cache/Chart.yaml': inner, 'charts/cache/templates/a.yaml': 'x: {{ .Values.a }}' };
    assert.equal(await chart(plain), true);
    assert.equal(await chart({ ...plain, 'charts/cache/templates/b.yaml': '{{ now }}' }), false);
    assert.equal(await chart({ ...plain, 'charts/other/Chart.yaml': 'name: [' }), false);
    assert.equal(await chart({ ...plain, 'charts/other.tgz': 'no package' }), false);
  });
});
