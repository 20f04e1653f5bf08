import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { fixedCosts, fixedTable, type Resources } from '../../bench/cost/fixed.ts';
import { FUNCTIONS, measured } from '../../bench/cost/measured.ts';
import { monthly, monthlyTable, usageTable } from '../../bench/cost/model.ts';
import { PRICES } from '../../bench/cost/prices.ts';
import { METRICS } from '../../lib/aws/metrics.ts';
import { synthesised } from './example.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'cost.md');
const kept = measured.parse(JSON.parse(readFileSync(join(ROOT, 'bench', 'cost', 'measured.json'), 'utf8')));
/** The example names one that writes and one that reads. */
const SECRETS = 2;

const tables = (): Readonly<Record<string, string>> => {
  const { outdir: _, ...stacks } = synthesised();
  const templates = Object.values(stacks).map(
    (template: Template) => (template.toJSON() as { Resources?: Resources }).Resources ?? {},
  );
  return {
    monthly: monthlyTable(kept),
    fixed: fixedTable(fixedCosts(templates, SECRETS)),
    usage: usageTable(kept),
    metrics: [
      '| metric | is | unit |',
      '|---|---|---|',
      ...Object.entries(METRICS).map(([name, { says, unit }]) => `| \`${name}\` | ${says} | ${unit} |`),
    ].join('\n'),
    machine: `Measured on ${kept.on} on ${kept.machine}, Node ${kept.node}, at a load of ${kept.load}.`,
    prices: [
      '| US dollars | for | page |',
      '|---:|---|---|',
      ...Object.values(PRICES).map(
        ({ usd, per, unit, page }) =>
          `| ${usd} | ${per === 1 ? 'a' : per.toLocaleString('en')} ${unit} | ${page} |`,
      ),
    ].join('\n'),
  };
};

test('docs/cost.md has what was measured and what is provisioned, times the prices', () => {
  const before = readFileSync(PAGE, 'utf8');
  let page = before;
  for (const [name, table] of Object.entries(tables())) {
    const begin = page.indexOf(`<!-- made: ${name} -->\n`);
    const end = page.indexOf('<!-- end -->', begin);
    assert.ok(begin >= 0 && end > begin, `docs/cost.md has no place for the table "${name}"`);
    page = `${page.slice(0, begin)}<!-- made: ${name} -->\n${table}\n${page.slice(end)}`;
  }
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(PAGE, page);
  const [has, wanted] = [before, page].map((text) => text.split('\n'));
  const different = wanted?.find((line, index) => line !== has?.[index]);
  assert.equal(different, undefined, 'run it with FAIRLEAD_WRITE_DOCS=1 to write the tables anew');
});

test('more releases never use less of the table, and every function has its part', () => {
  const sizes = kept.sizes.map(({ releases }) => releases);
  assert.ok(sizes.length > 0);
  assert.deepEqual(
    sizes,
    [...sizes].sort((one, other) => one - other),
  );
  const reads = kept.sizes.map(({ check }) => check['check-drift']?.dynamodbReads ?? 0);
  assert.deepEqual(
    reads,
    [...reads].sort((one, other) => one - other),
  );
  for (const { check, delivery, alert, sweep } of kept.sizes)
    for (const name of FUNCTIONS)
      assert.ok((check[name] ?? delivery[name] ?? alert[name] ?? sweep[name])?.calls, name);
});

test('a month costs what its requests cost: twice as much of each is twice the price', () => {
  const [size] = kept.sizes;
  assert.ok(size !== undefined);
  const twice = (usages: typeof size.check) =>
    Object.fromEntries(
      Object.entries(usages).map(([name, usage]) => [
        name,
        { ...usage, dynamodbWrites: usage.dynamodbWrites * 2 },
      ]),
    );
  const { check, delivery, alert, sweep } = size;
  const more = {
    ...size,
    check: twice(check),
    delivery: twice(delivery),
    alert: twice(alert),
    sweep: twice(sweep),
  };
  const writes = (of: typeof size) => monthly(kept, of)['DynamoDB, writes'] ?? 0;
  assert.ok(writes(size) > 0);
  assert.ok(Math.abs(writes(more) - 2 * writes(size)) < 1e-9);
});
