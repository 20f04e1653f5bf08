import * as z from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../objects/objects.ts';

const added = z.object({
  pairs: z.record(z.string(), z.string()),
  /** Whether one that the kustomization has already is replaced; else it is an error. */
  force: z.boolean(),
});

/** What Argo CD puts into a kustomization by `kustomize edit` (argo-cd, util/kustomize/kustomize.go, Build). */
export const kustomizeEdits = z.object({
  /** `edit add label`; `templates` and `objects` leave selectors as they are. */
  labels: added.extend({ reach: z.enum(['selectors', 'templates', 'objects']) }).optional(),
  /** `edit add annotation` */
  annotations: added.optional(),
  /** `edit set replicas` */
  replicas: z.array(z.object({ name: z.string(), count: z.int() })).default([]),
});
export type KustomizeEdits = z.output<typeof kustomizeEdits>;

/** A kustomization as it is after the edits, or why kustomize would refuse them. */
export function withEdits(base: JsonObject, edits: KustomizeEdits): JsonObject | string {
  const { labels, annotations, replicas } = edits;
  const value: Record<string, Json> = { ...base };
  if (labels !== undefined) {
    const { pairs, force, reach } = labels;
    const own = list(base.labels);
    const before = reach === 'selectors' ? [base.commonLabels] : own.map((entry) => entry.pairs);
    const twice = force ? undefined : takenIn(before, pairs);
    if (twice !== undefined) return `label ${twice} is already in the kustomization file`;
    if (reach === 'selectors') value.commonLabels = { ...mapping(base.commonLabels), ...pairs };
    // The last one wins, as one that replaces.
    else value.labels = [...own, { pairs, ...(reach === 'templates' ? { includeTemplates: true } : {}) }];
  }
  if (annotations !== undefined) {
    const { pairs, force } = annotations;
    const twice = force ? undefined : takenIn([base.commonAnnotations], pairs);
    if (twice !== undefined) return `annotation ${twice} is already in the kustomization file`;
    value.commonAnnotations = { ...mapping(base.commonAnnotations), ...pairs };
  }
  if (replicas.length > 0) {
    const names = new Set(replicas.map(({ name }) => name));
    value.replicas = [...list(base.replicas).filter(({ name }) => !names.has(String(name))), ...replicas];
  }
  return value;
}

const takenIn = (before: readonly (Json | undefined)[], pairs: Readonly<Record<string, string>>) =>
  Object.keys(pairs).find((name) => before.some((one) => Object.hasOwn(mapping(one), name)));

const mapping = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const list = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
