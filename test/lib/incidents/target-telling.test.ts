import { finding } from '../../fixtures/findings.ts';
import {
  DAY,
  drift,
  each,
  grave,
  IN_SYNC,
  image,
  others,
  replicas,
  replicasAgain,
  SEEN,
  type Story,
  snoozed,
  tellStories,
  UNKNOWN,
} from './target-life.ts';

const REMINDERS: readonly Story[] = [
  {
    name: 'what is open is told again once a day, and a change begins the day anew',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['drift shop/web warning drift/1#1'],
      },
      { minute: 1 * DAY, states: { web: drift(replicas), ...others(8) }, told: [] },
      {
        minute: 1 * DAY + 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['reminder shop/web warning drift/1#2 of drift'],
      },
      {
        minute: 2 * DAY,
        states: { web: drift(replicas, image), ...others(8) },
        told: ['drift-changed shop/web warning drift/1#3'],
      },
      { minute: 3 * DAY - 1, states: { web: drift(replicas, image), ...others(8) }, told: [] },
      // Nothing was seen of it: nothing is said of it.
      { minute: 3 * DAY, states: { web: UNKNOWN, ...others(8) }, told: [] },
      {
        minute: 3 * DAY + 1,
        states: { web: drift(replicas, image), ...others(8) },
        told: ['reminder shop/web warning drift/1#4 of drift'],
      },
      {
        minute: 3 * DAY + 2,
        states: { web: IN_SYNC, ...others(8) },
        told: ['converged shop/web info drift/1#5 told warning'],
      },
    ],
  },
  {
    name: 'a burst is told again as one',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: IN_SYNC, ...each(6, drift(replicas)) },
        told: ['drift target warning drift/1#1 left 6'],
      },
      {
        minute: 1 * DAY + 1,
        states: { web: IN_SYNC, ...each(6, drift(replicas)), r1: IN_SYNC },
        told: ['reminder target warning drift/1#2 of drift left 5 resolved 1'],
      },
    ],
  },
  {
    name: 'so are what has stalled and what cannot be judged',
    steps: [
      { minute: 0, states: { web: IN_SYNC, api: IN_SYNC }, told: [] },
      { minute: 1, states: { web: { kind: 'rollout', findings: [image] }, api: UNKNOWN }, told: [] },
      { minute: 2, states: { web: { kind: 'rollout', findings: [image] }, api: UNKNOWN }, told: [] },
      {
        minute: 16,
        states: { web: { kind: 'rollout', findings: [image] }, api: UNKNOWN },
        told: ['stalled shop/web warning stalled/1#1', 'unknown shop/api warning unknown/1#1'],
      },
      {
        minute: 16 + DAY,
        states: { web: { kind: 'rollout', findings: [image] }, api: UNKNOWN },
        told: [
          'reminder shop/web warning stalled/1#2 of stalled',
          'reminder shop/api warning unknown/1#2 of unknown',
        ],
      },
    ],
  },
  {
    name: 'never, where the configuration says 0, or where the clock of the check is far ahead',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['drift shop/web warning drift/1#1'],
      },
      {
        minute: 9 * DAY,
        states: { web: drift(replicas), ...others(8) },
        told: [],
        context: { remindAfterHours: 0 },
      },
      {
        minute: 9 * DAY,
        states: { web: drift(replicas), ...others(8) },
        told: [],
        context: { clock: 'ahead' },
      },
    ],
  },
];

const SNOOZES: readonly Story[] = [
  {
    name: 'quiet while it lasts; what is still open when it has ended is told once',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        snoozes: { 'shop/web': snoozed(60) },
        told: ['drift shop/web warning drift/1#1 quiet'],
      },
      {
        minute: 2,
        states: { web: drift(replicas, image), ...others(8) },
        snoozes: { 'shop/web': snoozed(60) },
        told: ['drift-changed shop/web warning drift/1#2 quiet'],
      },
      {
        minute: 60,
        states: { web: drift(replicas, image), ...others(8) },
        snoozes: { 'shop/web': snoozed(60) },
        told: ['reminder shop/web warning drift/1#3 of drift'],
      },
      { minute: 61, states: { web: drift(replicas, image), ...others(8) }, told: [] },
      {
        minute: 62,
        states: { web: IN_SYNC, ...others(8) },
        told: ['converged shop/web info drift/1#4 told warning'],
      },
    ],
  },
  {
    name: 'a rise to critical is told all the same, once, and its end to those who were told',
    steps: [
      { ...SEEN, snoozes: { target: snoozed(DAY) } },
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['drift shop/web warning drift/1#1 quiet'],
      },
      {
        minute: 2,
        states: { web: drift(replicas, grave), ...others(8) },
        told: ['drift-changed shop/web critical drift/1#2'],
      },
      {
        minute: 3,
        states: { web: drift(replicasAgain, grave), ...others(8) },
        told: ['drift-changed shop/web critical drift/1#3 quiet'],
      },
      {
        minute: 4,
        states: { web: IN_SYNC, ...others(8) },
        told: ['converged shop/web info drift/1#4 told critical'],
      },
    ],
  },
  {
    name: 'what began and was over in it is over quietly; what people knew before is closed aloud',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['drift shop/web warning drift/1#1'],
      },
      {
        minute: 2,
        states: { web: drift(replicas), ...others(8), r1: drift(image) },
        snoozes: { target: snoozed(DAY) },
        told: ['drift shop/r1 warning drift/1#1 quiet'],
      },
      {
        minute: 3,
        states: { web: IN_SYNC, ...others(8) },
        told: ['converged shop/web info drift/1#2 told warning', 'converged shop/r1 info drift/1#2 quiet'],
      },
    ],
  },
  {
    name: 'a burst is quiet where all that is new in it is',
    steps: [
      {
        ...SEEN,
        snoozes: Object.fromEntries(
          Object.keys(each(6, IN_SYNC)).map((name) => [`shop/${name}`, snoozed(60)]),
        ),
      },
      {
        minute: 1,
        states: { web: IN_SYNC, ...each(6, drift(replicas)) },
        told: ['drift target warning drift/1#1 left 6 quiet'],
      },
      {
        minute: 60,
        states: { web: IN_SYNC, ...each(6, drift(replicas)) },
        told: ['reminder target warning drift/1#2 of drift left 6'],
      },
    ],
  },
];

const PARTS: readonly Story[] = [
  {
    name: 'what could not be looked at is neither gone nor well',
    steps: [
      SEEN,
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
          ...others(8),
        },
        told: ['drift shop/web warning drift/1#1'],
      },
      {
        minute: 2,
        states: {
          web: {
            kind: 'drift',
            findings: [image],
            unjudged: { reason: 'no right', objects: ['/ConfigMap/shop/web'] },
          },
          ...others(8),
        },
        told: [],
      },
      {
        minute: 3,
        states: {
          web: { kind: 'drift', findings: [image], unjudged: { reason: 'no right' } },
          ...others(8),
        },
        told: [],
      },
      {
        minute: 4,
        states: { web: drift(image), ...others(8) },
        told: ['drift-changed shop/web warning drift/1#2'],
      },
    ],
  },
];

tellStories({ reminders: REMINDERS, snoozes: SNOOZES, 'a check that sees a part': PARTS });
