import { ObjectTooLarge } from '../../aws/object-too-large.ts';
import type { ObjectStore } from '../../aws/objects.ts';
import { groupOf, type KubernetesObject } from '../../objects/objects.ts';
import { limited, OUTPUT_SECONDS } from '../files/limited.ts';
import { distinct, type Place, type Reason, reason } from '../reasons.ts';
import { kindsDefinedBy } from '../render/placement.ts';
import type { RawObject } from '../render/release-render.ts';
import { openapiKey, type RenderRequest } from '../render-request.ts';
import type { SchemaFault } from './apply-schema.ts';
import { checkListKeys } from './list-keys.ts';

/** Reasons against the apply of a release, and what it would only be warned of. */
export interface ApplyVerdict {
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

/**
 * What the target's deployer would be refused when it applies these objects, by the schemas of the cluster as its last
 * check saw them. Kinds that the objects themselves define are left to them; without schemas only what is the same in
 * every cluster is judged.
 */
export async function checkApplied(
  objects: readonly RawObject[],
  request: RenderRequest,
  state: ObjectStore,
): Promise<ApplyVerdict> {
  const strictness = strictnessOf(request);
  const brought = kindsDefinedBy(objects.map(({ object }) => object));
  const judged = objects.filter(({ object }) => !brought.has(`${groupOf(object.apiVersion)}/${object.kind}`));
  const faults = await faultsOf(judged, request, state);
  const reasons: Reason[] = [];
  const warnings: Reason[] = [];
  for (const [index, entry] of judged.entries()) {
    const found = faults[index];
    if (found === undefined) {
      if (strictness.repeated === 'refused') reasons.push(...checkListKeys(entry));
      continue;
    }
    for (const fault of found) {
      const how = fault.kind === 'unknown-field' ? strictness.unknown(entry.object) : strictness.repeated;
      const told = reasonOf(fault, entry, fault.kind === 'type' ? 'refused' : how);
      (told.code === 'field-dropped' || told.code === 'list-key-hidden' ? warnings : reasons).push(told);
    }
  }
  return { reasons: distinct(reasons), warnings: distinct(warnings) };
}

type Fate = 'refused' | 'dropped';

interface Strictness {
  readonly repeated: Fate;
  unknown(object: KubernetesObject): Fate;
}

/**
 * Helm 4 and helm-controller apply server-side. kustomize-controller does, too, after it has read built-in kinds into
 * their Go types, which drops what these do not know (fluxcd/pkg/ssa/normalize). Argo CD and plain kubectl apply
 * client-side (docs/drift.md).
 */
function strictnessOf({ deployer, subject }: RenderRequest): Strictness {
  if (deployer === 'argocd' || (subject.kind === 'manifests' && deployer === 'none'))
    return { repeated: 'dropped', unknown: () => 'dropped' };
  if (subject.kind === 'manifests')
    return {
      repeated: 'refused',
      unknown: ({ apiVersion }) => (isBuiltIn(apiVersion) ? 'dropped' : 'refused'),
    };
  return { repeated: 'refused', unknown: () => 'refused' };
}

/** Groups of Kubernetes itself: without a dot, or below k8s.io where only Kubernetes' own Go types lie. */
const BUILT_IN_GROUPS =
  /^(|[a-z]+|(admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|node|rbac\.authorization|resource|scheduling|storage|networking|flowcontrol\.apiserver)\.k8s\.io)$/;
const isBuiltIn = (apiVersion: string): boolean => BUILT_IN_GROUPS.test(groupOf(apiVersion));

/** The largest document of a cluster with many kinds in one group has some megabytes. */
const DOCUMENT_BYTES = 16 * 1024 * 1024;

async function faultsOf(
  objects: readonly RawObject[],
  { schemas = {} }: RenderRequest,
  state: ObjectStore,
): Promise<readonly (readonly SchemaFault[] | undefined)[]> {
  const documents: Record<string, { hash: string; text: string }> = {};
  for (const apiVersion of new Set(objects.map(({ object }) => object.apiVersion))) {
    const hash = Object.hasOwn(schemas, apiVersion) ? schemas[apiVersion] : undefined;
    const text = hash === undefined ? undefined : await documentText(hash, state);
    if (hash !== undefined && text !== undefined) documents[apiVersion] = { hash, text };
  }
  if (Object.keys(documents).length === 0) return [];
  const input = { objects: objects.map(({ object }) => object), documents };
  const checked = await limited('checkApply', input, OUTPUT_SECONDS);
  // A cluster's schemas that take too long to read are none.
  return checked.kind === 'done' ? checked.result : [];
}

/** Texts of documents, by hash: a warm function judges many releases of the same kinds. */
const texts = new Map<string, string>();
const TEXTS = 40;

async function documentText(hash: string, state: ObjectStore): Promise<string | undefined> {
  const before = texts.get(hash);
  if (before !== undefined) return before;
  try {
    const stored = await state.get(openapiKey(hash), { maxBytes: DOCUMENT_BYTES });
    if (stored === undefined) return undefined;
    if (texts.size >= TEXTS) texts.clear();
    const text = stored.body.toString('utf8');
    texts.set(hash, text);
    return text;
  } catch (error) {
    if (error instanceof ObjectTooLarge) return undefined;
    throw error;
  }
}

function reasonOf(fault: SchemaFault, { object, place: at }: RawObject, fate: Fate): Reason {
  const { kind } = object;
  const named = `${kind}/${object.metadata.name}`;
  const field = fieldOf(fault.pointer);
  const place: Place = { ...at, pointer: fault.pointer };
  switch (fault.kind) {
    case 'type':
      return reason('field-type', { object: named, field, wanted: fault.wanted, found: fault.found }, place);
    case 'unknown-field':
      return reason(
        fate === 'refused' ? 'field-unknown' : 'field-dropped',
        { object: named, field, kind },
        place,
      );
    case 'repeated':
      return reason(
        fate === 'refused' ? 'list-key-repeated' : 'list-key-hidden',
        { object: named, field: fieldOf(fault.pointer.replace(/\/\d+$/, '')), key: `"${fault.key}"` },
        place,
      );
    case 'without-key':
      return reason('list-key-missing', { object: named, field, key: fault.key }, place);
  }
}

/** `/spec/containers/0/env` as people write it: `spec.containers[0].env`. */
const fieldOf = (pointer: string): string =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
