import { limited, OUTPUT_SECONDS } from '../charts/files/limited.ts';
import { maskFor } from '../charts/render/masking.ts';
import type { FileTree } from '../content/tree.ts';
import { formatJson } from '../objects/json.ts';
import type { KubernetesObject } from '../objects/objects.ts';
import { type FluxBuild, fluxBuild } from './flux-kustomization.ts';
import { generated } from './generated.ts';
import { holdsPlaceholder, PLACEHOLDERS, withOtherPlaceholder } from './placeholders.ts';
import { type KustomizeParts, runKustomize } from './run-kustomize.ts';
import { secretTextsIn, secretTextsOf } from './secret-texts.ts';
import { holdsSops, isEncrypted, withoutSops, withoutSopsField } from './sops.ts';
import { substituted, type Variables, variablesOf } from './substitution.ts';
import { isKustomization } from './tree.ts';

export interface BuiltObject {
  readonly object: KubernetesObject;
  /** The manifest that it comes from, from the tree's root; the folder where kustomize does not say. */
  readonly source: string;
}

export type FluxBuilt =
  | {
      readonly kind: 'built';
      /** More than one where something depends on what is not to be read: what differs among them is unstable. */
      readonly builds: readonly (readonly BuiltObject[])[];
    }
  /** In words for people. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * The objects that a Flux `Kustomization` applies, as kustomize-controller builds them (internal/controller/
 * kustomization_controller.go, build): kustomize, decryption, then variables.
 */
export async function buildAsFlux(
  tree: FileTree,
  build: FluxBuild,
  parts: KustomizeParts,
): Promise<FluxBuilt> {
  const text = formatJson(build);
  const fromSecret = build.substitute?.sources.some(({ kind }) => kind === 'secret') ?? false;
  const decrypts = build.decrypts && holdsSops(tree);
  const placeholders = fromSecret || decrypts || holdsPlaceholder(text) ? PLACEHOLDERS : [PLACEHOLDERS[0]];
  const builds: (readonly BuiltObject[])[] = [];
  for (const placeholder of placeholders) {
    const given = decrypts ? withoutSops(tree, placeholder) : tree;
    const said =
      placeholder === PLACEHOLDERS[0] ? build : fluxBuild.parse(JSON.parse(withOtherPlaceholder(text)));
    const built = await buildOnce(given, said, placeholder, parts);
    if (built.kind === 'failed') return failed(withoutSecrets(built.reason, tree, build));
    builds.push(built.objects);
  }
  return { kind: 'built', builds };
}

/** What went wrong is kept and told: without what may be the value of a Secret. */
const withoutSecrets = (reason: string, tree: FileTree, { spec, substitute }: FluxBuild): string =>
  maskFor([
    ...secretTextsIn(tree),
    ...spec.patches.flatMap(({ patch }) => secretTextsOf(patch)),
    ...(substitute?.sources ?? []).flatMap((source) =>
      source.kind === 'known' ? Object.values(source.values) : [],
    ),
  ])(reason);

type Once =
  | { readonly kind: 'built'; readonly objects: readonly BuiltObject[] }
  | { readonly kind: 'failed'; readonly reason: string };

const failed = (reason: string): Once & { readonly kind: 'failed' } => ({ kind: 'failed', reason });

async function buildOnce(
  tree: FileTree,
  build: FluxBuild,
  placeholder: string,
  parts: KustomizeParts,
): Promise<Once> {
  const { folder, spec } = build;
  const made = generated(tree, folder, spec, build.edits);
  if (made.kind === 'refused') return failed(made.reason);
  if (made.kind === 'empty') return { kind: 'built', objects: [] };
  const ran = await runKustomize(made.tree, folder, parts);
  if (ran.kind === 'failed') return failed(ran.reason);

  const texts = documentsOf(ran.output);
  const sources = await sourcesIn(tree);
  const read = await readObjects(texts);
  if (read.kind === 'failed') return read;
  const filled = await withVariables(texts, read.objects, build, placeholder);
  if (filled.kind === 'failed') return filled;
  const encrypted = build.decrypts ? undefined : read.objects.find(isEncryptedSecret);
  if (encrypted !== undefined)
    return failed(
      `Secret/${encrypted.metadata.name} is encrypted with SOPS, and the Kustomization has no spec.decryption: Flux does not apply it`,
    );
  return {
    kind: 'built',
    objects: filled.objects.map((object, index) => ({
      object: withoutSopsField(object),
      source: sources.get(nameOf(read.objects[index] ?? object)) ?? folder,
    })),
  };
}

