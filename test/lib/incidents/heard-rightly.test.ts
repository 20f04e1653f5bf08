import { severityOf } from '../../../lib/incidents/severity.ts';
import { finding } from '../../fixtures/findings.ts';
import {
  DAY,
  drift,
  each,
  IN_SYNC,
  others,
  replicas,
  SEEN,
  type Step,
  type Story,
  tellStories,
} from './target-life.ts';

const rolling = (...findings: ReturnType<typeof finding>[]) => ({ kind: 'rollout' as const, findings });
const replicasAt = (live: number) => finding('spec.replicas', { desired: 1, live });

const FIRST: readonly Story[] = [
  {
    name: 'a deployer that is suspended when Fairlead comes pages nobody: what waits for it is in the summary',
    steps: [
      { minute: 0, states: { web: rolling(replicas) }, told: [] },
      { minute: 10, states: { web: rolling(replicas) }, told: [] },
      { minute: 16, states: { web: drift(replicas) }, told: ['summary target info summary/1#1 left 1'] },
      { minute: 32, states: { web: drift(replicas) }, told: [] },
      {
        minute: 7 * DAY + 16,
        states: { web: drift(replicas) },
        told: ['drift shop/web warning drift/1#1'],
      },
    ],
  },
  {
    name: 'what rolls out while Fairlead comes, and arrives, is told nobody; what differs from then on is',
    steps: [
      { minute: 0, states: { web: rolling(replicas) }, told: [] },
      { minute: 2, states: { web: IN_SYNC }, told: [] },
      { minute: 3, states: { web: drift(replicas) }, told: ['drift shop/web warning drift/1#1'] },
    ],
  },
  {
    name: 'what was accepted against one commit is not against another that asks for something else there',
    steps: [
      { minute: 0, states: { web: drift(replicas) }, told: ['summary target info summary/1#1 left 1'] },
      {
        minute: 60,
        states: { web: drift(finding('spec.replicas', { desired: 2, live: 4 })) },
        told: ['drift shop/web warning drift/1#1'],
      },
    ],
  },
];

const RISES: readonly Story[] = [
  {
    name: 'what becomes critical with a rule or a commit is told, though nothing else has changed',
    steps: [
      SEEN,
      {
        minute: 1,
        states: { web: drift(replicas), ...others(8) },
        told: ['drift shop/web warning drift/1#1'],
      },
      {
        minute: 2,
        states: { web: drift(replicas), ...others(8) },
        context: { severityOf: () => 'critical' },
        told: ['drift-changed shop/web critical drift/1#2'],
      },
      {
        minute: 3,
        states: { web: drift(replicas), ...others(8) },
        context: { severityOf: () => 'critical' },
        told: [],
      },
    ],
  },
];

/** A value that somebody writes anew before each check. */
const edits = (from: number, to: number, told: (edit: number) => readonly string[]): readonly Step[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    minute: from + index,
    states: { web: drift(replicasAt(100 + from + index)), ...others(8) },
    told: told(from + index),
  }));

const OFTEN: readonly Story[] = [
  {
    name: 'who keeps editing is told of five times, and every half hour from then on; what becomes critical, at once',
    steps: [
      SEEN,
      ...edits(1, 1, () => ['drift shop/web warning drift/1#1']),
      ...edits(2, 5, (edit) => [`drift-changed shop/web warning drift/1#${edit}`]),
      ...edits(6, 34, () => []),
      ...edits(35, 35, () => ['drift-changed shop/web warning drift/1#6']),
      ...edits(36, 40, () => []),
      {
        minute: 41,
        states: { web: drift(replicasAt(7)), ...others(8) },
        context: { severityOf: () => 'critical' },
        told: ['drift-changed shop/web critical drift/1#7'],
      },
      {
        minute: 42,
        states: { web: IN_SYNC, ...others(8) },
        context: { severityOf },
        told: ['converged shop/web info drift/1#8 told warning+critical'],
      },
    ],
  },
  {
    name: 'members of a burst that change each check are no flood either; who joins is told at once',
    steps: [
      SEEN,
      { minute: 1, states: each(7, drift(replicas)), told: ['drift target warning drift/1#1 left 7'] },
      ...Array.from({ length: 20 }, (_, index) => ({
        minute: 2 + index,
        states: { ...each(7, drift(replicas)), r1: drift(replicasAt(50 + index)) },
        told: index < 4 ? [`drift-changed target warning drift/1#${index + 2} left 7`] : [],
      })),
      {
        minute: 36,
        states: { ...each(7, drift(replicas)), r1: drift(replicasAt(90)) },
        told: ['drift-changed target warning drift/1#6 left 7'],
      },
    ],
  },
];

tellStories({
  'a first check that meets a rollout or a commit': FIRST,
  'a rise to critical': RISES,
  'what changes again and again': OFTEN,
});
