import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { Trail } from '../path.ts';
import type { Schema } from '../schema.ts';
import { isZero } from './scalars.ts';
import type { Comparison, Parents, Visitor } from './visitor.ts';

/** `isDefault` and `holds` of a comparison whose other rules are `value` and `list`. */
export function defaultRules(compare: () => Comparison): Pick<Comparison, 'isDefault' | 'holds'> {
  return { isDefault, holds };

  /**
   * Whether a live value is what the field would have had if nobody had declared it: the schema's default, the one of
   * Go code, Go's zero value where the field is no pointer, or a struct by value whose fields are all that.
   */
  function isDefault(live: Json, schema: Schema, parents: Parents, root: JsonObject): boolean {
    if (live === null) return true;
    if (schema.default !== undefined && holds(schema.default, live, schema, parents, root)) return true;
    if (schema.known !== undefined && isKnown(live, schema, parents, root)) return true;
    if (schema.custom) return false;
    switch (schema.kind) {
      case 'scalar':
        return !schema.pointer && isZero(live);
      case 'list':
        return Array.isArray(live) && live.length === 0;
      case 'map':
        return isJsonObject(live) && Object.keys(live).length === 0;
      case 'struct':
        return (
          !schema.pointer &&
          isJsonObject(live) &&
          Object.entries(live).every(([name, entry]) => {
            const field = schema.fields.get(name);
            return field !== undefined && isDefault(entry, field, { desired: undefined, live }, root);
          })
        );
      case 'any':
        return false;
    }
  }

  function isKnown(live: Json, schema: Schema, parents: Parents, root: JsonObject): boolean {
    const { known } = schema;
    if (known === undefined) return false;
    if (known.kind === 'value')
      return known.values.some((value) => holds(value, live, schema, parents, root));
    if (known.kind === 'declared') {
      const value = parents.desired === undefined ? undefined : known.from(parents.desired);
      return value !== undefined && holds(value, live, schema, parents, root);
    }
    // Derived from what is declared, or from what is live now: a derived default is stored and does not follow.
    return [parents.live, parents.desired].some((parent) => {
      const value = parent === undefined ? undefined : known.from(parent, root);
      return value !== undefined && holds(value, live, schema, parents, root);
    });
  }

  function holds(desired: Json, live: Json, schema: Schema, parents: Parents, root: JsonObject): boolean {
    if (desired === live) return true;
    const quiet = new Quiet(root, compare());
    // The default itself must not be asked for again, or it would answer for any value.
    compare().value(desired, live, withoutDefault(schema), parents, quiet);
    return !quiet.done;
  }
}

const bareOf = new WeakMap<Schema, Schema>();

function withoutDefault(schema: Schema): Schema {
  if (schema.default === undefined && schema.known === undefined) return schema;
  const made = bareOf.get(schema);
  if (made !== undefined) return made;
  const bare = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema)) as Record<
    string,
    unknown
  >;
  delete bare.default;
  delete bare.known;
  bareOf.set(schema, bare as unknown as Schema);
  return bare as unknown as Schema;
}

/** Only whether there is a difference. */
class Quiet implements Visitor {
  readonly trail = new Trail();
  readonly rewritten = false;
  readonly writtenBy = 'others';
  readonly keepsNull = false;
  readonly root: JsonObject;
  readonly compare: Comparison;
  done = false;

  constructor(root: JsonObject, compare: Comparison) {
    this.root = root;
    this.compare = compare;
  }

  changed(): void {
    this.done = true;
  }

  undeclared(live: Json, schema: Schema, parents: Parents): void {
    if (!this.compare.isDefault(live, schema, parents, this.root)) this.done = true;
  }
}
