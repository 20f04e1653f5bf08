import { type ShapingSpec, shapingSpec } from '../../kustomize/flux-kustomization.ts';
import { type KustomizeEdits, kustomizeEdits } from '../../kustomize/kustomize-edits.ts';
import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { type ReleaseSource, unresolved } from '../declaration.ts';
import { filesToBuild } from '../flux/files-to-build.ts';
import { isEmpty, list, text } from '../json-reading.ts';
import type { Here } from './here.ts';

/** What Argo CD gives kustomize beside the folder, and Fairlead as well. */
const READ: readonly string[] = [
  ...['namePrefix', 'nameSuffix', 'namespace', 'images', 'patches', 'components', 'replicas'],
  ...['commonLabels', 'labelWithoutSelector', 'labelIncludeTemplates'],
  ...['commonAnnotations', 'commonAnnotationsEnvsubst'],
];
/** What says how it is run and changes no object. */
const HARMLESS: readonly string[] = [
  'ignoreMissingComponents',
  'forceCommonLabels',
  'forceCommonAnnotations',
];

/**
 * A folder as kustomize builds it for Argo CD (argo-cd, util/kustomize/kustomize.go, Build).
 * @throws UnreadableFiles where it may not be built here
 */
export async function kustomizeSource(
  kustomize: JsonObject | undefined,
  folder: string,
  substitute: (text: string) => string,
  { files }: Here,
): Promise<ReleaseSource> {
  const other = Object.entries(kustomize ?? {}).find(
    ([name, value]) => !READ.includes(name) && !HARMLESS.includes(name) && !isEmpty(value) && value !== false,
  );
  if (other !== undefined) return unresolved(`kustomize.${other[0]}, which Fairlead does not build with`);
  const spec = specOf(kustomize ?? {}, substitute);
  const edits = editsOf(kustomize ?? {}, substitute);
  if (spec === undefined || edits === undefined) return unresolved('its kustomize options cannot be read');
  return {
    kind: 'manifests',
    folder,
    tree: await filesToBuild(files, folder, spec.components),
    build: { folder, spec, decrypts: false, ...(hasEdits(edits) ? { edits } : {}) },
  };
}

const hasEdits = ({ labels, annotations, replicas }: KustomizeEdits): boolean =>
  labels !== undefined || annotations !== undefined || replicas.length > 0;

/** Undefined where they cannot be read. */
function editsOf(kustomize: JsonObject, substitute: (text: string) => string): KustomizeEdits | undefined {
  const { commonLabels, commonAnnotations } = kustomize;
  const substituted = (pairs: Json | undefined): Json =>
    isJsonObject(pairs)
      ? Object.fromEntries(
          Object.entries(pairs).map(([name, value]) => [
            name,
            typeof value === 'string' ? substitute(value) : value,
          ]),
        )
      : (pairs ?? null);
  const annotations =
    kustomize.commonAnnotationsEnvsubst === true ? substituted(commonAnnotations) : commonAnnotations;
  const parsed = kustomizeEdits.safeParse({
    ...(commonLabels === undefined || isEmpty(commonLabels)
      ? {}
      : {
          labels: {
            pairs: substituted(commonLabels),
            force: kustomize.forceCommonLabels === true,
            reach: reachOf(kustomize),
          },
        }),
    ...(commonAnnotations === undefined || isEmpty(commonAnnotations)
      ? {}
      : { annotations: { pairs: annotations, force: kustomize.forceCommonAnnotations === true } }),
    replicas: list(kustomize.replicas).map((each) =>
      isJsonObject(each) ? { name: each.name, count: Number(text(each.count) ?? each.count) } : each,
    ),
  });
  return parsed.success ? parsed.data : undefined;
}

const reachOf = ({ labelWithoutSelector, labelIncludeTemplates }: JsonObject) =>
  labelWithoutSelector !== true ? 'selectors' : labelIncludeTemplates === true ? 'templates' : 'objects';

function specOf(kustomize: JsonObject, substitute: (text: string) => string): ShapingSpec | undefined {
  const [namePrefix, nameSuffix, targetNamespace] = [
    text(kustomize.namePrefix),
    text(kustomize.nameSuffix),
    text(kustomize.namespace),
  ];
  const parsed = shapingSpec.safeParse({
    ...(namePrefix === undefined ? {} : { namePrefix }),
    ...(nameSuffix === undefined ? {} : { nameSuffix }),
    ...(targetNamespace === undefined ? {} : { targetNamespace }),
    images: list(kustomize.images).map((image) => imageOf(substitute(text(image) ?? ''))),
    patches: list(kustomize.patches).filter(isJsonObject),
    components: list(kustomize.components),
    ignoreMissingComponents: kustomize.ignoreMissingComponents === true,
  });
  return parsed.success ? parsed.data : undefined;
}

/** `name=new/name:tag`, `name:tag`, `name@sha256:…`, as `kustomize edit set image` takes them. */
function imageOf(image: string) {
  const [, name, newer] = /^(?:([^=]+)=)?(.+)$/.exec(image) ?? [];
  const [, place = '', tag, digest] =
    /^(.*?)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]+))?$/.exec(newer ?? '') ?? [];
  return {
    name: name ?? place,
    ...(name === undefined ? {} : { newName: place }),
    ...(tag === undefined ? {} : { newTag: tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}
