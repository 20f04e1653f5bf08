import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerdictItem } from '../../../lib/checks/verdict-items.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { type ProofSight, proofOf } from '../../../lib/uploads/deciding/commands/proven.ts';

const DELIVERED = digestOf('web 1.4.2');
const COMMIT = 'c'.repeat(40);
const AT = '2026-11-22T03:00:00.000Z';

const verdict = (changed: Partial<VerdictItem> = {}): VerdictItem => ({
  commit: COMMIT,
  at: AT,
  verdict: 'in-sync',
  chart: { name: 'web', version: '1.4.2' },
  chartTree: DELIVERED,
  findings: 0,
  unready: 0,
  ...changed,
});
const { chart: _, chartTree: _tree, ...plain } = verdict();

const WELL: ProofSight = {
  mark: { digest: DELIVERED, chart: { name: 'web', version: '1.4.2' }, commit: 'd'.repeat(40) },
  verdict: verdict(),
  target: plain,
  checkEveryMinutes: 15,
  now: new Date('2026-11-22T03:10:00Z'),
};

test('what was delivered last, rolled out and in sync, is proven, with the check that saw it', () => {
  assert.deepEqual(proofOf(WELL), {
    kind: 'proven',
    seen: COMMIT,
    at: AT,
    chart: { name: 'web', version: '1.4.2' },
    digest: DELIVERED,
    commit: 'd'.repeat(40),
  });
});

test('a later commit that has the same chart proves it, too', () => {
  assert.equal(proofOf({ ...WELL, verdict: verdict({ commit: 'e'.repeat(40) }) }).kind, 'proven');
});

const UNPROVEN: readonly (readonly [name: string, changed: Partial<ProofSight>, says: RegExp])[] = [
  ['no check yet', { target: undefined, verdict: undefined }, /no check has looked/],
  ['a cluster that nobody checks', { target: { ...plain, checks: 'none' } }, /nothing checks its cluster/],
  [
    'a cluster that does not answer',
    { target: { ...plain, verdict: 'unknown', reason: 'it does not answer' } },
    /could not be judged: it does not answer/,
  ],
  ['a verdict of long ago', { now: new Date('2026-11-22T04:01:00Z') }, /too long ago/],
  [
    'a verdict that the last check has not seen again',
    { target: { ...plain, at: '2026-11-22T03:05:00.000Z' } },
    /found nothing that deploys it/,
  ],
  ['nothing that deploys it', { verdict: undefined }, /found nothing that deploys it/],
  [
    'another version, not yet rolled out',
    { verdict: verdict({ chart: { name: 'web', version: '1.4.1' }, chartTree: digestOf('web 1.4.1') }) },
    /saw chart web 1\.4\.1/,
  ],
  [
    'a chart that a person has edited in Git',
    { verdict: verdict({ chartTree: digestOf('by hand') }) },
    /other content than was delivered/,
  ],
  [
    'a verdict of an earlier release of Fairlead',
    { verdict: { ...plain, chart: { name: 'web', version: '1.4.2' } } },
    /did not say which content/,
  ],
  ['a chart that could not be told', { verdict: plain }, /could not tell its chart/],
  [
    'drift',
    { verdict: verdict({ verdict: 'drift', findings: 5, differs: ['a', 'b', 'c', 'd'] }) },
    /differs from it in 5 places: a, b, c, …/,
  ],
  ['a rollout', { verdict: verdict({ verdict: 'rollout', findings: 1, reason: 'it fails' }) }, /it fails/],
  [
    'a rollout of which nobody speaks',
    { verdict: verdict({ verdict: 'rollout' }) },
    /has not applied it yet/,
  ],
  [
    'workloads that are not ready',
    { verdict: verdict({ unready: 1, notReady: ['Deployment/web: 0 of 2 are available'] }) },
    /1 of it not ready yet: Deployment\/web/,
  ],
  [
    'a release that cannot be judged',
    { verdict: verdict({ verdict: 'unknown', reason: 'no rights' }) },
    /no rights/,
  ],
];

for (const [name, changed, says] of UNPROVEN)
  test(`it is not proven by ${name}`, () => {
    const proof = proofOf({ ...WELL, ...changed });
    assert.ok(proof.kind === 'unproven', JSON.stringify(proof));
    assert.match(proof.why, says);
    // What is promoted by force is the same.
    assert.equal(proof.digest, DELIVERED);
  });

test('a target that is checked every few hours is believed for as long', () => {
  const later = { ...WELL, now: new Date('2026-11-22T14:59:00Z') };
  assert.equal(proofOf({ ...later, checkEveryMinutes: 240 }).kind, 'proven');
  assert.equal(proofOf(later).kind, 'unproven');
});

test('nothing stands where nothing was delivered, or where it was removed', () => {
  assert.equal(proofOf({ ...WELL, mark: undefined }).kind, 'nothing');
  assert.equal(proofOf({ ...WELL, mark: { digest: digestOf(''), commit: COMMIT } }).kind, 'nothing');
});
