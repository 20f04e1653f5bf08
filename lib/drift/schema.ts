import type { Json } from '../objects/objects.ts';

/** How items of a list are told apart (`x-kubernetes-list-type`). */
export type ListMatch =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[] };

interface SchemaBase {
  /** Go's type where it is a built-in one: `core.v1.Container`. Empty otherwise. */
  readonly typeName: string;
  /** Of a custom resource: structural-schema rules instead of Go's. */
  readonly custom: boolean;
  readonly default?: Json;
  readonly nullable: boolean;
}

/** One node of a kind's schema, compiled from OpenAPI v3 when it is first needed. */
export type Schema = SchemaBase &
  (
    | {
        readonly kind: 'struct';
        field(name: string): Schema | undefined;
        readonly fieldNames: readonly string[];
        /** `{}` and absent are the same: a Go value type, not a pointer. */
        readonly byValue: boolean;
        readonly atomic: boolean;
        readonly keepsUnknown: boolean;
      }
    | { readonly kind: 'map'; values(): Schema | undefined; readonly atomic: boolean }
    | { readonly kind: 'list'; items(): Schema | undefined; readonly match: ListMatch }
    | {
        readonly kind: 'scalar';
        readonly type: 'string' | 'integer' | 'number' | 'boolean';
        readonly format: string;
      }
    | { readonly kind: 'quantity' }
    | { readonly kind: 'int-or-string' }
    /** Anything goes, kept as it is (`RawExtension`, `x-kubernetes-preserve-unknown-fields`). */
    | { readonly kind: 'any' }
  );

/** What the cluster says of its kinds. */
export interface Schemas {
  /** Schema of a whole object, or undefined where the cluster serves none. */
  of(apiVersion: string, kind: string): Schema | undefined;
}
