import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isRandom,
  templatesWithLookup,
  withOtherMoment,
} from '../../../../lib/charts/render/template-source.ts';

describe('a source that may render differently each time is told by what it calls', () => {
  const random = [
    '{{ randAlphaNum 5 }}',
    '{{- genCA "a" 1 }}',
    '{{ uuidv4 }}',
    'x{{ list | shuffle }}',
    '{{ (htpasswd "a" "b") }}',
    '{{ range keys .Values }}{{ end }}',
    '{{ first .Capabilities.APIVersions }}',
    '{{ $q := \'"\' }}{{ randAlphaNum 5 }}{{ "" }}',
    "{{ $q := '\\'' }}{{ randAlphaNum 5 }}",
    '{{/*/}}{{ "*/}}{{ randAlphaNum 5 }}{{ "x" }}',
    '{{- /*/}}{{ "*/ -}}{{ randAlphaNum 5 }}{{ "x" }}',
    '{{ "}}" | randAscii }}',
  ];
  const plain = [
    'randAlphaNum',
    '{{ .Values.keys }}',
    '{{ $rand }}',
    '{{ "uuidv4" }}',
    '{{ `genCA` }}',
    '{{/* uuidv4 */}}',
    '{{- /* uuidv4 */ -}}',
    '{{ "\\" uuidv4" }}',
    '{{ .Values.x }} uuidv4 {{ .Values.y }}',
  ];
  for (const text of random) test(`${text} may`, () => assert.equal(isRandom(text), true));
  for (const text of plain) test(`${text} may not`, () => assert.equal(isRandom(text), false));
});

describe('another moment stands in place of', () => {
  const cases: readonly [string, RegExp | string][] = [
    ['{{ now | date "2006" }}', /^\{\{ \(toDate .*\) \| date "2006" \}\}$/],
    ['{{ date "2006" now }} now {{ "now" }}', /^\{\{ date "2006" \(toDate .*\) \}\} now \{\{ "now" \}\}$/],
    ['{{ .Release.Revision }} .Release.Revision', '{{ 7 }} .Release.Revision'],
    ['{{ $.Release.Revision }}{{ $x.Release.Revision }}', '{{ 7 }}{{ $x.Release.Revision }}'],
    [
      '{{ .Capabilities.HelmVersion.Version }} {{ $.Capabilities.HelmVersion.GoVersion }}',
      '{{ "v4.99.0" }} {{ "v4.99.0" }}',
    ],
    ['{{ .Capabilities.KubeVersion.Version }}', '{{ .Capabilities.KubeVersion.Version }}'],
    ['{{ .Values.now }}{{ $now }}{{ nowish }}', '{{ .Values.now }}{{ $now }}{{ nowish }}'],
  ];
  for (const [text, expected] of cases)
    test(text, () =>
      typeof expected === 'string'
        ? assert.equal(withOtherMoment(text), expected)
        : assert.match(withOtherMoment(text), expected),
    );
});

test('templates that ask the cluster are those that call lookup, or include what does, by any name', () => {
  const templates = new Map([
    [
      'templates/_h.tpl',
      '{{ define "plain" }}x{{ end }}{{ define "ask" }}{{ lookup "v1" "Pod" "" "" }}{{ end }}{{ define "via" }}{{ include "ask" . }}{{ end }}',
    ],
    ['templates/direct.yaml', '{{ (lookup "v1" "Pod" "" "").items }}'],
    ['templates/through.yaml', '{{ include "via" . }}'],
    ['templates/computed.yaml', '{{ include (print "a" "sk") . }}'],
    ['templates/plain.yaml', '{{ include "plain" . }} {{ .Values.lookup }} {{ "lookup" }}'],
  ]);
  assert.deepEqual([...templatesWithLookup(templates)].sort(), [
    'templates/computed.yaml',
    'templates/direct.yaml',
    'templates/through.yaml',
  ]);
});
