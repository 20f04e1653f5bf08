import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReasonCode } from '../../../../lib/charts/reasons.ts';
import { CONFIG_MAP } from '../package/packages.ts';
import { type Rendering, rendering, runningHelms } from './rendering.ts';

let here: Rendering;
before(async () => {
  here = await rendering();
});
after(() => here.remove());

const BOMBS: readonly { readonly title: string; readonly text: string; readonly values?: string }[] = [
  {
    title: 'templates that include each other',
    text: '{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
  },
  { title: 'a range over three million', text: '{{ range until 3000000 }}x: y\n{{ end }}' },
  { title: 'a string of a gigabyte', text: 'x: {{ repeat 1000000000 "x" }}' },
  {
    title: 'strings that double',
    text: `{{ $x := "x" }}{{ range until 40 }}{{ $x = print $x $x }}{{ end }}x: {{ $x }}`,
  },
  {
    title: 'an endless loop',
    text: '{{ range $a := until 10000 }}{{ range $b := until 10000 }}{{ range $c := until 10000 }}{{ end }}{{ end }}{{ end }}',
  },
  { title: 'more output than allowed', text: '{{ range until 1100 }}# {{ repeat 20000 "x" }}\n{{ end }}' },
];
const BOMB_CODES: readonly ReasonCode[] = [
  'render-too-much-memory',
  'render-too-slow',
  'render-too-large',
  'template-failed',
];

describe('a bomb is stopped, and nothing of it is left', () => {
  for (const { title, text } of BOMBS) {
    test(title, async () => {
      const response = await here.render({ files: { 'templates/x.yaml': text } });
      assert.equal(response.kind, 'rejected');
      assert.ok(
        response.reasons.every(({ code }) => BOMB_CODES.includes(code)),
        JSON.stringify(response),
      );
      assert.deepEqual(await here.leftovers(), []);
      assert.deepEqual(await runningHelms(), []);
    });
  }
});

test('a schema that never ends is given up, and the next one is checked', async () => {
  const twice = (name: string) => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
  const doubling = Array.from({ length: 40 }, (_, at) => [`d${at}`, at === 0 ? {} : twice(`d${at - 1}`)]);
  const schema = JSON.stringify({
    $defs: Object.fromEntries(doubling),
    properties: { a: { if: { const: 'quick' }, else: { $ref: '#/$defs/d39' } } },
  });
  const files = { 'templates/x.yaml': CONFIG_MAP, 'values.schema.json': schema };
  const release = { values: 'a: slow', files };
  const response = await here.render(release);
  assert.deepEqual(response.kind === 'rejected' && response.reasons.map(({ code }) => code), [
    'values-schema-invalid',
  ]);
  assert.equal((await here.render({ ...release, values: 'a: quick' })).kind, 'rendered');
});
