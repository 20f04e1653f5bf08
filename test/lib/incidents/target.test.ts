import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { finding } from '../../fixtures/findings.ts';
import {
  alertsOf,
  DAY,
  decided,
  drift,
  each,
  grave,
  IN_SYNC,
  image,
  inShort,
  NOTHING_KNOWN,
  others,
  replicas,
  replicasAgain,
  SEEN,
  type Story,
  tellStories,
  UNKNOWN,
  written,
} from './target-life.ts';

const FIRST_CHECKS: readonly Story[] = [
  {
    name: 'what it finds is one summary and no page; what is new beside it is told at once, with a key of its own',
    steps: [
      {
        minute: 0,
        states: { web: drift(replicas), api: drift(image, grave), db: IN_SYNC },
        told: ['summary target info summary/1#1 left 2'],
      },
      { minute: 1, states: { web: drift(replicas), api: drift(image, grave), db: IN_SYNC }, told: [] },
      {
        minute: 2,
        states: { web: drift(replicas, image), api: drift(image, grave), db: drift(replicas) },
        told: ['drift shop/web warning drift/1#1', 'drift shop/db warning drift/1#1'],
      },
      {
        minute: 3,
        states: { web: drift(replicas), api: drift(image), db: IN_SYNC },
        told: [
          'converged shop/web info drift/1#2 accepted 1 told warning',
          'converged shop/db info drift/1#2 told warning',
        ],
      },
      { minute: 4, states: { web: IN_SYNC, api: IN_SYNC, db: IN_SYNC }, told: [] },
      {
        minute: 5,
        states: { web: drift(replicas), api: IN_SYNC, db: IN_SYNC },
        told: ['drift shop/web warning drift/2#1'],
      },
    ],
  },
  {
    name: 'what was repaired and comes back is new, and so is another value at an accepted place',
    steps: [
      {
        minute: 0,
        states: { web: drift(replicas, image) },
        told: ['summary target info summary/1#1 left 1'],
      },
      { minute: 1, states: { web: drift(image) }, told: [] },
      { minute: 2, states: { web: drift(replicas, image) }, told: ['drift shop/web warning drift/1#1'] },
      {
        minute: 3,
        states: { web: drift(image) },
        told: ['converged shop/web info drift/1#2 accepted 1 told warning'],
      },
    ],
  },
  {
    name: 'what is left after seven days is told as drift',
    steps: [
      {
        minute: 0,
        states: { web: drift(replicas), api: drift(replicas) },
        told: ['summary target info summary/1#1 left 2'],
      },
      { minute: 7 * DAY - 1, states: { web: drift(replicas), api: IN_SYNC }, told: [] },
      {
        minute: 7 * DAY,
        states: { web: drift(replicas), api: IN_SYNC },
        told: ['drift shop/web warning drift/1#1'],
      },
    ],
  },
  {
    name: 'one that finds all well alerts from then on',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['drift shop/web warning drift/1#1'],
      },
    ],
  },
  {
    name: 'a target that is to alert at once does',
    context: { firstCheck: 'alert' },
    steps: [{ minute: 0, states: { web: drift(replicas) }, told: ['drift shop/web warning drift/1#1'] }],
  },
  {
    name: 'what it could not judge is summed up when it is judged, and never a page',
    steps: [
      {
        minute: 0,
        states: { web: UNKNOWN, api: drift(image) },
        told: ['summary target info summary/1#1 left 1'],
      },
      {
        minute: 1,
        states: { web: drift(replicas), api: drift(image) },
        told: ['summary target info summary/2#1 left 1'],
      },
      { minute: 2, states: { web: drift(replicas), api: drift(image) }, told: [] },
      {
        minute: 3,
        states: { web: drift(replicasAgain), api: drift(image) },
        told: ['drift shop/web warning drift/1#1'],
      },
    ],
  },
  {
    name: 'a cluster that did not answer was not checked: the first that does is the first',
    steps: [
      { minute: 0, states: { target: UNKNOWN }, told: [] },
      { minute: 1, states: { web: drift(replicas) }, told: ['summary target info summary/1#1 left 1'] },
    ],
  },
  {
    name: 'releases that appear when the manifests can be read were there before; later ones are new',
    steps: [
      { minute: 0, states: { manifests: UNKNOWN, web: IN_SYNC }, told: [] },
      {
        minute: 1,
        states: { manifests: IN_SYNC, web: IN_SYNC, api: drift(image) },
        told: ['summary target info summary/1#1 left 1'],
      },
      {
        minute: 2,
        states: { manifests: IN_SYNC, web: IN_SYNC, api: drift(image), db: drift(replicas) },
        told: ['drift shop/db warning drift/1#1'],
      },
    ],
  },
  {
    name: 'objects that could not be read at first are named when they can be',
    steps: [
      {
        minute: 0,
        states: {
          web: {
            kind: 'drift',
            findings: [image],
            unjudged: { reason: 'no right', objects: ['/ConfigMap/shop/web'] },
          },
        },
        told: ['summary target info summary/1#1 left 1'],
      },
      {
        minute: 1,
        states: {
          web: drift(
            image,
            finding(
              'data.a',
              { live: 'x' },
              { object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web' } },
            ),
          ),
        },
        told: ['summary target info summary/2#1 left 1'],
      },
    ],
  },
];

