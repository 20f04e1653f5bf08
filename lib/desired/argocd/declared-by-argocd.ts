import { eachAtOnce } from '../../at-once/at-once.ts';
import { readRender } from '../../checks/renders.ts';
import { isDestinationOf } from '../../config/argocd-destination.ts';
import type { Target } from '../../config/config.ts';
import { rootOf } from '../../config/root.ts';
import { putTree } from '../../content/store.ts';
import type { FileTree } from '../../content/tree.ts';
import { type KubernetesObject, referenceOf } from '../../objects/objects.ts';
import { applyFolder } from '../../repository/layout.ts';
import { isManifestFile, readApplyFolder } from '../apply-folder.ts';
import { renderingOf, renderRequest } from '../declared-render.ts';
import type { Declared, DesiredParts } from '../desired.ts';
import { commitFiles } from '../flux/commit-files.ts';
import { readFolder } from '../git-trees.ts';
import type { DesiredRelease, DesiredState } from '../state.ts';
import { isApplication, isApplicationSet, readApplication } from './application.ts';
import type { Here } from './here.ts';
import { renderApplication } from './rendered-application.ts';

/** Applications of one target, and how deep they declare one another. */
const APPLICATIONS = 1000;
const DEPTH = 6;
const AT_ONCE = 4;

/**
 * What a commit declares through Argo CD: `apply/` as the directory that Fairlead points it at, else every Application
 * in a YAML file below the root; and the Applications that are in what these apply.
 */
export async function declaredByArgocd(
  target: Target,
  commit: string,
  parts: DesiredParts,
): Promise<Declared> {
  const files = await commitFiles(parts.clone, commit, 'everything');
  const here: Here = {
    branch: target.branch,
    commit,
    url: parts.repositoryUrl,
    argocdNamespace: target.argocdNamespace,
    isItsCluster: (destination) => isDestinationOf(target, destination),
    files,
  };
  const delivered = applyFolder(target);
  const root = rootOf(target);
  // Nothing is delivered to a repository as a whole.
  const isDelivered = root !== '' && files.below(delivered).length > 0;
  const folder = isDelivered ? delivered : root;
  // A link somewhere among charts and values says nothing of the Applications beside it.
  const links: string[] = [];
  const isLookedAt = (path: string, mode: string) => {
    if (!/\.ya?ml$/.test(path)) return false;
    if (!mode.startsWith('100')) links.push(path);
    return mode.startsWith('100');
  };
  const wanted = isDelivered ? isManifestFile('argocd') : isLookedAt;
  const read = await readFolder(parts.clone, commit, folder, wanted);
  if (read.kind === 'unreadable')
    return { releases: [], manifests: { kind: 'unknown', reason: read.reason }, staleValues: [] };
  // Beside the Applications a repository holds templates and values, which nobody applies as they are.
  const tree = isDelivered ? read.files : thatNameApplications(read.files);
  const { objects, broken } = readApplyFolder(tree, folder, 'argocd');
  const applications = new Applications(here, commit, target, parts);
  await applications.add(
    objects.map(({ object }) => object),
    1,
  );
  const manifests = isDelivered
    ? await manifestsOf(tree, objects.length, broken, target, parts)
    : unreadable(broken, tree);
  const remarks = [...applications.elsewhere, ...aboutLinks(links)];
  return {
    releases: [],
    rendered: applications.rendered,
    ...(manifests === undefined ? {} : { manifests }),
    ...(remarks.length === 0 ? {} : { remarks }),
    staleValues: [],
  };
}

const aboutLinks = ([first, ...others]: readonly string[]): readonly string[] =>
  first === undefined
    ? []
    : [
        `${first}${others.length === 0 ? '' : ` and ${others.length} more`}: links are not followed when Applications are looked for`,
      ];

