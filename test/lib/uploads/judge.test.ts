import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../../lib/charts/reasons.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { judgeBy } from '../../../lib/uploads/deciding/judge.ts';

const [target] = parseConfig({
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
}).targets;

const judged = (answer: unknown) => {
  assert.ok(target !== undefined);
  const judge = judgeBy({ invoke: async () => answer }, async () => ({
    capabilities: { kubernetesVersion: '1.35.0', apiVersions: [] },
  }));
  return judge(target, { kind: 'manifests', tree: digestOf(''), path: 'a.yaml' });
};

test('what is no whole answer of render-release rejects nobody and lets nobody pass', async () => {
  const broken: unknown[] = [
    null,
    'rendered',
    {},
    { kind: 'rendered' },
    { kind: 'rendered', warnings: [{ code: 1 }] },
    { kind: 'rendered', warnings: [], declares: [{ object: 'v1/ConfigMap/shop/a' }] },
    { kind: 'rejected' },
    { kind: 'rejected', reasons: [] },
    { kind: 'rejected', reasons: [{ code: 'template-failed' }] },
    { kind: 'rejected', reasons: [{ ...reason('upload-gone', {}), place: { line: 'one' } }] },
  ];
  for (const answer of broken) assert.equal((await judged(answer)).kind, 'unjudged', JSON.stringify(answer));
});

test('a rejection is told with its reasons, and codes of another release are codes too', async () => {
  const reasons = [{ ...reason('upload-gone', {}), code: 'of-tomorrow' }];
  assert.deepEqual(await judged({ schema: 1, kind: 'rejected', reasons }), { kind: 'rejected', reasons });
});
