import type { OpenApiDocument, RawSchema } from '../../drift/openapi.ts';
import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { integerFault, isQuantity, isTimestamp } from './scalar-forms.ts';

/** What an API server finds wrong in an object before any controller or webhook is asked. */
export type SchemaFault =
  | { readonly kind: 'type'; readonly pointer: string; readonly wanted: string; readonly found: string }
  /** A server-side apply refuses it; otherwise it is dropped with a warning. */
  | { readonly kind: 'unknown-field'; readonly pointer: string; readonly field: string }
  /** A server-side apply cannot tell the items apart; otherwise the later one hides the earlier. */
  | { readonly kind: 'repeated'; readonly pointer: string; readonly key: string }
  | { readonly kind: 'without-key'; readonly pointer: string; readonly key: string };

/** Faults of one object: more help nobody. */
const FAULTS_SHOWN = 20;

/** The schemas of one group-version, by kind. */
export interface KindSchemas {
  /** Faults of an object, or undefined where the document has no such kind. */
  check(apiVersion: string, object: JsonObject): readonly SchemaFault[] | undefined;
}

/**
 * The rules of a server-side apply, read off the cluster's own OpenAPI v3 document: types, unknown fields and keys of
 * lists (structured-merge-diff, typed/validate.go), and the forms of scalars (apimachinery, FromUnstructured).
 * What only validation or admission knows (required fields, ranges) is not judged: webhooks may change it before.
 */
export function kindSchemasOf(document: OpenApiDocument): KindSchemas {
  const components = document.components?.schemas ?? {};
  const kinds = new Map(
    Object.entries(components).flatMap(([name, raw]) =>
      (raw['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => [
        `${group === '' ? version : `${group}/${version}`} ${kind}`,
        name,
      ]),
    ),
  );
  return {
    check(apiVersion, object) {
      const name = kinds.get(`${apiVersion} ${String(object.kind)}`);
      if (name === undefined) return undefined;
      const walk = new Walk(components, !name.startsWith('io.k8s.'));
      walk.value(object, { $ref: `#/components/schemas/${name}` }, '');
      return walk.faults;
    },
  };
}

/** A schema with the name of the component that it came from. */
interface Resolved {
  readonly name: string;
  readonly raw: RawSchema;
}

class Walk {
  readonly faults: SchemaFault[] = [];
  readonly #components: Readonly<Record<string, RawSchema>>;
  readonly #isCustom: boolean;

  constructor(components: Readonly<Record<string, RawSchema>>, isCustom: boolean) {
    this.#components = components;
    this.#isCustom = isCustom;
  }

  value(value: Json, schema: RawSchema, pointer: string): void {
    if (this.faults.length >= FAULTS_SHOWN) return;
    const { name, raw } = this.#resolve(schema);
    if (value === null) {
      this.#null(schema, { name, raw }, pointer);
      return;
    }
    const scalar = scalarOf(name, raw);
    if (scalar !== undefined) {
      const wanted = scalar(value);
      if (wanted !== undefined) this.#fault({ kind: 'type', pointer, wanted, found: sortOf(value) });
    } else if (raw.type === 'array') this.#list(value, raw, pointer);
    else if (raw.properties !== undefined) this.#struct(value, raw, pointer);
    else if (typeof raw.additionalProperties === 'object')
      this.#map(value, raw.additionalProperties, pointer);
  }

  /** Nothing, to a built-in kind; a custom one takes it where it says so, or has a default to put there. */
  #null(place: RawSchema, { name, raw }: Resolved, pointer: string): void {
    const mayBeNull = [place, raw].some((each) => each.nullable === true || each.default !== undefined);
    if (!this.#isCustom || name !== '' || mayBeNull || raw.type === undefined) return;
    this.#wrong(`of type ${raw.type}`, null, pointer);
  }

