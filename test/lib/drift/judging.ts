import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { type Deployer, type Judgement, judgeSet, type Schemas } from '../../../lib/drift/drift.ts';
import type { Finding, ObjectVerdict } from '../../../lib/drift/verdicts.ts';
import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';

/** Objects of YAML text, one a document. */
export function objects(text: string): KubernetesObject[] {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`line ${parsed.line}: ${parsed.message}`);
  return parsed.documents.map(({ value }) => value as unknown as KubernetesObject);
}

export function object(text: string): KubernetesObject {
  const [first] = objects(text);
  if (first === undefined) throw new Error('no object');
  return first;
}

export const rendered = (desired: KubernetesObject, more: Partial<RenderedObject> = {}): RenderedObject => ({
  object: desired,
  role: 'applied',
  source: 'templates/all.yaml',
  unstable: [],
  usesLookup: false,
  ...more,
});

export interface Situation {
  readonly schemas: Schemas;
  readonly deployer?: Deployer;
  readonly rendered?: Partial<RenderedObject>;
  readonly alsoDeclared?: readonly KubernetesObject[];
  readonly ownership?: Judgement['ownership'];
  readonly admitted?: Judgement['admitted'];
}

export function judge(
  desired: KubernetesObject,
  live: KubernetesObject,
  situation: Situation,
): ObjectVerdict {
  const [verdict] = judgeSet({
    desired: [rendered(desired, situation.rendered)],
    live: { find: () => ({ kind: 'found', object: live }), owned: [] },
    schemas: situation.schemas,
    deployer: situation.deployer ?? 'none',
    ownership: situation.ownership ?? 'optional',
    alsoDeclared: situation.alsoDeclared ?? [],
    ...(situation.admitted === undefined ? {} : { admitted: situation.admitted }),
  });
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

export const findingsOf = (verdict: ObjectVerdict): readonly Finding[] =>
  verdict.kind === 'drift' ? verdict.findings : [];

/** `changed spec.replicas`, one line a finding. */
export const said = (verdict: ObjectVerdict): string[] =>
  findingsOf(verdict).map(({ verdict: kind, at }) => `${kind} ${at}`);

/** A copy with the value at a path of fields and indexes put in, or taken out where it is undefined. */
export function put<T>(value: T, path: readonly (string | number)[], entry: Json | undefined): T {
  const copy = structuredClone(value) as unknown as Json;
  let node = copy as Record<string | number, Json>;
  for (const step of path.slice(0, -1)) {
    if (!isJsonObject(node[step]) && !Array.isArray(node[step])) node[step] = {};
    node = node[step] as unknown as Record<string | number, Json>;
  }
  const last = path.at(-1) ?? '';
  if (entry === undefined) delete node[last];
  else node[last] = entry;
  return copy as unknown as T;
}

/** managedFields with one entry for each manager. */
export const ownedBy = (
  live: KubernetesObject,
  ...entries: readonly (readonly [manager: string, fields: Json, more?: Readonly<Record<string, Json>>])[]
): KubernetesObject => ({
  ...live,
  metadata: {
    ...live.metadata,
    managedFields: entries.map(([manager, fieldsV1, more]) => ({
      manager,
      operation: 'Apply',
      apiVersion: live.apiVersion,
      time: '2026-11-01T10:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1,
      ...more,
    })),
  },
});
