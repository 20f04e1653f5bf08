import type { MapSchema, Schema, StructSchema } from '../schema.ts';

const base = { type: '', custom: false, nullable: false, pointer: false } as const;
const text: Schema = { ...base, kind: 'scalar', format: 'plain', pointer: true };
const map: MapSchema = { ...base, kind: 'map', values: text, atomic: false };
const reference: Schema = {
  ...base,
  kind: 'struct',
  atomic: true,
  keepsUnknown: false,
  pointer: true,
  fields: new Map<string, Schema>([
    ['apiVersion', text],
    ['kind', text],
    ['name', text],
    ['uid', text],
    ['controller', text],
    ['blockOwnerDeletion', text],
  ]),
};

/** What is compared of every object's metadata, whether the cluster serves a schema for its kind or not. */
export const METADATA: StructSchema = {
  ...base,
  kind: 'struct',
  atomic: false,
  keepsUnknown: false,
  fields: new Map<string, Schema>([
    ['labels', map],
    ['annotations', map],
    ['finalizers', { ...base, kind: 'list', items: text, match: { kind: 'set' } }],
    ['ownerReferences', { ...base, kind: 'list', items: reference, match: { kind: 'map', keys: ['uid'] } }],
  ]),
};
