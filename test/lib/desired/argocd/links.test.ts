import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folderStore } from '../../../../lib/content/folder-store.ts';
import { readDesired } from '../../../../lib/desired/desired.ts';
import { targetOf } from '../../../fixtures/cluster-repository.ts';
import { commitInMemory } from '../flux/commit-in-memory.ts';

const application = (name: string, annotations: object = {}): string =>
  JSON.stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', annotations },
    spec: {
      project: 'default',
      destination: { namespace: 'shop', server: 'https://kubernetes.default.svc' },
      source: { repoURL: 'https://git.example.com/infra.git', path: 'plain', targetRevision: 'main' },
      syncPolicy: { automated: {} },
    },
  });

describe('a repository of Argo CD in which things lie that nobody applies', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-links-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const read = async (files: Readonly<Record<string, string>>) => {
    const reading = await readDesired(
      { ...targetOf({ name: 'prod', deployer: 'argocd' }), root: 'clusters/prod', driftOnly: true },
      {
        clone: commitInMemory({
          'plain/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
          ...files,
        }),
        content: folderStore(join(folder, 'content')),
        state: folderStore(join(folder, `state-${Object.keys(files).length}`)),
        capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
        render: () => Promise.resolve({ kind: 'failed', reason: 'not rendered here' }),
      },
    );
    assert.ok(reading.kind === 'read');
    return reading.state;
  };

  test('a link among them hides no Application, and is told of', async () => {
    const desired = await read({
      'clusters/prod/web.yaml': application('web'),
      'clusters/prod/chart/values.yaml': 'link:../../../values.yaml',
      'clusters/prod/chart/values-eu.yaml': 'link:../../../values.yaml',
    });
    assert.deepEqual(
      desired.releases.map(({ name }) => name),
      ['web'],
    );
    assert.deepEqual(desired.remarks, [
      'chart/values.yaml and 1 more: links are not followed when Applications are looked for',
    ]);
  });

  test('an Application that Argo CD was told to skip is suspended', async () => {
    const desired = await read({
      'clusters/prod/web.yaml': application('web'),
      'clusters/prod/left.yaml': application('left', { 'argocd.argoproj.io/skip-reconcile': 'true' }),
    });
    assert.deepEqual(
      desired.releases.map(({ name, suspended }) => [name, suspended]),
      [
        ['left', true],
        ['web', false],
      ],
    );
  });
});
