import type { Json } from '../../../lib/objects/objects.ts';

/** A value below `spec`, and what edits of it by hand must be told as. */
export interface CustomCase {
  readonly name: string;
  /** As Git has it: what is put below `spec`. */
  readonly declared: Readonly<Record<string, Json>>;
  /** Refused by a server-side apply: made with a create. */
  readonly created?: true;
  readonly edits: readonly Edit[];
}

/** A JSON patch of one operation below `spec`, and what it is told as: `changed spec.text`, or nothing. */
export type Edit = readonly [op: 'add' | 'remove' | 'replace', path: string, value: Json, ...told: string[]];

export const CASES: readonly CustomCase[] = [
  {
    name: 'scalars',
    declared: { text: 'a', whole: 7, real: 1.5, flag: false },
    edits: [
      ['replace', '/text', 'b', 'changed spec.text'],
      ['replace', '/text', '', 'changed spec.text'],
      ['remove', '/text', null, 'changed spec.text'],
      ['replace', '/whole', 8, 'changed spec.whole'],
      ['replace', '/whole', 0, 'changed spec.whole'],
      ['replace', '/real', 2.5, 'changed spec.real'],
      ['replace', '/flag', true, 'changed spec.flag'],
      ['remove', '/flag', null, 'changed spec.flag'],
      ['add', '/choice', 'b', 'added spec.choice'],
      ['add', '/choice', 'a'],
    ],
  },
  {
    name: 'zero values, which custom resources keep',
    declared: { text: '', whole: 0, flag: false, set: [], texts: {} },
    edits: [
      ['remove', '/text', null, 'changed spec.text'],
      ['remove', '/whole', null, 'changed spec.whole'],
      ['remove', '/flag', null, 'changed spec.flag'],
      ['remove', '/set', null, 'changed spec.set'],
      ['remove', '/texts', null, 'changed spec.texts'],
      ['add', '/set/-', 'x', 'added spec.set["x"]'],
      ['add', '/texts/x', 'y', 'added spec.texts.x'],
    ],
  },
  {
    name: 'integers beyond what a float holds',
    declared: { whole: 9007199254740993n },
    edits: [['replace', '/whole', 9007199254740992n, 'changed spec.whole']],
  },
  {
    name: 'durations, by their value',
    declared: { period: '60m' },
    edits: [
      ['replace', '/period', '1h0m0s'],
      ['replace', '/period', '2h0m0s', 'changed spec.period'],
      ['remove', '/period', null, 'changed spec.period'],
    ],
  },
  {
    name: 'quantities in strings, which the server does not spell anew',
    declared: { amount: '1024Mi' },
    edits: [
      ['replace', '/amount', '1025Mi', 'changed spec.amount'],
      ['remove', '/amount', null, 'changed spec.amount'],
    ],
  },
  {
    name: 'an integer or string',
    declared: { limit: 8080 },
    edits: [
      ['replace', '/limit', '8080', 'changed spec.limit'],
      ['replace', '/limit', 8081, 'changed spec.limit'],
      ['remove', '/limit', null, 'changed spec.limit'],
    ],
  },
  {
    name: 'a string where an integer might be',
    declared: { limit: '50%' },
    edits: [
      ['replace', '/limit', 50, 'changed spec.limit'],
      ['replace', '/limit', '51%', 'changed spec.limit'],
    ],
  },
  {
    name: 'moments and bytes',
    declared: { moment: '2026-01-02T03:04:05Z', bytes: 'aGk=' },
    edits: [
      ['replace', '/moment', '2026-01-02T03:04:06Z', 'changed spec.moment'],
      ['replace', '/bytes', 'aGo=', 'changed spec.bytes'],
    ],
  },
  {
    name: 'defaults that Git leaves to the server',
    declared: { defaults: {} },
    edits: [
      ['replace', '/defaults/replicas', 4, 'added spec.defaults.replicas'],
      ['replace', '/defaults/strict', false, 'added spec.defaults.strict'],
      ['replace', '/defaults/nested/depth', 2, 'added spec.defaults.nested.depth'],
      ['add', '/defaults/nested/name', 'x', 'added spec.defaults.nested.name'],
      ['add', '/defaults/nested/list/-', 'y', 'added spec.defaults.nested.list'],
      ['replace', '/defaults/nested/list', [], 'added spec.defaults.nested.list'],
      ['remove', '/defaults/replicas', null],
    ],
  },
  {
    name: 'defaults that Git declares',
    declared: { defaults: { replicas: 3, strict: true, nested: { depth: 1 } }, choice: 'a' },
    edits: [
      ['replace', '/defaults/replicas', 4, 'changed spec.defaults.replicas'],
      ['replace', '/defaults/strict', false, 'changed spec.defaults.strict'],
      ['replace', '/defaults/nested', { depth: 9 }, 'changed spec.defaults.nested.depth'],
      ['replace', '/choice', 'b', 'changed spec.choice'],
      ['remove', '/choice', null],
    ],
  },
  {
    name: 'other values where there are defaults',
    declared: { defaults: { replicas: 0, strict: false }, choice: 'b' },
    edits: [
      // The server puts the default in their place.
      ['remove', '/defaults/replicas', null, 'changed spec.defaults.replicas'],
      ['remove', '/defaults/strict', null, 'changed spec.defaults.strict'],
      ['remove', '/choice', null, 'changed spec.choice'],
      ['remove', '/defaults', null, 'changed spec.defaults'],
    ],
  },
  {
    name: 'null where it is a value',
    declared: { maybe: null, maybeDefault: null, maybeStruct: null },
    edits: [
      ['replace', '/maybe', 'x', 'changed spec.maybe'],
      ['replace', '/maybe', '', 'changed spec.maybe'],
      ['remove', '/maybe', null, 'changed spec.maybe'],
      ['replace', '/maybeDefault', 7, 'changed spec.maybeDefault'],
      // The server puts the default in its place.
      ['remove', '/maybeDefault', null, 'changed spec.maybeDefault'],
      ['replace', '/maybeStruct', {}, 'changed spec.maybeStruct'],
      ['replace', '/maybeStruct', { a: 'x' }, 'changed spec.maybeStruct'],
      ['remove', '/maybeStruct', null, 'changed spec.maybeStruct'],
    ],
  },
  {
    name: 'null where it might be a value and something else is declared, or nothing',
    declared: { maybe: 'x', maybeStruct: { a: 'x' } },
    edits: [
      ['replace', '/maybe', null, 'changed spec.maybe'],
      ['remove', '/maybe', null, 'changed spec.maybe'],
      ['replace', '/maybeStruct', null, 'changed spec.maybeStruct'],
      // In place of the default, which would be 5.
      ['replace', '/maybeDefault', null, 'added spec.maybeDefault'],
    ],
  },
  {
    name: 'null where it is none',
    declared: { neverDefault: null, text: 'a' },
    edits: [
      ['add', '/never', 'x', 'added spec.never'],
      ['replace', '/neverDefault', 7, 'added spec.neverDefault'],
      ['remove', '/neverDefault', null],
    ],
  },
  {
    name: 'fields that the definition does not list, where it prunes them',
    declared: { typo: 1, text: 'a', defaults: { typo: { deep: true } } },
    created: true,
    edits: [
      ['replace', '/text', 'b', 'changed spec.text'],
      ['replace', '/defaults/replicas', 9, 'added spec.defaults.replicas'],
    ],
  },
  {
    name: 'fields that the definition does not list, where it keeps them',
    declared: { open: { a: { b: [1, 2], c: '' } }, halfOpen: { other: false }, anything: [{ x: 1 }] },
    edits: [
      ['replace', '/open/a/c', 'x', 'changed spec.open.a.c'],
      ['remove', '/open/a/c', null, 'changed spec.open.a.c'],
      ['replace', '/open/a/b/0', 9, 'changed spec.open.a.b[0]'],
      ['add', '/open/a/b/-', 3, 'added spec.open.a.b[2]'],
      ['remove', '/open/a/b/1', null, 'changed spec.open.a.b'],
      ['add', '/open/z', { deep: 1 }, 'added spec.open.z'],
      ['replace', '/halfOpen/other', true, 'changed spec.halfOpen.other'],
      ['replace', '/halfOpen/known', 2, 'added spec.halfOpen.known'],
      ['add', '/halfOpen/more', 'x', 'added spec.halfOpen.more'],
      ['replace', '/anything', 'text', 'changed spec.anything'],
      ['replace', '/anything/0/x', 2, 'changed spec.anything[0].x'],
    ],
  },
  {
    name: 'whole objects inside',
    declared: {
      embedded: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'x', labels: { a: 'b' }, creationTimestamp: null },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
      closedEmbedded: { apiVersion: 'a/v1', kind: 'K', metadata: { name: 'y' }, spec: {} },
    },
    edits: [
      ['replace', '/embedded/metadata/labels/a', 'c', 'changed spec.embedded.metadata.labels.a'],
      ['add', '/embedded/metadata/labels/z', 'c', 'added spec.embedded.metadata.labels.z'],
      ['replace', '/embedded/kind', 'Job', 'changed spec.embedded.kind'],
      ['replace', '/embedded/spec/containers/0/image', 'j', 'changed spec.embedded.spec.containers[0].image'],
      ['replace', '/closedEmbedded/spec/size', 3, 'added spec.closedEmbedded.spec.size'],
      ['add', '/closedEmbedded/metadata/labels', { a: 'b' }, 'added spec.closedEmbedded.metadata.labels.a'],
    ],
  },
  {
    name: 'lists whose items have keys, one of them a default',
    declared: {
      keyed: [
        { port: 80, name: 'http' },
        { port: 53, protocol: 'UDP', weight: 10 },
      ],
    },
    edits: [
      ['replace', '/keyed/0/name', 'web', 'changed spec.keyed[port=80,protocol=TCP].name'],
      ['remove', '/keyed/0/name', null, 'changed spec.keyed[port=80,protocol=TCP].name'],
      ['replace', '/keyed/0/weight', 1, 'added spec.keyed[port=80,protocol=TCP].weight'],
      ['replace', '/keyed/1/weight', 1, 'changed spec.keyed[port=53,protocol=UDP].weight'],
      ['remove', '/keyed/1', null, 'changed spec.keyed[port=53,protocol=UDP]'],
      ['add', '/keyed/-', { port: 443 }, 'added spec.keyed[port=443,protocol=TCP]'],
      ['add', '/keyed/0', { port: 443 }, 'added spec.keyed[port=443,protocol=TCP]'],
      ['remove', '/keyed', null, 'changed spec.keyed'],
    ],
  },
  {
    name: 'sets',
    declared: { set: ['b', 'a'] },
    edits: [
      ['replace', '/set', ['a', 'b']],
      ['add', '/set/-', 'c', 'added spec.set["c"]'],
      ['remove', '/set/0', null, 'changed spec.set["b"]'],
    ],
  },
  {
    name: 'lists in one piece',
    declared: { atomicList: ['a', 'b'], plainList: [{ name: 'x' }, { name: 'y', weight: 1 }] },
    edits: [
      ['replace', '/atomicList', ['b', 'a'], 'changed spec.atomicList'],
      ['replace', '/atomicList/1', 'c', 'changed spec.atomicList[1]'],
      ['add', '/atomicList/-', 'c', 'added spec.atomicList[2]'],
      ['remove', '/atomicList/0', null, 'changed spec.atomicList'],
      ['replace', '/plainList/0/weight', 1, 'added spec.plainList[0].weight'],
      ['replace', '/plainList/1/weight', 2, 'changed spec.plainList[1].weight'],
      ['add', '/plainList/-', { name: 'z' }, 'added spec.plainList[2]'],
    ],
  },
  {
    name: 'maps',
    declared: { texts: { a: 'b', 'x/y': '' }, structs: { s: {} }, lists: { l: [1, 2] } },
    edits: [
      ['replace', '/texts/a', 'c', 'changed spec.texts.a'],
      ['remove', '/texts/x~1y', null, "changed spec.texts['x/y']"],
      ['add', '/texts/z', '', 'added spec.texts.z'],
      ['replace', '/structs/s/on', false, 'added spec.structs.s.on'],
      ['add', '/structs/t', {}, 'added spec.structs.t'],
      ['remove', '/structs/s', null, 'changed spec.structs.s'],
      ['replace', '/lists/l/0', 9, 'changed spec.lists.l[0]'],
      ['add', '/lists/m', [], 'added spec.lists.m'],
    ],
  },
  {
    name: 'structs in one piece, and one of two',
    declared: { atomicMap: { a: 'x' }, either: { one: 'x' } },
    edits: [
      ['replace', '/atomicMap/a', 'y', 'changed spec.atomicMap.a'],
      ['replace', '/atomicMap/b', 5, 'added spec.atomicMap.b'],
      ['remove', '/atomicMap', null, 'changed spec.atomicMap'],
      ['replace', '/either/one', 'y', 'changed spec.either.one'],
      ['replace', '/either', { other: 1 }, 'changed spec.either.one', 'added spec.either.other'],
    ],
  },
];
