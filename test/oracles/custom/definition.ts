import type { JsonObject } from '../../../lib/objects/objects.ts';

/** One way in which a definition of custom resources may describe a field, in `spec` under its name. */
export const FIELDS: Readonly<Record<string, JsonObject>> = {
  text: { type: 'string' },
  whole: { type: 'integer', format: 'int64' },
  real: { type: 'number' },
  flag: { type: 'boolean' },
  choice: { type: 'string', enum: ['a', 'b'], default: 'a' },
  period: { type: 'string', format: 'duration' },
  amount: { type: 'string', pattern: '^[0-9]+(m|Mi|Gi)?$' },
  limit: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
  moment: { type: 'string', format: 'date-time' },
  bytes: { type: 'string', format: 'byte' },
  defaults: {
    type: 'object',
    properties: {
      replicas: { type: 'integer', default: 3 },
      strict: { type: 'boolean', default: true },
      nested: {
        type: 'object',
        default: {},
        properties: {
          depth: { type: 'integer', default: 1 },
          name: { type: 'string' },
          list: { type: 'array', items: { type: 'string' }, default: ['x'] },
        },
      },
    },
  },
  maybe: { type: 'string', nullable: true },
  maybeDefault: { type: 'integer', nullable: true, default: 5 },
  never: { type: 'string' },
  neverDefault: { type: 'integer', default: 5 },
  maybeStruct: { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  halfOpen: {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { known: { type: 'integer', default: 1 } },
  },
  anything: { 'x-kubernetes-preserve-unknown-fields': true },
  embedded: {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  },
  closedEmbedded: {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 2 } } } },
  },
  keyed: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
    items: {
      type: 'object',
      required: ['port'],
      properties: {
        port: { type: 'integer' },
        protocol: { type: 'string', default: 'TCP' },
        name: { type: 'string' },
        weight: { type: 'integer', default: 10 },
      },
    },
  },
  set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
  atomicList: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' } },
  plainList: {
    type: 'array',
    items: {
      type: 'object',
      properties: { name: { type: 'string' }, weight: { type: 'integer', default: 10 } },
    },
  },
  atomicMap: {
    type: 'object',
    'x-kubernetes-map-type': 'atomic',
    properties: { a: { type: 'string' }, b: { type: 'integer', default: 4 } },
  },
  texts: { type: 'object', additionalProperties: { type: 'string' } },
  structs: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      properties: { on: { type: 'boolean', default: true }, of: { type: 'string' } },
    },
  },
  lists: { type: 'object', additionalProperties: { type: 'array', items: { type: 'integer' } } },
  either: {
    type: 'object',
    properties: { one: { type: 'string' }, other: { type: 'integer' } },
    oneOf: [{ required: ['one'] }, { required: ['other'] }],
  },
};

export const GROUP = 'oracle.fairlead.test';

/** A definition with all of them, served in two versions that convert into each other as they are. */
export const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `samples.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'samples', singular: 'sample', kind: 'Sample', listKind: 'SampleList' },
    conversion: { strategy: 'None' },
    versions: ['v1', 'v2'].map((name) => ({
      name,
      served: true,
      storage: name === 'v2',
      subresources: { status: {} },
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: { type: 'object', properties: FIELDS },
            status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    })),
  },
};
