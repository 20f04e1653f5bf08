import assert from 'node:assert/strict';
import { join } from 'node:path';
import { renderRelease } from '../../../../lib/charts/render/render.ts';
import type { RenderedObject } from '../../../../lib/charts/render-request.ts';
import { readRender } from '../../../../lib/checks/renders.ts';
import type { Target } from '../../../../lib/config/config.ts';
import { folderStore } from '../../../../lib/content/folder-store.ts';
import { type DesiredParts, readDesired } from '../../../../lib/desired/desired.ts';
import type { DesiredState } from '../../../../lib/desired/state.ts';
import { openClone } from '../../../../lib/repository/clone.ts';
import { tools } from '../../../../local/tools.ts';
import { type ClusterRepository, targetOf } from '../../../fixtures/cluster-repository.ts';

const REPOSITORY = 'https://git.example.com/platform/cluster.git';
const target: Target = { ...targetOf({ deployer: 'argocd' }), root: 'clusters/prod', driftOnly: true };

export const application = (name: string, spec: object, more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', ...more },
    spec: {
      project: 'default',
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      syncPolicy: { automated: {} },
      ...spec,
    },
  });
export const inGit = (path: string, more: object = {}) => ({
  repoURL: 'https://git.example.com/platform/cluster',
  targetRevision: 'main',
  path,
  ...more,
});
export const configMap = (name: string, data = 'a: b') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata: {${data}}\n`;

/** What a commit of these files declares to Argo CD, and the objects of each Application, rendered. */
export async function declaredIn(
  { folder, repository }: { readonly folder: string; readonly repository: ClusterRepository },
  files: Readonly<Record<string, string>>,
  more: Partial<DesiredParts> = {},
) {
  await repository.commit(files);
  const [content, state] = [folderStore(join(folder, 'content')), folderStore(join(folder, 'state'))];
  const parts = { content, state, tools: (await tools()).folder, scratch: join(folder, 'scratch') };
  const clone = await openClone({ url: repository.url, branch: 'main', folder: join(folder, 'clone.git') });
  const reading = await readDesired(target, {
    clone,
    content,
    state,
    capabilities: { kubernetesVersion: 'v1.35.4-eks-113cf36', apiVersions: ['v1', 'v1/ConfigMap'] },
    repositoryUrl: REPOSITORY,
    render: (request) => renderRelease(request, parts),
    ...more,
  });
  assert.ok(reading.kind === 'read');
  const { state: desired } = reading;
  const objects = async (name: string): Promise<readonly RenderedObject[]> => {
    const release = releaseOf(desired, name);
    assert.ok(release.rendering.kind === 'rendered', JSON.stringify(release.rendering));
    return (await readRender(state, release.rendering.render)) ?? [];
  };
  return { desired, objects };
}

export function releaseOf(desired: DesiredState, name: string) {
  const release = desired.releases.find((each) => each.name === name);
  assert.ok(release !== undefined, `of ${desired.releases.map((each) => each.name)}`);
  return release;
}
