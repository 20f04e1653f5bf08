import { isJsonObject, type JsonObject, type KubernetesObject, partOf } from '../../objects/objects.ts';
import { at, list, text } from '../json-reading.ts';
import { type ApplicationSource, readSource } from './application-source.ts';
import type { Here } from './here.ts';

export const isApplication = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'Application' && apiVersion.startsWith('argoproj.io/');

export const isApplicationSet = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'ApplicationSet' && apiVersion.startsWith('argoproj.io/');

export type ReadApplication =
  | {
      readonly kind: 'here';
      /** Where objects without a namespace go. */
      readonly namespace: string;
      /** Of the Helm release where it is one, else its own. */
      readonly name: string;
      /** It waits for a person to sync it. */
      readonly suspended: boolean;
      readonly sources: readonly ApplicationSource[];
      /** The Namespace whose labels and annotations it keeps. */
      readonly managedNamespace?: KubernetesObject;
    }
  /** Its objects go to another cluster than the one that is checked. */
  | { readonly kind: 'elsewhere'; readonly cluster: string };

/** Then its controller leaves it alone (argo-cd, docs/user-guide/skip_reconcile.md). */
const SKIP = 'argocd.argoproj.io/skip-reconcile';

/** An Argo CD Application (argo-cd, pkg/apis/application/v1alpha1/types.go; `sources` goes before `source`). */
export async function readApplication(object: KubernetesObject, here: Here): Promise<ReadApplication> {
  const spec = partOf(object.spec);
  const destination = partOf(spec.destination);
  const server = text(destination.server)?.replace(/\/+$/, '');
  const cluster = text(destination.name);
  if (!here.isItsCluster({ server, name: cluster }))
    return { kind: 'elsewhere', cluster: cluster ?? server ?? '' };

  const written = list(spec.sources).filter(isJsonObject);
  const given = written.length > 0 ? written : [partOf(spec.source)];
  const { name, namespace = here.argocdNamespace } = object.metadata;
  const context = {
    here,
    application: {
      name: namespace === here.argocdNamespace ? name : `${namespace}_${name}`,
      namespace: text(destination.namespace) ?? '',
      project: text(spec.project) ?? 'default',
    },
    references: new Map(
      given.flatMap((source) => {
        const reference = text(source.ref);
        return reference === undefined ? [] : [[reference, source] as const];
      }),
    ),
  };
  const sources: ApplicationSource[] = [];
  for (const [index, source] of given.entries()) {
    if (isReferenceOnly(source)) continue;
    const read = await readSource(source, text(source.name) ?? `${index + 1}`, context);
    // What is in front of the underscore is its namespace (argo-cd, util/argo/argo.go, ParseInstanceName).
    sources.push(read.release === context.application.name ? { ...read, release: name } : read);
  }
  const [only] = sources;
  const managed = managedNamespace(spec);
  return {
    kind: 'here',
    namespace: text(destination.namespace) ?? 'default',
    name: only !== undefined && sources.length === 1 ? only.release : name,
    suspended: !isAutomated(spec) || object.metadata.annotations?.[SKIP] === 'true',
    sources,
    ...(managed === undefined ? {} : { managedNamespace: managed }),
  };
}

/** Its files serve as values of the others, and nothing of it is applied (argo-cd, docs/user-guide/multiple_sources.md). */
const isReferenceOnly = (source: JsonObject): boolean =>
  text(source.ref) !== undefined && text(source.path) === undefined && text(source.chart) === undefined;

function isAutomated(spec: JsonObject): boolean {
  const automated = at(spec, 'syncPolicy', 'automated');
  return automated !== undefined && automated.enabled !== false;
}

/** argo-cd, controller/sync_namespace.go: only with `CreateNamespace=true` is the metadata kept. */
function managedNamespace(spec: JsonObject): KubernetesObject | undefined {
  const policy = at(spec, 'syncPolicy');
  const metadata = at(policy, 'managedNamespaceMetadata');
  const name = text(at(spec, 'destination')?.namespace);
  if (metadata === undefined || name === undefined) return undefined;
  if (!list(policy?.syncOptions).includes('CreateNamespace=true')) return undefined;
  const [labels, annotations] = [textsOf(metadata.labels), textsOf(metadata.annotations)];
  if (labels === undefined && annotations === undefined) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  const texts = Object.entries(partOf(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}