  #resolve(schema: RawSchema): Resolved {
    let raw = schema;
    let name = '';
    for (let depth = 0; depth < REFERENCES; depth++) {
      const reference = raw.$ref ?? (raw.allOf?.length === 1 ? raw.allOf[0]?.$ref : undefined);
      if (reference === undefined) break;
      name = reference.slice(reference.lastIndexOf('/') + 1);
      raw = this.#components[name] ?? {};
    }
    return { name, raw };
  }

  #struct(value: Json, raw: RawSchema, pointer: string): void {
    if (!isJsonObject(value)) {
      this.#wrong('a mapping', value, pointer);
      return;
    }
    for (const [field, inner] of Object.entries(value)) {
      const at = `${pointer}/${escaped(field)}`;
      const known = Object.hasOwn(raw.properties ?? {}, field) ? raw.properties?.[field] : undefined;
      if (known !== undefined) this.value(inner, known, at);
      else if (!keepsUnknown(raw) && !(isEmbedded(raw) && EMBEDDED.has(field)))
        this.#fault({ kind: 'unknown-field', pointer: at, field });
    }
  }

  #map(value: Json, values: RawSchema, pointer: string): void {
    if (!isJsonObject(value)) {
      this.#wrong('a mapping', value, pointer);
      return;
    }
    for (const [key, inner] of Object.entries(value)) this.value(inner, values, `${pointer}/${escaped(key)}`);
  }

  #list(value: Json, raw: RawSchema, pointer: string): void {
    if (!Array.isArray(value)) {
      this.#wrong('a list', value, pointer);
      return;
    }
    const seen = new Set<string>();
    for (const [index, item] of value.entries()) {
      const at = `${pointer}/${index}`;
      if (raw.items !== undefined) this.value(item, raw.items, at);
      const key = this.#keyOf(item, raw, at);
      if (key === undefined) continue;
      if (seen.has(key)) this.#fault({ kind: 'repeated', pointer: at, key });
      seen.add(key);
    }
  }

  /** What tells an item of a list apart from the others; undefined where its place does. */
  #keyOf(item: Json, raw: RawSchema, pointer: string): string | undefined {
    switch (raw['x-kubernetes-list-type']) {
      case 'set':
        return item === null || typeof item === 'object' ? undefined : String(item);
      case 'map': {
        if (!isJsonObject(item)) {
          if (item === null) this.#wrong('a mapping', item, pointer);
          return undefined;
        }
        const { properties = {}, required } = this.#resolve(raw.items ?? {}).raw;
        const values: string[] = [];
        for (const key of raw['x-kubernetes-list-map-keys'] ?? []) {
          // A required key has the zero value for default, which validation then refuses.
          const isRequired = Array.isArray(required) && required.includes(key);
          const value =
            item[key] ?? (isRequired ? undefined : (properties[key]?.default as Json | undefined));
          if (value === undefined || value === null) {
            this.#fault({ kind: 'without-key', pointer, key });
            return undefined;
          }
          values.push(typeof value === 'object' ? '' : String(value));
        }
        return values.join('/');
      }
      default:
        return undefined;
    }
  }

  #wrong(wanted: string, value: Json, pointer: string): void {
    this.#fault({ kind: 'type', pointer, wanted, found: sortOf(value) });
  }

  #fault(fault: SchemaFault): void {
    if (this.faults.length < FAULTS_SHOWN) this.faults.push(fault);
  }
}

/** A reference to a reference to …: more than this is a circle. */
const REFERENCES = 8;

const keepsUnknown = (raw: RawSchema): boolean =>
  raw['x-kubernetes-preserve-unknown-fields'] === true || raw.additionalProperties !== undefined;
const isEmbedded = (raw: RawSchema): boolean => raw['x-kubernetes-embedded-resource'] === true;
const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata']);

/** What a scalar should be, where the value is not. */
type ScalarCheck = (value: Json) => string | undefined;

function scalarOf(name: string, raw: RawSchema): ScalarCheck | undefined {
  if (name.endsWith('api.resource.Quantity'))
    return (value) => (isQuantity(value) ? undefined : 'a quantity');
  if (name.endsWith('util.intstr.IntOrString') || raw['x-kubernetes-int-or-string'] === true)
    return (value) =>
      typeof value === 'string' || integerFault(value, 'int32') === undefined
        ? undefined
        : 'a whole number or text';
  switch (raw.type) {
    case 'string':
      return (value) => (typeof value === 'string' ? formFault(name, raw, value) : 'text');
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? undefined : 'true or false');
    case 'integer':
      return (value) => integerFault(value, raw.format);
    case 'number':
      return (value) => (typeof value === 'number' || typeof value === 'bigint' ? undefined : 'a number');
    default:
      return undefined;
  }
}

function formFault(name: string, raw: RawSchema, value: string): string | undefined {
  // Of custom resources a format is checked by validation, and not every server knows each.
  if (name.endsWith('meta.v1.Time') && !isTimestamp(value)) return 'a time (RFC 3339)';
  if (raw.format === 'byte' && !isBase64(value)) return 'base64';
  return undefined;
}

/** Go's encoding/base64 (StdEncoding): line ends are skipped, padding is not optional. */
const isBase64 = (value: string): boolean => {
  const text = value.replace(/[\r\n]/g, '');
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
};

function sortOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : 'text';
    case 'number':
    case 'bigint':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a mapping';
  }
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
