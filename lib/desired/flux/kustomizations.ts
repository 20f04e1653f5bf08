import { eachAtOnce } from '../../at-once/at-once.ts';
import type { RenderedObject } from '../../charts/render-request.ts';
import { readRender } from '../../checks/renders.ts';
import type { Target } from '../../config/config.ts';
import { rootOf } from '../../config/root.ts';
import { putTree } from '../../content/store.ts';
import { type FluxBuild, shapingSpec } from '../../kustomize/flux-kustomization.ts';
import { kustomizationOf } from '../../kustomize/generated.ts';
import type { KubernetesObject } from '../../objects/objects.ts';
import { applyFolder, deployerNamespace, FLUX_NAMES } from '../../repository/layout.ts';
import { type ApplyFolder, readApplyFolder } from '../apply-folder.ts';
import { renderingOf, renderRequest } from '../declared-render.ts';
import type { DesiredParts } from '../desired.ts';
import type { DesiredKustomization, DesiredState } from '../state.ts';
import { type CommitFiles, commitFiles, UnreadableFiles } from './commit-files.ts';
import { DeclaredObjects } from './declared-objects.ts';
import { filesToBuild } from './files-to-build.ts';
import { isFluxKustomization, type KustomizationDeclaration, readKustomization } from './kustomization.ts';
import { placeOfSource, viewOf } from './sources.ts';
import { variablesFor } from './variables.ts';

type Rendering = NonNullable<DesiredState['manifests']>;

/** What a commit declares through Flux, before any release is rendered. */
export interface FluxDeclared {
  /** What the target's own folder builds to; absent where it declares nothing. */
  readonly manifests?: Rendering;
  /** The Kustomization that applies it, where it is not the one of Fairlead's own layout. */
  readonly appliedBy?: { readonly namespace: string; readonly name: string };
  /** Those that are declared in it, and in them. */
  readonly kustomizations: readonly DesiredKustomization[];
  readonly objects: DeclaredObjects;
}

/** Kustomizations of one target. More is a mistake, or meant to take long. */
const KUSTOMIZATIONS = 500;
const BUILDS_AT_ONCE = 4;

/**
 * The target's folder as Flux builds it, and every Kustomization of this repository that is declared in what comes
 * out: `apply/` where Fairlead delivers, else the root itself, as `flux bootstrap` lays a repository out.
 */
export async function readKustomizations(
  target: Target,
  commit: string,
  parts: DesiredParts,
): Promise<FluxDeclared> {
  const files = await commitFiles(parts.clone, commit, 'as-source-controller');
  const reading = new Reading(target, files, parts);
  const delivered = applyFolder(target);
  const root = rootOf(target);
  // Nothing is delivered to a repository as a whole.
  const isDelivered = root !== '' && files.below(delivered).length > 0;
  const folder = isDelivered ? delivered : root;
  if (files.below(folder).length === 0) return { kustomizations: [], objects: reading.objects };

  const ours = { namespace: deployerNamespace(target), name: FLUX_NAMES.kustomization };
  const found = isDelivered ? undefined : await rootKustomization(files, folder);
  if (found !== undefined) reading.ownSource(found);
  const entry = found ?? plainDeclaration(folder, isDelivered ? ours : undefined);
  const { rendering: built, count } = await reading.build(
    entry,
    found === undefined ? files : await throughSource(files, folder, found),
  );
  let rendering = built;
  if (built.kind === 'unknown' && kustomizationOf(files, folder) === undefined) {
    // Releases were deployed from what the other files declare before one of them became unreadable.
    const raw = await rawFolder(files, folder);
    reading.objects.addRaw(raw.objects);
    if (raw.broken !== undefined) rendering = { kind: 'unknown', reason: raw.broken };
  }
  const kustomizations = await reading.nested(entry);
  const isEmpty = rendering.kind === 'rendered' && count === 0;
  return {
    ...(isEmpty ? {} : { manifests: rendering }),
    ...(found === undefined ? {} : { appliedBy: { namespace: found.namespace, name: found.name } }),
    kustomizations,
    objects: reading.objects,
  };
}

