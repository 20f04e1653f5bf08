import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { requirement } from '../../requirements.ts';
import { declaresNothing, expectationOf, type Fact, type Writing } from './expect.ts';
import { Report } from './report.ts';
import { run } from './run.ts';
import { playScript } from './script.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'mutations');
const COUNT = 50;

describe('mutations of what is in a real cluster', requirement('nodes'), () => {
  for (const [what, ways] of [
    ['made with kubectl and by other clients', {}],
    ['by those who take the record of writers away', { strip: true }],
  ] as const)
    test(`${what} are found, and in sync after the repair`, { timeout: 240_000 }, async () => {
      const lines: string[] = [];
      const report = new Report((line) => lines.push(line));
      const wish = {
        folder: join(FIXTURES, 'charts'),
        count: COUNT,
        seed: 'test',
        strip: false,
        forge: false,
      };
      const code = await run({ ...wish, ...ways }, report);
      assert.equal(code, 0, lines.join('\n'));
      assert.equal(report.count, COUNT);
      assert.ok(Object.keys(report.byTool).length >= 8, lines.at(-1));
      assert.ok(Object.keys(report.bySort).length >= 8, lines.at(-1));
    });

  test('what people and programs do day by day, to objects of every kind, is found where it was done', {
    timeout: 240_000,
  }, async () => {
    const lines: string[] = [];
    const report = new Report((line) => lines.push(line));
    assert.equal(await playScript(join(FIXTURES, 'daily.jsonl'), report), 0, lines.join('\n'));
    assert.ok(report.found >= 180, lines.at(-1));
    assert.deepEqual(report.skipped, {});
  });

  test('a script of given cases is played, and a wrong expectation is a miss', {
    timeout: 120_000,
  }, async () => {
    const lines: string[] = [];
    const report = new Report((line) => lines.push(line));
    assert.equal(await playScript(join(FIXTURES, 'cases.json'), report), 0, lines.join('\n'));
    assert.equal(report.found, 5);
    const wrong = new Report(() => undefined);
    assert.equal(await playScript(join(FIXTURES, 'wrong.json'), wrong), 1);
    assert.deepEqual([wrong.found, wrong.missed], [0, 1]);
  });
});

describe('with the record of writers cleared', () => {
  const job = (labels: object): KubernetesObject =>
    ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once', labels },
      spec: { template: { metadata: { labels: { 'job-name': 'once' } } } },
    }) as unknown as KubernetesObject;
  const writing: Writing = { manager: 'kubectl-patch', operation: 'Update', deployer: false, stripped: true };
  const expected = (labels: object, how: Writing) => {
    const fact: Fact = { what: 'came', place: ['f:metadata', 'f:labels', 'f:job-name'] };
    return expectationOf(fact, job({ app: 'once' }), job(labels), how)?.verdict;
  };

  test('nothing is asked of labels that a Job takes from its template, and all of others', () => {
    assert.equal(expected({ 'job-name': 'once' }, writing), undefined);
    assert.equal(expected({ 'job-name': 'other' }, writing), 'added');
    assert.equal(expected({ 'job-name': 'once' }, { ...writing, stripped: false }), 'added');
  });

  test('the missing record is asked of what declares something', () => {
    const account = (more: object) =>
      declaresNothing({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' }, ...more });
    assert.equal(account({}), true);
    assert.equal(
      account({ metadata: { name: 'web', namespace: 'shop', annotations: {} }, secrets: [] }),
      true,
    );
    assert.equal(account({ automountServiceAccountToken: false }), false);
    assert.equal(account({ metadata: { name: 'web', labels: { app: 'web' } } }), false);
  });
});

test('what expects does not lean on what is judged', async () => {
  // Only playing, which asks the judge, may know it.
  for (const name of await readdir(import.meta.dirname)) {
    if (name === 'play.ts' || name.endsWith('.test.ts')) continue;
    assert.doesNotMatch(await readFile(join(import.meta.dirname, name), 'utf8'), /lib\/drift\//, name);
  }
});
