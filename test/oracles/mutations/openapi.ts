import type { Answer } from '../api-server.ts';

/** A cluster's schemas as the oracle reads them: its own small reader of `/openapi/v3`, nothing of lib/drift. */
export type Node =
  | StructNode
  | { readonly kind: 'map'; readonly values: Node; readonly atomic: boolean }
  | ListNode
  | ScalarNode
  | { readonly kind: 'any' };

export interface StructNode {
  readonly kind: 'struct';
  readonly fields: Readonly<Record<string, () => Node>>;
  readonly required: readonly string[];
  readonly atomic: boolean;
}
export interface ListNode {
  readonly kind: 'list';
  readonly items: Node;
  readonly type: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  /** By which a strategic merge patch tells items apart; undefined where it replaces the list. */
  readonly mergeKey: string | undefined;
}
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly type:
    | 'string'
    | 'integer'
    | 'number'
    | 'boolean'
    | 'quantity'
    | 'int-or-string'
    | 'byte'
    | 'date-time';
  readonly choices: readonly string[];
  readonly minimum: number | undefined;
  readonly pattern: string | undefined;
}

interface Raw {
  readonly $ref?: string;
  readonly allOf?: readonly Raw[];
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Raw>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Raw | boolean;
  readonly items?: Raw;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly Readonly<
    Record<'group' | 'version' | 'kind', string>
  >[];
}

interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, Raw>> };
}

/** Each kind that the cluster serves, by `apiVersion kind`. */
export interface OpenApi {
  of(apiVersion: string, kind: string): Node | undefined;
}

/** Reads what changed since the last time: a document's address carries a hash of it. */
export function openApiReader(call: (method: string, path: string) => Promise<Answer>) {
  const documents = new Map<string, Map<string, () => Node>>();
  return async (): Promise<OpenApi> => {
    const { paths = {} } = (await call('GET', '/openapi/v3')).body as {
      readonly paths?: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
    };
    const served: Map<string, () => Node>[] = [];
    for (const [path, { serverRelativeURL: url }] of Object.entries(paths)) {
      if (path !== 'api/v1' && !/^apis\/[^/]+\/[^/]+$/.test(path)) continue;
      let kinds = documents.get(url);
      if (kinds === undefined) {
        const { status, body } = await call('GET', url);
        if (status !== 200) continue;
        kinds = kindsOf(body as Document);
        documents.set(url, kinds);
      }
      served.push(kinds);
    }
    return {
      of(apiVersion, kind) {
        for (const kinds of served) {
          const found = kinds.get(`${apiVersion} ${kind}`);
          if (found !== undefined) return found();
        }
        return undefined;
      },
    };
  };
}

function kindsOf({ components }: Document): Map<string, () => Node> {
  const schemas = components?.schemas ?? {};
  const nodes = new Map<Raw, Node>();
  const kinds = new Map<string, () => Node>();
  for (const raw of Object.values(schemas))
    for (const { group, version, kind } of raw['x-kubernetes-group-version-kind'] ?? [])
      kinds.set(`${group === '' ? version : `${group}/${version}`} ${kind}`, () =>
        nodeOf(raw, schemas, nodes),
      );
  return kinds;
}

function nodeOf(raw: Raw, schemas: Readonly<Record<string, Raw>>, nodes: Map<Raw, Node>): Node {
  const known = nodes.get(raw);
  if (known !== undefined) return known;
  const made = make(raw, schemas, nodes);
  nodes.set(raw, made);
  return made;
}

function make(raw: Raw, schemas: Readonly<Record<string, Raw>>, nodes: Map<Raw, Node>): Node {
  const reference = raw.$ref ?? (raw.allOf?.length === 1 ? raw.allOf[0]?.$ref : undefined);
  const scalar = (type: ScalarNode['type']): ScalarNode => ({
    kind: 'scalar',
    type,
    choices: (raw.enum ?? []).filter((choice) => typeof choice === 'string'),
    minimum: raw.minimum,
    pattern: raw.pattern,
  });
  if (reference !== undefined) {
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    if (name.endsWith('.api.resource.Quantity')) return scalar('quantity');
    if (name.endsWith('.intstr.IntOrString')) return scalar('int-or-string');
    return nodeOf(schemas[name] ?? {}, schemas, nodes);
  }
  if (raw['x-kubernetes-int-or-string'] === true) return scalar('int-or-string');
  if (raw.type === 'array') {
    const type = raw['x-kubernetes-list-type'];
    const merges = raw['x-kubernetes-patch-strategy']?.includes('merge') === true;
    return {
      kind: 'list',
      items: nodeOf(raw.items ?? {}, schemas, nodes),
      type: type === 'map' || type === 'set' ? type : 'atomic',
      keys: raw['x-kubernetes-list-map-keys'] ?? [],
      mergeKey: merges ? raw['x-kubernetes-patch-merge-key'] : undefined,
    };
  }
  const atomic = raw['x-kubernetes-map-type'] === 'atomic';
  if (raw.properties !== undefined) {
    const fields = Object.fromEntries(
      Object.entries(raw.properties).map(([name, inner]) => [name, () => nodeOf(inner, schemas, nodes)]),
    );
    return { kind: 'struct', fields, required: raw.required ?? [], atomic };
  }
  if (typeof raw.additionalProperties === 'object')
    return { kind: 'map', values: nodeOf(raw.additionalProperties, schemas, nodes), atomic };
  switch (raw.type) {
    case 'string':
      return scalar(raw.format === 'byte' || raw.format === 'date-time' ? raw.format : 'string');
    case 'integer':
    case 'number':
    case 'boolean':
      return scalar(raw.type);
    default:
      return { kind: 'any' };
  }
}
