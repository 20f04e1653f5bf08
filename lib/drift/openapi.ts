import { groupOf, type Json } from '../objects/objects.ts';
import { knownDefault } from './known/defaults.ts';
import { knownMatch } from './known/lists.ts';
import { isPointer } from './known/pointers.ts';
import {
  ANY,
  type ListMatch,
  type ScalarSchema,
  type Schema,
  type Schemas,
  type StructSchema,
} from './schema.ts';

/** The part of an OpenAPI v3 document that we read. */
export interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, RawSchema>> };
}

/** A schema as the API server publishes it. */
export interface RawSchema {
  readonly $ref?: string;
  readonly allOf?: readonly RawSchema[];
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, RawSchema>>;
  readonly additionalProperties?: RawSchema | boolean;
  readonly items?: RawSchema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
  readonly [key: string]: unknown;
}

/**
 * The schemas of a cluster's `/openapi/v3` documents, compiled when first asked for.
 * A kind that is served in another version only is answered with that one.
 */
export function schemasFrom(documents: Iterable<OpenApiDocument>): Schemas {
  const kinds = new Map<string, () => Schema>();
  const anyVersion = new Map<string, () => Schema>();
  for (const document of documents) {
    for (const { apiVersion, kind, schema } of kindsOf(document)) {
      kinds.set(`${apiVersion} ${kind}`, schema);
      anyVersion.set(`${groupOf(apiVersion)} ${kind}`, schema);
    }
  }
  return {
    of: (apiVersion, kind) =>
      (kinds.get(`${apiVersion} ${kind}`) ?? anyVersion.get(`${groupOf(apiVersion)} ${kind}`))?.(),
  };
}

interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: () => Schema;
}

/** A document is immutable and serves many checks: what was compiled of it is kept as long as it is. */
const compiledKinds = new WeakMap<OpenApiDocument, readonly ServedKind[]>();

function kindsOf(document: OpenApiDocument): readonly ServedKind[] {
  // Comes over the wire: an error page in its place serves no kind.
  if (typeof document !== 'object' || document === null) return [];
  const known = compiledKinds.get(document);
  if (known !== undefined) return known;
  const schemas = document.components?.schemas ?? {};
  const compiler = new Compiler(schemas);
  const kinds = Object.entries(schemas).flatMap(([name, raw]) =>
    (raw['x-kubernetes-group-version-kind'] ?? []).map(
      ({ group, version, kind }): ServedKind => ({
        apiVersion: group === '' ? version : `${group}/${version}`,
        kind,
        schema: () => compiler.component(name),
      }),
    ),
  );
  compiledKinds.set(document, kinds);
  return kinds;
}

/** The schema of one kind of custom resource that stands alone, as in a CRD. */
export const schemaOfCustomKind = (raw: RawSchema): Schema => new Compiler({ Kind: raw }).component('Kind');

const BUILT_IN =
  /^io\.k8s\.(?:api|apimachinery|apiextensions-apiserver|kube-aggregator)\.(?:.*\.)?(\w+)\.v[0-9a-z]+\.(\w+)$/;

interface Place {
  readonly parent: string;
  readonly field: string;
  readonly custom: boolean;
}

class Compiler {
  readonly #components: Readonly<Record<string, RawSchema>>;
  readonly #types = new Map<string, Schema>();

  constructor(components: Readonly<Record<string, RawSchema>>) {
    this.#components = components;
  }

  component(name: string): Schema {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const match = BUILT_IN.exec(name);
    const type = match === null ? '' : `${match[1]}.${match[2]}`;
    const custom = match === null && !name.startsWith('io.k8s.');
    const made = this.#make(this.#components[name] ?? {}, name, { parent: '', field: '', custom }, type);
    this.#types.set(name, made);
    return made;
  }

