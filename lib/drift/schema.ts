import type { Json } from '../objects/objects.ts';
import type { KnownDefault } from './known/defaults.ts';

/** How items of a list are told apart (`x-kubernetes-list-type`). */
export type ListMatch =
  | { readonly kind: 'atomic' }
  /** Atomic, but in any order. */
  | { readonly kind: 'unordered' }
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[] };

interface SchemaBase {
  /** Go's type where it is a built-in one, without its version: `core.Container`. Empty otherwise. */
  readonly type: string;
  /** Of a custom resource: structural-schema rules instead of Go's. */
  readonly custom: boolean;
  /** What the schema itself says. */
  readonly default?: Json;
  /** What Go code fills in and no schema says. */
  readonly known?: KnownDefault;
  readonly nullable: boolean;
  /** A pointer in Go: its zero value is kept and means something. Never for lists and maps. */
  readonly pointer: boolean;
}

export type StructSchema = SchemaBase & {
  readonly kind: 'struct';
  readonly fields: ReadonlyMap<string, Schema>;
  readonly atomic: boolean;
  /** `x-kubernetes-preserve-unknown-fields`: what it does not list is kept, not pruned. */
  readonly keepsUnknown: boolean;
};
export type MapSchema = SchemaBase & {
  readonly kind: 'map';
  readonly values: Schema;
  readonly atomic: boolean;
};
export type ListSchema = SchemaBase & {
  readonly kind: 'list';
  readonly items: Schema;
  readonly match: ListMatch;
};
export type ScalarSchema = SchemaBase & {
  readonly kind: 'scalar';
  /** `resource`: a quantity in a map of them, which is a ResourceList. */
  readonly format: 'plain' | 'byte' | 'date-time' | 'quantity' | 'resource' | 'int-or-string';
};
/** Anything goes, kept as it is (`RawExtension`, a kind without a schema). */
export type AnySchema = SchemaBase & { readonly kind: 'any' };

/** One node of a kind's schema, compiled from OpenAPI v3 when it is first needed. */
export type Schema = StructSchema | MapSchema | ListSchema | ScalarSchema | AnySchema;

/** What the cluster says of its kinds. */
export interface Schemas {
  /** Schema of a whole object, or undefined where the cluster serves none. */
  of(apiVersion: string, kind: string): Schema | undefined;
}

export const ANY: AnySchema = { kind: 'any', type: '', custom: true, nullable: true, pointer: true };
