import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod';
import { synthesised } from './example.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'security.md'), 'utf8');
const { state, run } = synthesised({ production: true });

const bucket = z.object({
  Properties: z.object({
    LifecycleConfiguration: z.object({
      Rules: z.array(
        z.object({
          Prefix: z.string().default(''),
          ExpirationInDays: z.number().optional(),
          NoncurrentVersionExpiration: z.object({ NoncurrentDays: z.number() }).optional(),
        }),
      ),
    }),
  }),
});
/** How long a bucket keeps what is below a prefix, and older versions: days. */
function daysOf(id: string, prefix = '') {
  const [, found] =
    Object.entries(state.findResources('AWS::S3::Bucket')).find(([name]) => name.startsWith(id)) ??
    assert.fail(`no bucket ${id}`);
  const rules = bucket
    .parse(found)
    .Properties.LifecycleConfiguration.Rules.filter(({ Prefix }) => Prefix === prefix);
  return {
    current: rules.map(({ ExpirationInDays }) => ExpirationInDays).find((days) => days !== undefined),
    older: rules
      .map(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration?.NoncurrentDays)
      .find((days) => days !== undefined),
  };
}

test('docs/security.md says how long what is kept, as the templates have it', () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['Older versions of uploads', daysOf('Uploads').older],
    ['Documents of commands', daysOf('Uploads', '.commands/').current],
    ['Older versions in the content and state buckets', daysOf('State').older],
    ['Reports of alerts', daysOf('State', 'reports/').current],
    ['Access logs of the buckets', daysOf('AccessLog').current],
  ];
  for (const [what, days] of rows) {
    assert.ok(days !== undefined, what);
    assert.match(page, new RegExp(`^\\| ${what} \\| ${days} days`, 'm'));
  }
});

test('nothing in the record goes by itself, and nothing that a check needs', () => {
  for (const table of Object.values(state.findResources('AWS::DynamoDB::Table')))
    assert.ok(!('TimeToLiveSpecification' in table.Properties));
  assert.equal(daysOf('State').current, undefined);
  assert.equal(daysOf('Content').current, undefined);
});

test('logs go after 90 days, those of the network after 30', () => {
  const kept = Object.values(run.findResources('AWS::Logs::LogGroup')).map(
    ({ Properties }) => Properties.RetentionInDays,
  );
  assert.deepEqual([...new Set(kept)].sort(), [30, 90]);
  assert.match(
    page,
    /^\| Logs of the functions \| 90 days; of the network in which charts are rendered 30 \|$/m,
  );
});
