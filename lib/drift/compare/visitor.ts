import type { Json, JsonObject } from '../../objects/objects.ts';
import type { Trail } from '../path.ts';
import type { ListSchema, Schema } from '../schema.ts';

/** The structs that hold the value in hand, which derived defaults look at. */
export interface Parents {
  readonly desired: JsonObject | undefined;
  readonly live: JsonObject;
}

/** What a comparison does with what it finds. Told in the order of the desired object. */
export interface Visitor {
  readonly trail: Trail;
  /** The whole live object. */
  readonly root: JsonObject;
  /** The kind's own controller has rewritten the spec: Go's zero values count as absent. */
  readonly rewritten: boolean;
  /** Of an object that it has rewritten, whose the value in hand is beside the deployer. */
  readonly writtenBy: 'own-controller' | 'nobody' | 'others';
  /** A declared null of a custom resource was stored as one, where the definition lets it (`nullable`). */
  readonly keepsNull: boolean;
  /** The rules by which values inside this one are compared in turn. */
  readonly compare: Comparison;
  /** Nothing more is wanted. */
  readonly done: boolean;
  /** A declared value does not hold; `live` is undefined where it is gone. */
  changed(desired: Json, live: Json | undefined, note?: string): void;
  /** Live has what is not declared (or declared as null). */
  undeclared(live: Json, schema: Schema, parents: Parents): void;
}

/**
 * The rules of comparing, which call each other in circles (a list's items are values, a default is compared like a
 * declared value): each is given the others, so that no file needs another one's code. See comparison.ts.
 */
export interface Comparison {
  /** One declared value with the live one under its schema: walk.ts. */
  value(desired: Json, live: Json | undefined, schema: Schema, parents: Parents, visitor: Visitor): void;
  /** Two lists: lists.ts. */
  list(desired: readonly Json[], live: readonly Json[], schema: ListSchema, visitor: Visitor): void;
  /** Whether a live value is what the field has when nobody declares it: defaulted.ts. */
  isDefault(live: Json, schema: Schema, parents: Parents, root: JsonObject): boolean;
  /** Whether `live` is `desired` with nothing but defaults beside it: defaulted.ts. */
  holds(desired: Json, live: Json, schema: Schema, parents: Parents, root: JsonObject): boolean;
}