const BURSTS: readonly Story[] = [
  {
    name: 'six that begin at once are one incident, whose members resolve without a word; one OK when the last has',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: IN_SYNC, ...each(6, drift(replicas)) },
        told: ['drift target warning drift/1#1 left 6'],
      },
      { minute: 2, states: { web: IN_SYNC, ...each(6, drift(replicas)) }, told: [] },
      { minute: 3, states: { web: IN_SYNC, ...each(6, IN_SYNC), r1: drift(replicas) }, told: [] },
      {
        minute: 4,
        states: { web: IN_SYNC, ...each(6, IN_SYNC), r1: drift(replicas, image) },
        told: ['drift-changed target warning drift/1#2 left 1 resolved 5'],
      },
      {
        minute: 5,
        states: { web: IN_SYNC, ...each(6, IN_SYNC), r1: drift(replicas, image, grave) },
        told: ['drift-changed target critical drift/1#3 left 1 resolved 5'],
      },
      { minute: 6, states: { web: IN_SYNC, ...each(6, IN_SYNC), r1: drift(replicas) }, told: [] },
      {
        minute: 7,
        states: { web: IN_SYNC, ...each(6, IN_SYNC) },
        told: ['converged target info drift/1#4 of 6 told warning+critical'],
      },
      {
        minute: 8,
        states: { web: IN_SYNC, ...each(6, drift(replicas)) },
        told: ['drift target warning drift/2#1 left 6'],
      },
    ],
  },
  {
    name: 'five are five',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: IN_SYNC, ...each(5, drift(replicas)) },
        told: [1, 2, 3, 4, 5].map((number) => `drift shop/r${number} warning drift/1#1`),
      },
    ],
  },
  {
    name: 'few that begin later have their own incidents; many join',
    steps: [
      { minute: 0, states: each(16, IN_SYNC), told: [] },
      {
        minute: 1,
        states: { ...each(16, IN_SYNC), ...each(6, drift(image)) },
        told: ['drift target warning drift/1#1 left 6'],
      },
      {
        minute: 2,
        states: { ...each(16, IN_SYNC), ...each(7, drift(image)) },
        told: ['drift shop/r7 warning drift/1#1'],
      },
      {
        minute: 3,
        states: each(16, drift(image)),
        told: ['drift-changed target warning drift/1#2 left 15'],
      },
      {
        minute: 4,
        states: each(16, IN_SYNC),
        told: [
          'converged shop/r7 info drift/1#2 told warning',
          'converged target info drift/1#3 of 15 told warning',
        ],
      },
    ],
  },
  {
    name: 'a member that Git no longer declares goes without a word',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: IN_SYNC, ...each(6, drift(replicas)) },
        told: ['drift target warning drift/1#1 left 6'],
      },
      { minute: 2, states: { web: IN_SYNC }, told: ['converged target info drift/1#2 of 6 told warning'] },
    ],
  },
  {
    name: 'many that cannot be judged for one reason are told once, those of another reason by themselves',
    steps: [
      SEEN,
      { minute: 1, states: { web: { kind: 'unknown', reason: 'another' }, ...each(8, UNKNOWN) }, told: [] },
      { minute: 2, states: { web: { kind: 'unknown', reason: 'another' }, ...each(8, UNKNOWN) }, told: [] },
      {
        minute: 3,
        states: { web: { kind: 'unknown', reason: 'another' }, ...each(8, UNKNOWN) },
        told: ['unknown shop/web warning unknown/1#1', 'unknown target warning unknown-*/1#1 left 8'],
      },
      { minute: 4, states: { web: { kind: 'unknown', reason: 'another' }, ...each(8, UNKNOWN) }, told: [] },
      {
        minute: 5,
        states: { web: IN_SYNC, ...each(8, IN_SYNC), r8: UNKNOWN },
        told: ['known-again shop/web info unknown/1#2 told warning'],
      },
      {
        minute: 6,
        states: { web: IN_SYNC, ...each(8, IN_SYNC) },
        told: ['known-again target info unknown-*/1#2 of 8 told warning'],
      },
    ],
  },
];

