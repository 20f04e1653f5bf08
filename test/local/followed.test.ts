import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { LOGGING, QUERIES, type SavedQuery, textOf } from '../../infra/watch/queries.ts';
import { METRICS } from '../../lib/aws/metrics.ts';
import type { Line } from '../fixtures/logged.ts';
import { type Followed, followedRun } from './followed-run.ts';

/** A real run of all functions on this machine: uploads that are delivered, refused and left waiting, a check, alerts, and then a Git server that is gone. */
describe('what the functions log', () => {
  let run: Followed;
  before(async () => {
    run = await followedRun();
  });

  const of = (service: string): readonly Line[] => run.lines.filter((line) => line.service === service);
  const ended = (service: string) => of(service).filter(({ message }) => message === 'call ended');

  test('is a line for each call of each function, with what it came to and how long it took', () => {
    for (const service of LOGGING) {
      assert.ok(ended(service).length > 0, service);
      for (const { outcome, seconds, installation } of ended(service)) {
        assert.match(String(outcome), /^(done|failed)$/);
        assert.equal(typeof seconds, 'number');
        assert.equal(installation, 'local');
      }
    }
  });

  test('leads from an upload to its commit, by the upload', () => {
    const { upload, commit } = run.delivered;
    const naming = new Set(
      run.lines.filter((line) => JSON.stringify(line).includes(upload)).map(({ service }) => service),
    );
    assert.deepEqual([...naming].sort(), ['deliver-uploads', 'receive-upload', 'render-release']);
    const pushed = of('deliver-uploads').find(
      (line) => line.message === 'pushed' && JSON.stringify(line).includes(upload),
    );
    assert.equal(pushed?.commit, commit);
  });

  test('leads from a commit to what rendered it, the check of it, and the alert that was told', () => {
    const naming = new Set(
      run.lines.filter((line) => line.commit === run.delivered.commit).map(({ service }) => service),
    );
    assert.deepEqual([...naming].sort(), [
      'check-drift',
      'deliver-uploads',
      'read-desired',
      'render-release',
      'send-alerts',
    ]);
  });

  test('leads from an alert to the upload that it is about', () => {
    const told = of('send-alerts').find(
      ({ message, kind }) => message === 'alert told' && kind === 'rejected',
    );
    const [url = ''] = (told?.uploads ?? []) as string[];
    const upload = new URL(url).searchParams.get('versionId') ?? '';
    assert.ok(
      of('receive-upload').some(
        (line) => line.upload === upload || line.upload === decodeURIComponent(upload),
      ),
    );
    assert.match(String(told?.incident), /^local\//);
  });

  test('holds no secret: of the installation, of its people, of what was uploaded', () => {
    const written = JSON.stringify(run.lines);
    assert.ok(run.secrets.length >= 7);
    for (const secret of run.secrets) {
      assert.ok(secret.length > 8, secret);
      for (const spelt of [secret, Buffer.from(secret).toString('base64').slice(0, -4)])
        assert.ok(!written.includes(spelt), `${spelt} is in the log`);
    }
  });

  test('measures nothing that is no metric, and CloudWatch finds each figure that a line promises', () => {
    let found = 0;
    for (const line of run.lines) {
      const { CloudWatchMetrics: [directive] = [] } = (line._aws ?? {}) as {
        CloudWatchMetrics?: { Metrics: { Name: string }[] }[];
      };
      for (const { Name } of directive?.Metrics ?? []) {
        assert.ok(Name in METRICS, Name);
        assert.ok(typeof line[Name] === 'number' || Array.isArray(line[Name]), Name);
        found++;
      }
    }
    assert.ok(found > 10, `${found} figures`);
  });

  for (const [name, query] of Object.entries<SavedQuery>(QUERIES)) {
    test(`has every field that the saved query "${name}" asks for`, () => {
      const written = new Set(
        query.functions.flatMap((service) => of(service)).flatMap((line) => pathsOf(line)),
      );
      const missing = fieldsOf(textOf(query)).filter((field) => !written.has(field) && !OF_LAMBDA.has(field));
      assert.deepEqual(missing, []);
    });

    test(`has every line that the saved query "${name}" looks for by its message`, () => {
      const written = new Set(
        query.functions.flatMap((service) => of(service)).map(({ message }) => message),
      );
      const missing = messagesOf(textOf(query)).filter(
        (message) => !written.has(message) && !ELSEWHERE.has(message),
      );
      assert.deepEqual(missing, []);
    });
  }
});

/** Of EKS clusters, and of hosts that refuse a credential: neither is on this machine (test/functions/read-desired.test.ts). */
const ELSEWHERE = new Set(['the cluster could not be looked up', 'the repository does not let us in']);
/** What Lambda and CloudWatch put into each line or report (CloudWatch Logs guide, "Supported logs and discovered fields"). */
const OF_LAMBDA = new Set([
  // Of a call in Lambda alone (test/lib/aws/log.test.ts).
  'function_request_id',
  '@timestamp',
  '@message',
  '@log',
  '@type',
  '@duration',
  '@initDuration',
  '@maxMemoryUsed',
  '@memorySize',
]);
const WORDS =
  /^(fields|filter|sort|limit|stats|by|as|asc|desc|like|in|or|and|not|count|sum|pct|max|min|latest|avg|\d+)$/;

/** The names in a query that are neither its own words nor names that it gives. */
function fieldsOf(query: string): string[] {
  const bare = query
    .replace(/"[^"]*"/g, ' ')
    .replace(/\/[^/\n]+\//g, (found) => (found.includes(' ') ? found : ' '));
  const given = new Set([...bare.matchAll(/\bas (\w+)/g)].map(([, name = '']) => name));
  return [...new Set(bare.match(/@?\w[\w.]*/g) ?? [])].filter(
    (word) => !WORDS.test(word) && !given.has(word),
  );
}

const messagesOf = (query: string): string[] =>
  [...query.matchAll(/message (?:=|in) \[?((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/"([^"]+)"/g)].map(([, message = '']) => message),
  );

/** As Logs Insights names what stands in JSON: `error.message`, `channels.0`. */
const pathsOf = (value: unknown, at = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, each]) => pathsOf(each, at === '' ? name : `${at}.${name}`))
    : [at];
