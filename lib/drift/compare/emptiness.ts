import { isJsonObject, type Json } from '../../objects/objects.ts';
import type { ScalarSchema, Schema } from '../schema.ts';
import { isZero } from './scalars.ts';

/**
 * Whether declaring `value` is the same as leaving the field out. Go's `omitempty` drops zero values and empty lists
 * and maps, but not what a pointer points to: a declared `false` in a `*bool` is kept, and so is `podSelector: {}`.
 * A custom resource keeps everything verbatim, unless a typed controller has rewritten it.
 */
export function sameAsAbsent(value: Json, schema: Schema, rewritten: boolean): boolean {
  if (value === null) return true;
  if (schema.custom) return rewritten && isEmptyThrough(value);
  switch (schema.kind) {
    case 'any':
      return false;
    case 'scalar':
      return !schema.pointer && isZero(value);
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return isEmptyObject(value);
    case 'struct':
      return (
        !schema.pointer &&
        isJsonObject(value) &&
        Object.entries(value).every(([name, entry]) => {
          const field = schema.fields.get(name);
          return field === undefined || sameAsAbsent(entry, field, rewritten);
        })
      );
  }
}

/** Without making a list of the keys: this is asked of every map. */
function isEmptyObject(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  for (const _name in value) return false;
  return true;
}

/** Zero and empty all the way down, as a typed controller drops it. */
function isEmptyThrough(value: Json): boolean {
  if (value === null || isZero(value)) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.values(value).every(isEmptyThrough);
}

/** What `null` becomes in a string map or a list, where no field can be left out. */
export function zeroOf(schema: Schema): Json {
  switch (schema.kind) {
    case 'scalar':
      return zeroOfScalar(schema);
    case 'list':
      return [];
    case 'map':
    case 'struct':
      return {};
    case 'any':
      return null;
  }
}

function zeroOfScalar({ format }: ScalarSchema): Json {
  switch (format) {
    case 'quantity':
    case 'resource':
      return '0';
    case 'int-or-string':
      return 0;
    case 'plain':
    case 'byte':
    case 'date-time':
      return '';
  }
}
