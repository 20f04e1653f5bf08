import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Boundary } from '../../../../lib/charts/render-request.ts';
import { type Rendering, rendering } from './rendering.ts';

let here: Rendering;
before(async () => {
  here = await rendering();
});
after(() => here.remove());

const pod = (name: string, image: string, annotations = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${annotations}spec:\n  containers: [{ name: main, image: '${image}' }]\n`;
const TEST = '  annotations: { helm.sh/hook: test }\n';
const DIGEST = `registry.example.com/team/web@sha256:${'a'.repeat(64)}`;

/** An install runs one image, an upgrade another, and a test a third. */
const files = {
  'templates/web.yaml': pod('web', `{{ if .Release.IsUpgrade }}busybox:2{{ else }}${DIGEST}{{ end }}`),
  'templates/test.yaml': pod('test', 'curl:1', TEST),
};

const ask = (images?: Boundary['images']) =>
  here.render({ files, boundary: images === undefined ? {} : { images } });

test('what is rendered tells the images of install, upgrade and tests, also from what was kept', async () => {
  for (const _time of ['rendered', 'kept']) {
    const answer = await ask();
    assert.ok(answer.kind === 'rendered');
    assert.deepEqual(answer.images, { references: ['busybox:2', 'curl:1', DIGEST].sort() });
  }
});

test('what was let pass before is refused once the target asks more of images', async () => {
  assert.equal((await ask()).kind, 'rendered');
  const refused = await ask({ digests: 'required', registries: ['registry.example.com'] });
  assert.ok(refused.kind === 'rejected');
  assert.deepEqual(refused.reasons.map(({ code, place }) => `${code} ${place?.file}`).sort(), [
    'image-registry templates/test.yaml',
    'image-registry templates/web.yaml',
    'image-without-digest templates/test.yaml',
    'image-without-digest templates/web.yaml',
  ]);
});