/** Templates of charts may read like Applications, and are no YAML that anybody applies. */
const thatNameApplications = (files: FileTree): FileTree =>
  new Map(
    [...files].filter(([path, file]) => {
      const text = file.data.toString('utf8');
      if (!/\bkind["']?\s*:\s*["']?Application(Set)?\b/.test(text)) return false;
      const isTemplate = () => readApplyFolder(new Map([[path, file]]), '', 'argocd').broken !== undefined;
      return !text.includes('{{') || !isTemplate();
    }),
  );

function unreadable(broken: string | undefined, tree: FileTree): DesiredState['manifests'] {
  return broken === undefined || tree.size === 0 ? undefined : { kind: 'unknown', reason: broken };
}

/** `apply/` itself: the Applications and plain manifests, in the root Application's own destination. */
async function manifestsOf(
  files: FileTree,
  objects: number,
  broken: string | undefined,
  target: Target,
  { content, render, capabilities }: DesiredParts,
): Promise<DesiredState['manifests']> {
  if (broken !== undefined) return { kind: 'unknown', reason: broken };
  if (objects === 0) return undefined;
  const request = renderRequest(target, capabilities, {
    kind: 'manifests',
    tree: await putTree(content, files),
    path: applyFolder(target),
    namespace: target.argocdNamespace,
  });
  return renderingOf(await render(request), request);
}

/** Applications, each read and rendered once, and those in what they apply. */
class Applications {
  readonly rendered: DesiredRelease[] = [];
  /** In words for people: what is left out since it goes to other clusters. */
  readonly elsewhere: string[] = [];
  readonly #seen = new Set<string>();
  #read = 0;
  readonly #here: Here;
  readonly #commit: string;
  readonly #target: Target;
  readonly #parts: DesiredParts;

  constructor(here: Here, commit: string, target: Target, parts: DesiredParts) {
    this.#here = here;
    this.#commit = commit;
    this.#target = target;
    this.#parts = parts;
  }

  async add(objects: readonly KubernetesObject[], depth: number): Promise<void> {
    const fresh = objects
      .filter((object) => isApplication(object) || isApplicationSet(object))
      .filter((object) => {
        const key = keyOf(object, this.#here.argocdNamespace);
        return this.#seen.has(key) ? false : this.#seen.add(key);
      });
    this.#parts.onDeclared?.(this.#seen.size);
    const read = fresh.slice(0, APPLICATIONS - this.#read);
    this.#read += read.length;
    const within = await eachAtOnce(read, AT_ONCE, (object) => this.#one(object, depth));
    const beyond = fresh[read.length];
    // One of them says it for all: what they declare nobody knows.
    if (beyond !== undefined)
      return this.#unknown(
        beyond,
        `more than ${APPLICATIONS} Applications are declared: this one and others are not judged`,
      );
    const next = within.flat();
    if (next.length > 0) await this.add(next, depth + 1);
  }

  /** @returns the objects that it applies */
  async #one(object: KubernetesObject, depth: number): Promise<readonly KubernetesObject[]> {
    if (isApplicationSet(object)) {
      this.#unknown(object, 'an ApplicationSet makes its Applications in the cluster: Fairlead does not');
      return [];
    }
    if (depth > DEPTH) {
      this.#unknown(object, `more than ${DEPTH} Applications within one another are not read`);
      return [];
    }
    const read = await readApplication(object, this.#here);
    if (read.kind === 'elsewhere') {
      this.elsewhere.push(
        `Application ${object.metadata.name} goes to the cluster "${read.cluster}" and is not judged here. Is that this one? Then name it so: argocdDestination of the target`,
      );
      return [];
    }
    const { chart, rendering } = await renderApplication(
      object,
      read,
      this.#commit,
      this.#target,
      this.#parts,
    );
    this.rendered.push({
      namespace: read.namespace,
      name: read.name,
      ...(chart === undefined ? {} : { chart }),
      deployedBy: { namespace: this.#here.argocdNamespace, ...referenceOf(object) },
      suspended: read.suspended,
      rendering,
    });
    if (rendering.kind === 'unknown') return [];
    const objects = (await readRender(this.#parts.state, rendering.render)) ?? [];
    return objects.map((each) => each.object);
  }

  #unknown(object: KubernetesObject, reason: string): void {
    const { namespace = this.#here.argocdNamespace, name } = object.metadata;
    this.rendered.push({ namespace, name, suspended: false, rendering: { kind: 'unknown', reason } });
  }
}

const keyOf = ({ kind, metadata: { namespace, name } }: KubernetesObject, home: string): string =>
  `${kind}/${namespace ?? home}/${name}`;