const isEncryptedSecret = (object: KubernetesObject): boolean =>
  object.kind === 'Secret' && object.apiVersion === 'v1' && isEncrypted(object);

/** resMap.AsYaml writes `---` between objects; nothing inside one begins a line with it. */
const documentsOf = (output: string): readonly string[] =>
  output.split(/^---\n/m).filter((text) => text.trim() !== '');

type ReadObjects =
  | { readonly kind: 'read'; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** What kustomize writes, and what variables make of it, is read by sigs.k8s.io/yaml. */
async function readObjects(texts: readonly string[]): Promise<ReadObjects> {
  const files = texts.map((text) => ({ file: '', text }));
  const read = await limited('readManifests', { files, reader: 'kubernetes' }, OUTPUT_SECONDS);
  if (read.kind === 'too-complex')
    return { kind: 'failed', reason: `what it builds takes longer than ${read.limitSeconds} s to read` };
  const [problem] = read.result.reasons;
  if (problem !== undefined) return { kind: 'failed', reason: problem.message };
  return { kind: 'read', objects: read.result.objects.map(({ object }) => object) };
}

const SUBSTITUTE = 'kustomize.toolkit.fluxcd.io/substitute';

/** `postBuild`: on the text of each object, except where a label or annotation forbids it (SubstituteVariables). */
async function withVariables(
  texts: readonly string[],
  objects: readonly KubernetesObject[],
  { substitute }: FluxBuild,
  placeholder: string,
): Promise<ReadObjects> {
  const unchanged: ReadObjects = { kind: 'read', objects };
  if (substitute === undefined) return unchanged;
  if (!substitute.always && !hasVariables(substitute)) return unchanged;
  const variables = variablesOf(substitute.sources, placeholder);
  if (variables.kind === 'invalid')
    return { kind: 'failed', reason: `postBuild: "${variables.name}" cannot be the name of a variable` };
  // A `List` in one document: kustomize takes them apart, so that there is one object in each.
  if (texts.length !== objects.length)
    return { kind: 'failed', reason: 'postBuild: a list of objects is left in what kustomize builds' };
  const made: string[] = [];
  for (const [index, text] of texts.entries()) {
    const object = objects[index];
    const filled =
      object === undefined || isLeftAlone(object)
        ? { kind: 'substituted' as const, text }
        : fill(text, variables.of);
    if (filled.kind === 'failed')
      return {
        kind: 'failed',
        reason: `postBuild of ${object?.kind}/${object?.metadata.name}: ${filled.reason}`,
      };
    made.push(filled.text);
  }
  return readObjects(made);
}

const fill = (text: string, variables: Variables) => substituted(text, variables);

const hasVariables = ({ sources }: NonNullable<FluxBuild['substitute']>): boolean =>
  sources.some((source) => source.kind === 'secret' || Object.keys(source.values).length > 0);

const isLeftAlone = ({ metadata: { labels, annotations } }: KubernetesObject): boolean =>
  labels?.[SUBSTITUTE] === 'disabled' || annotations?.[SUBSTITUTE] === 'disabled';

/**
 * Where objects stand, by kind and name: kustomize would say so in an annotation, but one annotation more changes how
 * it writes the others.
 */
async function sourcesIn(tree: FileTree): Promise<ReadonlyMap<string, string>> {
  const files = [...tree]
    .filter(([path]) => /\.ya?ml$/.test(path) && !isKustomization(path))
    .map(([file, { data }]) => ({ file, text: data.toString('utf8') }));
  const read = await limited('readManifests', { files, reader: 'kustomize' }, OUTPUT_SECONDS);
  if (read.kind === 'too-complex') return new Map();
  // A patch stands after what it patches, as far as folders are named: the first is the one.
  return new Map(
    read.result.objects.toReversed().map(({ object, place }) => [nameOf(object), place.file ?? '']),
  );
}

const nameOf = ({ kind, metadata: { name } }: KubernetesObject): string => `${kind}/${name}`;