/** What builds a folder of which no Kustomization is known. */
type Entry = Omit<KustomizationDeclaration, 'namespace' | 'name' | 'apiVersion' | 'source' | 'suspended'> & {
  readonly owner: FluxBuild['owner'];
};

const plainDeclaration = (path: string, owner: FluxBuild['owner']): Entry => ({
  owner,
  path,
  spec: shapingSpec.parse({}),
  // Nobody says that it does not.
  decrypts: owner === undefined,
});

/** The Kustomization below the root that applies the root itself: `gotk-sync.yaml`'s, where there are several. */
async function rootKustomization(
  files: CommitFiles,
  root: string,
): Promise<KustomizationDeclaration | undefined> {
  const found = (await rawFolder(files, root)).objects.flatMap(({ object }) => {
    const read = isFluxKustomization(object) ? readKustomization(object) : undefined;
    return read?.kind === 'read' && read.declaration.path === root ? [read.declaration] : [];
  });
  // `flux bootstrap` gives it the name of its namespace.
  return found.find(({ name, namespace }) => name === namespace) ?? found[0];
}

/** The commit as the root's own GitRepository gives it, where it is declared beside the root's Kustomization. */
async function throughSource(
  files: CommitFiles,
  root: string,
  { source }: KustomizationDeclaration,
): Promise<CommitFiles> {
  const declared = (await rawFolder(files, root)).objects.find(
    ({ object: { kind, metadata } }) =>
      kind === source.kind && metadata.name === source.name && metadata.namespace === source.namespace,
  );
  return declared === undefined ? files : files.through(viewOf(declared.object));
}

/** What the files themselves hold, whatever builds them. */
async function rawFolder(files: CommitFiles, folder: string): Promise<ApplyFolder> {
  const paths = files.below(folder).filter((path) => /\.ya?ml$/.test(path));
  try {
    const tree = await files.read(paths);
    const below = new Map(
      [...tree].map(([path, entry]) => [folder === '' ? path : path.slice(folder.length + 1), entry]),
    );
    return readApplyFolder(below, folder, 'flux');
  } catch (error) {
    if (error instanceof UnreadableFiles) return { objects: [] };
    throw error;
  }
}

class Reading {
  readonly objects: DeclaredObjects;
  readonly #target: Target;
  readonly #files: CommitFiles;
  readonly #parts: DesiredParts;
  readonly #seen = new Set<string>();

  constructor(target: Target, files: CommitFiles, parts: DesiredParts) {
    this.objects = new DeclaredObjects(
      {
        branch: target.branch,
        url: parts.repositoryUrl,
        ownSources: [FLUX_NAMES.gitRepository, 'flux-system'],
      },
      parts.clusterMaps ?? {},
    );
    this.#target = target;
    this.#files = files;
    this.#parts = parts;
  }

  ownSource({ source }: KustomizationDeclaration): void {
    if (source.kind === 'GitRepository') this.objects.addOwnSource(`${source.namespace}/${source.name}`);
  }

