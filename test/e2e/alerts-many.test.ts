import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { WebRelease } from '../alerted/releases.ts';
import { pageOf, type Scene, sceneInSync, textOf } from '../alerted/scene.ts';
import { inShort } from '../alerted/target.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { startWebhook, type Webhook } from '../oracles/admission/webhook.ts';
import { requirement } from '../requirements.ts';

/** Sixty releases of one target, each with its Deployment, on a real API server. */
const FLEET: readonly WebRelease[] = Array.from({ length: 60 }, (_, index) => ({
  release: `web-${String(index + 1).padStart(2, '0')}`,
}));
const MESHED = FLEET.slice(0, 50);

describe('what happens to many releases at once is told once', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let at: Scene;
  let folder: string;
  let webhook: Webhook;
  before(async () => {
    plane = await testControlPlane();
    folder = await mkdtemp(join(tmpdir(), 'fairlead-webhook-'));
    webhook = await startWebhook(folder, () => []);
    at = await sceneInSync(plane, 'fleet', ...FLEET);
  });
  after(async () => {
    await at?.end();
    await webhook?.stop();
    await plane?.end();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test('sixty releases drift: one incident, whose members resolve without a word, and one resolve', async () => {
    await at.edit('set', 'image', 'deployment', '--all', 'web=evil/web:2');
    const told = await at.checked();
    assert.deepEqual(inShort(told), ['drift target warning']);
    const [name, state] = pageOf(told[0]) ?? [];
    assert.equal(state, 'ALARM');
    const text = textOf(told[0]);
    assert.match(text, /\b60 releases\b/);
    assert.match(text, /fleet\/web-01/);
    assert.match(text, /evil\/web:2/);
    assert.equal([...text.matchAll(/evil\/web:2/g)].length, 1, 'what is the same everywhere is said once');

    assert.deepEqual(inShort(await at.checked()), []);
    await at.deploy(...FLEET.slice(20));
    assert.deepEqual(inShort(await at.checked()), []);
    await at.deploy(...FLEET);
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['converged target info']);
    assert.deepEqual(pageOf(resolved[0]), [name, 'OK']);
    assert.deepEqual(inShort(await at.checked()), []);
  });

  test('a mesh comes into fifty of them: one incident with the rule, which resolves it once it is in Git', async () => {
    const proxy = { name: 'mesh-proxy', image: 'mesh/proxy:1' };
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify(webhook.configuration('mesh')));
    webhook.mutation = (object) =>
      JSON.stringify(object).includes(proxy.name)
        ? []
        : [{ op: 'add', path: '/spec/template/spec/containers/-', value: proxy }];
    await at.until('the webhook to be called', async () => {
      await plane.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], JSON.stringify(PROBE));
      return webhook.calls > 0;
    });
    await at.deploy(...MESHED);
    const told = await at.checked();
    assert.equal(told.length, 1, inShort(told).join('\n'));
    assert.match(inShort(told)[0] ?? '', /^drift target /);
    const text = textOf(told[0]);
    assert.match(text, /\b50 releases\b/);
    assert.match(text, /mesh-proxy/);
    assert.doesNotMatch(text, /kubectl-/);

    await at.commit({ [`${at.root}/drift.yaml`]: ruleIn(text) });
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['converged target info']);
    assert.deepEqual(pageOf(resolved[0]), [pageOf(told[0])?.[0], 'OK']);
  });
});

const PROBE = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'probe', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'probe' } },
    template: { metadata: { labels: { app: 'probe' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  },
};

/** drift.yaml as a person makes it of what the email says: the lines to paste, below "rules:". */
function ruleIn(text: string): string {
  const lines = text.split('\n');
  const says = lines.findIndex((line) => line.endsWith('/drift.yaml, below the line "rules:"'));
  const from = lines.findIndex((line, index) => index > says && line !== '');
  const until = lines.findIndex((line, index) => index > from && line === '');
  assert.ok(says >= 0 && from > says && until > from, text);
  return ['rules:', ...lines.slice(from, until), ''].join('\n');
}
