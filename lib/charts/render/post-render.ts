import type { FileTree } from '../../content/tree.ts';
import type { KustomizePatches } from '../../kustomize/flux-kustomization.ts';
import { patchOf } from '../../kustomize/generated.ts';
import { type KustomizeParts, runKustomize } from '../../kustomize/run-kustomize.ts';
import { secretTextsOf } from '../../kustomize/secret-texts.ts';
import { formatJson } from '../../objects/json.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../../objects/objects.ts';
import { limited, OUTPUT_SECONDS } from '../files/limited.ts';
import { type Reason, reason } from '../reasons.ts';
import { maskFor } from './masking.ts';
import { documentsOf } from './output.ts';
import { CRDS_FOLDER } from './roles.ts';

export type PostRendered =
  /** As helm writes it, each document below the template that it came from. */
  | { readonly kind: 'rendered'; readonly output: string }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[] };

const INPUT = 'helm-output.yaml';

/**
 * What helm-controller's post-renderers make of helm's output: one kustomize build after the other, of everything but
 * `crds/`, hooks too (fluxcd/helm-controller, internal/postrender/{build,kustomize}.go).
 * @param hide masks values of the release in what is said
 */
export async function postRendered(
  output: string,
  renderers: readonly KustomizePatches[],
  parts: KustomizeParts,
  hide: (text: string) => string,
): Promise<PostRendered> {
  if (renderers.length === 0) return { kind: 'rendered', output };
  const documents = documentsOf(output);
  const untouched = documents.filter(({ source }) => CRDS_FOLDER.test(source));
  const given = documents.filter(({ source }) => !CRDS_FOLDER.test(source));
  const before = await readEach(given, 'kustomize');
  if (before.kind === 'failed') return before;
  const sources = new Map(before.objects.map(({ object, source }) => [keyOf(object), source]));

  let text = given.map((document) => document.text).join('\n---\n');
  for (const renderer of renderers) {
    const ran = await runKustomize(treeOf(text, renderer), '', parts);
    if (ran.kind === 'failed') {
      // kustomize quotes patches and objects that it cannot read.
      const secrets = maskFor([
        ...secretTextsOf(text),
        ...renderer.patches.flatMap(({ patch }) => secretTextsOf(patch)),
      ]);
      return failed(`spec.postRenderers: ${hide(secrets(ran.reason))}`);
    }
    text = ran.output;
  }
  const texts = text.split(/^---\n/m).filter((each) => each.trim() !== '');
  const after = await readEach(
    texts.map((each) => ({ source: '', text: each })),
    'kubernetes',
  );
  if (after.kind === 'failed') return after;
  const shaped = after.objects.map(({ object }, index) => ({
    // One that a patch gave another name is known by none.
    source: sources.get(keyOf(object)) ?? 'templates',
    text: texts[index] ?? '',
  }));
  return {
    kind: 'rendered',
    output: [...untouched, ...shaped]
      .map(({ source, text: each }) => `---\n# Source: chart/${source}\n${each}\n`)
      .join(''),
  };
}

const keyOf = (object: KubernetesObject): string => identityOf(referenceOf(object));

const failed = (problem: string): PostRendered & { kind: 'failed' } => ({
  kind: 'failed',
  reasons: [reason('kustomize-failed', { problem })],
});

function treeOf(text: string, { patches, images }: KustomizePatches): FileTree {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [INPUT],
    patches: patches.map(patchOf),
    images,
  };
  return new Map([
    [INPUT, { mode: 0o644, data: Buffer.from(text) }],
    ['kustomization.yaml', { mode: 0o644, data: Buffer.from(formatJson(kustomization)) }],
  ]);
}

type Read =
  | {
      readonly kind: 'read';
      readonly objects: readonly { readonly object: KubernetesObject; readonly source: string }[];
    }
  | (PostRendered & { readonly kind: 'failed' });

async function readEach(
  documents: readonly { readonly source: string; readonly text: string }[],
  reader: 'kustomize' | 'kubernetes',
): Promise<Read> {
  const files = documents.map(({ source, text }) => ({ file: source, text }));
  const read = await limited('readManifests', { files, reader }, OUTPUT_SECONDS);
  if (read.kind === 'too-complex')
    return failed(`what helm renders takes longer than ${OUTPUT_SECONDS} s to read`);
  if (read.result.reasons.length > 0) return { kind: 'failed', reasons: read.result.reasons };
  return {
    kind: 'read',
    objects: read.result.objects.map(({ object, place }) => ({ object, source: place.file ?? '' })),
  };
}
