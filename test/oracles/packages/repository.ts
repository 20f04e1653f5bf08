import type { Target } from '../../../lib/config/config.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { appliedValues, chartFolder, newReleaseFile, valuesFile } from '../../../lib/repository/layout.ts';
import type { ClusterRepository } from '../../fixtures/cluster-repository.ts';
import { nameOf, type Release } from './deploying.ts';
import type { Way } from './package.ts';

/** A target as it is configured, whose deployer is that of the way. */
export function targetOf(way: Way, kubeconfig: string, namespaces: readonly string[]): Target {
  const [target] = parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: [
      {
        name: way,
        repository: 'cluster',
        deployer: way === 'helm-controller' ? 'flux' : 'none',
        namespaces: [...namespaces],
        cluster: { kind: 'kubeconfig', path: kubeconfig },
      },
    ],
  }).targets;
  if (target === undefined) throw new Error('a configuration without a target');
  return target;
}

/** The files as deliveries leave them. */
export function filesOf(target: Target, { place, revision, waitsFor }: Release): Record<string, string> {
  const files: Record<string, string> = { [valuesFile(target, place)]: revision.values };
  for (const [path, text] of Object.entries(revision.files))
    files[`${chartFolder(target, place)}/${path}`] = text;
  for (const file of [
    newReleaseFile(target, place, 'https://git.example.com/cluster.git'),
    appliedValues(target, place, revision.values),
  ])
    if (file !== undefined) files[file.path] = waitsFor === undefined ? file.text : withoutWaiting(file.text);
  return files;
}

/** As people write it into release.yaml, which is theirs. */
const withoutWaiting = (text: string): string =>
  text.replace(/^( +)strategy:$/gm, '$1disableWait: true\n$1strategy:');

/** Commits the releases as they are to be, and takes out what a chart no longer holds. */
export function committing(repository: ClusterRepository, target: Target) {
  const standing = new Map<string, Readonly<Record<string, string>>>();
  return async (releases: readonly Release[]): Promise<string> => {
    const changes: Record<string, string | undefined> = {};
    for (const release of releases) {
      const files = filesOf(target, release);
      for (const path of Object.keys(standing.get(nameOf(release.place)) ?? {})) changes[path] = undefined;
      Object.assign(changes, files);
      standing.set(nameOf(release.place), files);
    }
    return repository.commit(changes);
  };
}