  /** Builds one, and takes up what it declares. */
  async build(
    declared: Entry | KustomizationDeclaration,
    files: CommitFiles,
  ): Promise<{ readonly rendering: Rendering; readonly count: number }> {
    const { path, spec, decrypts, postBuild } = declared;
    const owner =
      'owner' in declared ? declared.owner : { namespace: declared.namespace, name: declared.name };
    if (!('owner' in declared)) this.#seen.add(keyOf(declared));
    const unknown = (reason: string) => ({ rendering: { kind: 'unknown' as const, reason }, count: 0 });
    if (files.below(path).length === 0)
      return unknown(`${path || 'the repository'} is not in the commit, or its source leaves it out`);
    const variables =
      postBuild === undefined
        ? undefined
        : variablesFor(
            postBuild,
            owner?.namespace ?? '',
            (namespace, name) => this.objects.findMap(namespace, name),
            (name) => this.objects.secretNames(owner?.namespace ?? '', name),
          );
    if (variables?.kind === 'unknown') return unknown(variables.reason);
    let tree: Awaited<ReturnType<typeof filesToBuild>>;
    try {
      tree = await filesToBuild(files, path, spec.components);
    } catch (error) {
      if (error instanceof UnreadableFiles) return unknown(error.message);
      throw error;
    }
    const { capabilities, content, render, state } = this.#parts;
    const build: FluxBuild = {
      folder: path,
      spec,
      decrypts,
      ...(owner === undefined ? {} : { owner }),
      ...(variables === undefined ? {} : { substitute: variables.substitute }),
    };
    const subject = { kind: 'manifests' as const, tree: await putTree(content, tree), path, build };
    const request = renderRequest(this.#target, capabilities, subject);
    const rendering = renderingOf(await render(request), request);
    if (rendering.kind === 'unknown') return { rendering, count: 0 };
    const objects: readonly RenderedObject[] = (await readRender(state, rendering.render)) ?? [];
    this.objects.add(objects);
    return { rendering, count: objects.length };
  }

  /** Every other Kustomization that is declared, and what those declare: each once, so that circles end. */
  async nested(entry: Entry | KustomizationDeclaration): Promise<readonly DesiredKustomization[]> {
    const done: DesiredKustomization[] = [];
    if (!('owner' in entry)) this.#seen.add(keyOf(entry));
    let waited = false;
    for (;;) {
      const next = this.objects.all.filter(
        (object) => isFluxKustomization(object) && !this.#seen.has(keyOf(placeOf(object))),
      );
      if (next.length === 0) return done;
      // Their variables may be declared by one that is built in the same turn.
      const ready = next.filter((object) => waited || !this.#waitsForMap(object));
      waited = ready.length === 0;
      for (const object of ready) this.#seen.add(keyOf(placeOf(object)));
      const built = ready.slice(0, KUSTOMIZATIONS - done.length);
      done.push(...(await eachAtOnce(built, BUILDS_AT_ONCE, (object) => this.#one(object))));
      const beyond = ready[built.length];
      if (beyond === undefined) continue;
      // One of them says it for all: what they declare nobody knows.
      const reason = `more than ${KUSTOMIZATIONS} Kustomizations are declared: this one and others are not judged`;
      return [...done, this.#unknown(beyond, reason)];
    }
  }

  #waitsForMap(object: KubernetesObject): boolean {
    const read = readKustomization(object);
    if (read.kind !== 'read' || read.declaration.postBuild === undefined) return false;
    const { postBuild, namespace } = read.declaration;
    return postBuild.substituteFrom.some(
      ({ kind, name }) => kind === 'ConfigMap' && !this.objects.declaresMap(namespace, name),
    );
  }

  async #one(object: KubernetesObject): Promise<DesiredKustomization> {
    const read = readKustomization(object);
    if (read.kind === 'unreadable') return this.#unknown(object, read.reason, read.suspended);
    const { declaration } = read;
    const unstable = this.objects.unstableIn(object);
    if (unstable !== undefined) return this.#unknown(object, unstable, declaration.suspended);
    const place = placeOfSource(declaration.source, this.objects.here, (kind, namespace, name) =>
      this.objects.find(kind, namespace, name),
    );
    if (place.kind === 'elsewhere') return this.#unknown(object, place.reason, declaration.suspended);
    const { rendering } = await this.build(declaration, this.#files.through(place.view));
    return desiredOf(object, declaration.suspended, rendering);
  }

  #unknown(object: KubernetesObject, reason: string, suspended = false): DesiredKustomization {
    return desiredOf(object, suspended, { kind: 'unknown', reason });
  }
}

const placeOf = ({ metadata }: KubernetesObject) => ({
  namespace: metadata.namespace ?? 'default',
  name: metadata.name,
});
const keyOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

const desiredOf = (
  object: KubernetesObject,
  suspended: boolean,
  rendering: Rendering,
): DesiredKustomization => ({ ...placeOf(object), apiVersion: object.apiVersion, suspended, rendering });
