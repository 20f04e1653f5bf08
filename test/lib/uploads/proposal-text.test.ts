import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderKey } from '../../../lib/charts/render-request.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { block, code } from '../../../lib/uploads/deciding/proposal/markdown.ts';
import { objectsDifference } from '../../../lib/uploads/deciding/proposal/objects-difference.ts';
import { valuesDifference } from '../../../lib/uploads/deciding/proposal/values-difference.ts';
import { memoryStore } from './doubles.ts';

const deployment = (image: string, chart: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { 'helm.sh/chart': chart } },
  spec: { replicas: 2, template: { spec: { containers: [{ name: 'web', image }] } } },
});
const secret = (value: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'keys', namespace: 'shop' },
  data: { key: value },
});

test('objects are told as added, removed and changed, with the paths and the images that come', async () => {
  const state = memoryStore();
  const keep = async (name: string, objects: readonly object[]) => {
    const digest = digestOf(name);
    const rendered = objects.map((object) => ({
      object,
      role: 'applied',
      source: 'x',
      unstable: [],
      usesLookup: false,
    }));
    await state.put(renderKey(digest), JSON.stringify({ schema: 1, objects: rendered }));
    return digest;
  };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'old', namespace: 'shop' } };
  const before = await keep('before', [deployment('web:1', 'web-1'), secret('hmac-one'), map]);
  const after = await keep('after', [deployment('web:2', 'web-2'), secret('hmac-two')]);
  const found = await objectsDifference(state, before, after, 'shop');
  assert.deepEqual([found.added, found.removed, found.changed, found.images], [0, 1, 2, ['web:2']]);
  const text = found.lines.join('\n');
  assert.match(text, /^- ConfigMap\/old$/m);
  assert.match(text, /^\+ {3}spec\.template\.spec\.containers\[web\]\.image: web:2$/m);
  assert.doesNotMatch(text, /helm\.sh\/chart/);
  assert.doesNotMatch(text, /hmac-/, 'no value of a Secret is shown');
});

test('values are told by their paths; credentials are not shown, and that they change is', () => {
  const lines = valuesDifference('a: 1\npassword: one1\n', 'a: 2\npassword: 12345\nb:\n  c: x\n');
  assert.deepEqual(lines.slice(0, 2), ['- a: 1', '+ a: 2']);
  assert.ok(lines.includes('+ b: {"c":"x"}'));
  assert.equal(lines.filter((line) => /password: \(looks like a credential/.test(line)).length, 2);
});

test('whatever stands below a name of credentials in values is not shown, nor is a variable of such a name', () => {
  const hidden = valuesDifference(
    '',
    [
      'secrets: {database: hunter2, nested: {deep: [hunter2, 2222]}}',
      'tokens: [hunter2]',
      'env: [{name: DB_PASSWORD, value: hunter2}]',
      'extra: {list: [{name: API_TOKEN, value: 2222, valueFrom: {of: shown}}]}',
      'url: https://me:hunter2@example.com',
    ].join('\n'),
  ).join('\n');
  assert.doesNotMatch(hidden, /hunter2|2222/);
  assert.match(hidden, /"of":"shown"/);
  const plain = valuesDifference('', 'sidecar: {name: token-web, image: web:2}\n').join('\n');
  assert.match(plain, /web:2/, 'a name beside it hides nothing but a value');
});

test('images are told wherever an object names one: in custom resources and volumes, too', async () => {
  const state = memoryStore();
  const digest = digestOf('custom');
  const custom = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Prometheus',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { image: 'evil.example/prometheus:1', replicas: 1 },
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'q', namespace: 'shop' },
    spec: { containers: [], volumes: [{ name: 'm', image: { reference: 'evil.example/model:1' } }] },
  };
  const objects = [custom, pod].map((object) => ({ object, role: 'applied', unstable: [] }));
  await state.put(renderKey(digest), JSON.stringify({ schema: 1, objects }));
  const { images } = await objectsDifference(state, undefined, digest, 'shop');
  assert.deepEqual(images, ['evil.example/model:1', 'evil.example/prometheus:1']);
});

test('what an upload holds acts on no host', () => {
  assert.doesNotMatch(code('`x` @team <b> #12 !3 https://evil.example'), /@|<|#12|!3|:\/\/|`.*`.*`/);
  const lines = block(['/close', '````', '@all\n/merge']).split('\n');
  assert.equal(lines.length, 5);
  assert.ok(lines.slice(1, -1).every((line) => !/^[/`@]/.test(line)));
});
