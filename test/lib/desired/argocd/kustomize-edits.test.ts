import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type ClusterRepository, clusterRepository } from '../../../fixtures/cluster-repository.ts';
import { application, configMap, declaredIn, inGit } from './applications.ts';

describe('what an Application edits into a kustomization', () => {
  let folder: string;
  let repository: ClusterRepository;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-argocd-'));
    repository = await clusterRepository();
  });
  afterEach(async () => {
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });
  const declared = (files: Readonly<Record<string, string>>) => declaredIn({ folder, repository }, files);

  const SPEC =
    'selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}';
  const EDITED: readonly (readonly [
    what: string,
    kustomize: object,
    own: string,
    sees: (object: never) => unknown,
    is: unknown,
  ])[] = [
    [
      'labels, selectors with them',
      { commonLabels: { team: '$ARGOCD_APP_NAME' } },
      'commonLabels: {a: b}',
      ({ metadata, spec }: { metadata: { labels: object }; spec: { selector: { matchLabels: object } } }) => [
        metadata.labels,
        spec.selector.matchLabels,
      ],
      [
        { a: 'b', team: 'k' },
        { a: 'b', app: 'web', team: 'k' },
      ],
    ],
    [
      'labels of objects and templates alone',
      { commonLabels: { team: 'x' }, labelWithoutSelector: true, labelIncludeTemplates: true },
      'labels: [{pairs: {a: b}}]',
      ({
        metadata,
        spec,
      }: {
        metadata: { labels: object };
        spec: { selector: { matchLabels: object }; template: { metadata: { labels: object } } };
      }) => [metadata.labels, spec.selector.matchLabels, spec.template.metadata.labels],
      [{ a: 'b', team: 'x' }, { app: 'web' }, { app: 'web', team: 'x' }],
    ],
    [
      'annotations, one by force, with no variables unless asked for',
      { commonAnnotations: { note: '$ARGOCD_APP_NAME' }, forceCommonAnnotations: true },
      'commonAnnotations: {note: old}',
      ({ metadata }: { metadata: { annotations: Record<string, string> } }) => metadata.annotations.note,
      '$ARGOCD_APP_NAME',
    ],
    [
      'replicas and an image with a variable',
      { replicas: [{ name: 'web', count: '3' }], images: ['web:$ARGOCD_APP_NAME'] },
      'replicas: [{name: web, count: 2}]',
      ({ spec }: { spec: { replicas: number; template: { spec: { containers: { image: string }[] } } } }) => [
        spec.replicas,
        spec.template.spec.containers[0]?.image,
      ],
      [3, 'web:k'],
    ],
  ];
  for (const [what, kustomize, own, sees, is] of EDITED)
    test(`a kustomization is edited by the Application: ${what}`, async () => {
      const { objects } = await declared({
        'web/kustomization.yaml': `resources: [web.yaml]\n${own}\n`,
        'web/web.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {${SPEC}}\n`,
        'clusters/prod/k.yaml': application('k', { source: inGit('web', { kustomize }) }),
      });
      const [rendered] = await objects('k');
      assert.deepEqual(sees(rendered?.object as never), is);
    });

  test('a label that a kustomization has already is an error, as kustomize makes it one', async () => {
    const { desired } = await declared({
      'web/kustomization.yaml': 'resources: [a.yaml]\ncommonLabels: {team: a}\n',
      'web/a.yaml': configMap('a'),
      'clusters/prod/k.yaml': application('k', {
        source: inGit('web', { kustomize: { commonLabels: { team: 'b' } } }),
      }),
    });
    assert.match(
      JSON.stringify(desired.releases[0]?.rendering),
      /label team is already in the kustomization file/,
    );
  });
});