tellStories({ 'a first check': FIRST_CHECKS, 'many at once': BURSTS });

describe('who dies between two writes', () => {
  const known = written(NOTHING_KNOWN, decided(NOTHING_KNOWN, 0, each(8, IN_SYNC)));
  const first = decided(NOTHING_KNOWN, 0, each(4, drift(replicas)));
  const many = decided(known, 1, each(8, drift(replicas)));
  for (const [name, before, states, writes] of [
    ['of a first check', NOTHING_KNOWN, each(4, drift(replicas)), first],
    ['of a burst', known, each(8, drift(replicas)), many],
  ] as const)
    test(`${name} leaves it to be told whole, once`, () => {
      assert.ok(writes.length > 4);
      for (let stop = 0; stop <= writes.length; stop++) {
        const done = writes.slice(0, stop);
        const rest = decided(written(before, done), 2, states);
        const told = alertsOf([...done, ...rest]);
        assert.equal(told.length, 1, `after ${stop} writes: ${told.map(inShort)}`);
        assert.deepEqual(alertsOf(writes).map(inShort), told.map(inShort));
      }
    });

  test('of a burst that grows leaves its new members to be told, once', () => {
    const six = written(known, decided(known, 1, { ...each(14, IN_SYNC), ...each(6, drift(replicas)) }));
    const states = each(14, drift(replicas));
    const writes = decided(six, 2, states);
    for (let stop = 0; stop <= writes.length; stop++) {
      const done = writes.slice(0, stop);
      const told = alertsOf([...done, ...decided(written(six, done), 3, states)]);
      assert.deepEqual(
        told.map(inShort),
        ['drift-changed target warning drift/1#2 left 14'],
        `after ${stop} writes`,
      );
    }
  });

  test('of its end leaves the end to be told, once', () => {
    const open = written(known, many);
    const writes = decided(open, 2, each(8, IN_SYNC));
    for (let stop = 0; stop <= writes.length; stop++) {
      const done = writes.slice(0, stop);
      const told = alertsOf([...done, ...decided(written(open, done), 3, each(8, IN_SYNC))]);
      assert.deepEqual(
        told.map(inShort),
        ['converged target info drift/1#2 of 8 told warning'],
        `after ${stop} writes`,
      );
    }
  });
});

test('of many releases that are told as one, each finding says whose it is', () => {
  const known = written(NOTHING_KNOWN, decided(NOTHING_KNOWN, 0, each(8, IN_SYNC)));
  for (const [kind, writes] of [
    ['summary', decided(NOTHING_KNOWN, 0, each(8, drift(replicas)))],
    ['drift', decided(known, 1, each(8, drift(replicas)))],
  ] as const) {
    const [alert] = alertsOf(writes);
    assert.ok(alert?.kind === kind && alert.members !== undefined);
    assert.deepEqual(
      alert.findings.map(({ scope }) => scope).sort(),
      alert.members.map(({ scope }) => scope).sort(),
    );
  }
});