  /** A property: what its type says, and what this place adds (default, pointer, how a list matches). */
  #property(raw: RawSchema, place: Place): Schema {
    const reference = raw.$ref ?? (raw.allOf?.length === 1 ? raw.allOf[0]?.$ref : undefined);
    const known = knownDefault(place.parent, place.field);
    const added = {
      ...(raw.default === undefined ? {} : { default: raw.default as Json }),
      ...(known === undefined ? {} : { known }),
      nullable: raw.nullable ?? false,
    };
    if (reference !== undefined) {
      const base = this.component(reference.slice(reference.lastIndexOf('/') + 1));
      // `default: {}` stands at value types only.
      const pointer = base.kind === 'any' ? false : raw.default === undefined;
      return lazily(base, { ...added, pointer: place.custom ? true : pointer });
    }
    const made = this.#make(raw, '', place, '');
    return lazily(made, {
      ...added,
      pointer: place.custom || (made.kind === 'scalar' && isPointer(place.parent, place.field)),
    });
  }

  /** An item of a list or a value of a map: it is there or not, and never there by default. */
  #entry(raw: RawSchema, place: Place): Schema {
    const { default: _default, ...rest } = raw;
    return lazily(this.#property(rest, { ...place, parent: '', field: '' }), { pointer: true });
  }

  #make(raw: RawSchema, name: string, place: Place, type: string): Schema {
    const base = { type, custom: place.custom, nullable: raw.nullable ?? false, pointer: place.custom };
    const scalar = (format: ScalarSchema['format']): Schema => ({
      ...base,
      kind: 'scalar',
      format,
    });
    if (type === 'apiextensions.JSONSchemaPropsOrBool' || type === 'apiextensions.JSONSchemaPropsOrArray')
      return this.#schemaOr(name);
    if (type === 'apiextensions.JSONSchemaPropsOrStringArray') return this.#schemaOr(name);
    if (name.endsWith('api.resource.Quantity')) return scalar('quantity');
    if (name.endsWith('util.intstr.IntOrString') || raw['x-kubernetes-int-or-string'] === true)
      return scalar('int-or-string');
    if (raw.type === 'array') {
      const items = raw.items === undefined ? ANY : this.#entry(raw.items, place);
      const match = (place.custom ? undefined : knownMatch(place.parent, place.field)) ?? matchOf(raw);
      return { ...base, kind: 'list', items, match };
    }
    if (raw.properties !== undefined) return this.#struct(raw, base, place);
    if (typeof raw.additionalProperties === 'object') {
      const entry = this.#entry(raw.additionalProperties, place);
      const isResources = entry.kind === 'scalar' && entry.format === 'quantity';
      const values = isResources ? lazily(entry, { format: 'resource' }) : entry;
      return { ...base, kind: 'map', values, atomic: raw['x-kubernetes-map-type'] === 'atomic' };
    }
    switch (raw.type) {
      case 'string':
        return scalar(raw.format === 'byte' || raw.format === 'date-time' ? raw.format : 'plain');
      case 'integer':
      case 'number':
      case 'boolean':
        return scalar('plain');
      default:
        return { ...base, kind: 'any' };
    }
  }

  #struct(
    raw: RawSchema,
    base: Omit<StructSchema, 'kind' | 'fields' | 'atomic' | 'keepsUnknown'>,
    place: Place,
  ) {
    const properties = raw.properties ?? {};
    let fields: ReadonlyMap<string, Schema> | undefined;
    const compile = () =>
      new Map(
        Object.entries(properties).map(([field, property]) => [
          field,
          this.#property(property, { parent: base.type, field, custom: place.custom }),
        ]),
      );
    const struct: StructSchema = {
      ...base,
      kind: 'struct',
      // Types contain themselves (JSONSchemaProps): compiled when first looked into.
      get fields() {
        fields ??= compile();
        return fields;
      },
      atomic: raw['x-kubernetes-map-type'] === 'atomic',
      keepsUnknown: raw['x-kubernetes-preserve-unknown-fields'] === true,
    };
    return struct;
  }

  /** A schema, a list of them, or something else: judged as a schema, where it is an object. */
  #schemaOr(name: string): Schema {
    return this.component(name.replace(/Or\w+$/, ''));
  }
}

/** A copy of a node for one place. Structs keep their getter, so that recursion stays lazy. */
function lazily(schema: Schema, added: Partial<Schema>): Schema {
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(schema),
      ...Object.getOwnPropertyDescriptors(added),
    },
  ) as Schema;
}

function matchOf(raw: RawSchema): ListMatch {
  const keys = raw['x-kubernetes-list-map-keys'];
  switch (raw['x-kubernetes-list-type']) {
    case 'map':
      return keys === undefined ? { kind: 'atomic' } : { kind: 'map', keys };
    case 'set':
      return { kind: 'set' };
    default:
      return { kind: 'atomic' };
  }
}
