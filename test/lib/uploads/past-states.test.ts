import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PathChange } from '../../../lib/repository/path-history.ts';
import {
  deliveryBefore,
  isCommitPrefix,
  type PastState,
  pastStates,
  type ReleaseFiles,
  stateOfVersion,
} from '../../../lib/uploads/deciding/commands/past-states.ts';

const PATHS = {
  places: ['r/chart/', 'r/values.yaml'],
  named: { chart: 'r/chart', chartFile: 'r/chart/Chart.yaml', values: 'r/values.yaml' },
};

/** A branch, oldest first: `chart` is also the version in its Chart.yaml. */
interface Told {
  readonly by: 'upload' | 'rollback' | 'remove' | 'Ann';
  readonly chart?: string | null;
  readonly values?: string | null;
  /** In the same push as the one before. */
  readonly with?: 'the one before';
}

function history(told: readonly Told[]): {
  readonly states: readonly PastState[];
  readonly now: ReleaseFiles;
} {
  let now: ReleaseFiles = {};
  const changes: PathChange[] = [];
  for (const [at, { by, chart, values, with: together }] of told.entries()) {
    const before = now;
    const after = {
      ...before,
      ...(chart === undefined
        ? {}
        : { chart: chart ?? '', chartFile: chart === null ? '' : `file-${chart}` }),
      ...(values === undefined ? {} : { values: values ?? '' }),
    };
    now = Object.fromEntries(Object.entries(after).filter(([, id]) => id !== ''));
    const paths = new Map(
      (['chart', 'chartFile', 'values'] as const).flatMap((part) => {
        if (before[part] === now[part]) return [];
        const [was, is] = [before[part], now[part]];
        const changed = {
          ...(was === undefined ? {} : { before: was }),
          ...(is === undefined ? {} : { after: is }),
        };
        return [[PATHS.named[part], changed] as const];
      }),
    );
    const second = together === undefined ? at : at - 1;
    changes.push({
      commit: `c${at}`,
      parents: at === 0 ? [] : [`c${at - 1}`],
      committedAt: new Date(Date.parse('2026-11-22T03:00:00Z') + second * 1000).toISOString(),
      author: by === 'Ann' ? 'Ann' : 'Fairlead',
      trailers: {
        upload: by === 'Ann' ? '' : `s3://charts/${at}`,
        target: by === 'Ann' ? '' : 'staging',
        command: by === 'rollback' || by === 'remove' ? by : '',
        by: by === 'rollback' || by === 'remove' ? 'Bob' : '',
      },
      paths,
    });
  }
  return { states: pastStates(PATHS, changes.toReversed(), now), now };
}

const trailersOf = async ({ trailers }: PastState) => (trailers.upload === '' ? undefined : trailers);

const CASES: readonly (readonly [name: string, told: readonly Told[], found: string])[] = [
  [
    'the version before',
    [
      { by: 'upload', chart: '1.0' },
      { by: 'upload', chart: '1.1' },
    ],
    'c0',
  ],
  [
    'values alone are a delivery, too',
    [
      { by: 'upload', chart: '1.0', values: 'a' },
      { by: 'upload', values: 'b' },
    ],
    'c0',
  ],
  [
    'chart and values of one push are one delivery: what stood between them never ran',
    [
      { by: 'upload', chart: '1.0', values: 'a' },
      { by: 'upload', values: 'b' },
      { by: 'upload', chart: '1.1', with: 'the one before' },
    ],
    'c0',
  ],
  [
    'a person’s change is passed over',
    [
      { by: 'upload', chart: '1.0' },
      { by: 'Ann', chart: '1.0-by-ann' },
      { by: 'upload', chart: '1.1' },
    ],
    'c0',
  ],
  [
    'a person’s change that stands is gone back from, to what was delivered',
    [
      { by: 'upload', chart: '1.0' },
      { by: 'upload', chart: '1.1' },
      { by: 'Ann', chart: '1.1-by-ann' },
    ],
    'c1',
  ],
  [
    'what is the same as now is passed over',
    [
      { by: 'upload', chart: '1.0', values: 'a' },
      { by: 'upload', chart: '1.1' },
      { by: 'Ann', values: 'b' },
      { by: 'Ann', values: 'a' },
    ],
    'c0',
  ],
  [
    'a rollback that stands is not gone back from a second time',
    [
      { by: 'upload', chart: '1.0' },
      { by: 'upload', chart: '1.1' },
      { by: 'rollback', chart: '1.0' },
    ],
    'rolled back already by Bob in c2',
  ],
  [
    'what came after a rollback is gone back from to it',
    [
      { by: 'upload', chart: '1.0' },
      { by: 'upload', chart: '1.1' },
      { by: 'rollback', chart: '1.0' },
      { by: 'upload', chart: '1.2' },
    ],
    'c2',
  ],
  [
    'a release that was removed comes back',
    [
      { by: 'upload', chart: '1.0', values: 'a' },
      { by: 'upload', chart: '1.1' },
      { by: 'remove', chart: null, values: null },
    ],
    'c1',
  ],
  [
    'values without a chart are nothing to go back to',
    [
      { by: 'upload', values: 'a' },
      { by: 'upload', chart: '1.0' },
    ],
    'none',
  ],
  ['the first delivery has none before it', [{ by: 'upload', chart: '1.0' }], 'none'],
];

for (const [name, told, expected] of CASES)
  test(`the delivery before the one that stands: ${name}`, async () => {
    const { states, now } = history(told);
    const chosen = await deliveryBefore(states, now, trailersOf, ({ target }) => target === 'staging');
    const found =
      chosen.kind === 'state'
        ? chosen.state.commit
        : chosen.kind === 'none'
          ? 'none'
          : `${chosen.kind} by ${chosen.by} in ${chosen.state.commit}`;
    assert.equal(found, expected);
  });

const versionOf = ({ files }: PastState) => files.chartFile?.slice('file-'.length).split('-')[0];

test('a version is gone back to with the last values that it had', () => {
  const { states } = history([
    { by: 'upload', chart: '1.0', values: 'a' },
    { by: 'Ann', values: 'b' },
    { by: 'upload', values: 'for 1.1' },
    { by: 'upload', chart: '1.1', with: 'the one before' },
  ]);
  const found = stateOfVersion(states, '1.0', versionOf);
  assert.equal(found.kind === 'state' && found.state.commit, 'c1');
});

test('a version that had several contents is none of them: each is named by its newest commit', () => {
  const { states } = history([
    { by: 'upload', chart: '1.0', values: 'a' },
    { by: 'Ann', chart: '1.0-by-ann' },
    { by: 'upload', values: 'b' },
    { by: 'upload', chart: '1.1' },
  ]);
  const found = stateOfVersion(states, '1.0', versionOf);
  assert.deepEqual(found.kind === 'ambiguous' && found.states.map(({ commit }) => commit), ['c2', 'c0']);
  assert.equal(stateOfVersion(states, '2.0', versionOf).kind, 'none');
});

test('a commit is seven hex digits or more', () => {
  for (const [text, is] of [
    ['abcdef1', true],
    ['abcdef', false],
    ['1.4.2', false],
    ['ABCDEF1', false],
    [`${'0'.repeat(65)}`, false],
  ] as const)
    assert.equal(isCommitPrefix(text), is);
});
