import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { cloudWatchAuditLog } from '../../../lib/aws/audit-log.ts';
import * as clients from '../../../lib/aws/clients.ts';
import { auditLine } from '../../fixtures/audit-log.ts';

interface Asked {
  readonly logGroupName: string;
  readonly logStreamNamePrefix: string;
  readonly filterPattern: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly limit: number;
  readonly nextToken?: string;
}

/** CloudWatch Logs on loopback, as far as FilterLogEvents goes: the wire of AWS JSON 1.1. */
describe('the audit log in CloudWatch Logs', () => {
  let server: Server;
  let asked: { target: string; body: Asked }[];
  let answer: (asked: Asked) => object | 'silence' | 'refused';

  before(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Asked;
        asked.push({ target: String(request.headers['x-amz-target']), body });
        const said = answer(body);
        if (said === 'silence') return;
        response.writeHead(said === 'refused' ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(
          JSON.stringify(said === 'refused' ? { __type: 'AccessDeniedException', message: 'no' } : said),
        );
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const log = () =>
    cloudWatchAuditLog(
      clients.logs(
        {
          AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_REGION: 'eu-central-1',
        },
        'eu-central-1',
      ),
      '/aws/eks/staging/cluster',
    );
  const question = { name: 'web', namespace: 'shop', from: 1_000, until: 2_000 };
  const event = (message: string) => ({
    eventId: '1',
    timestamp: 1_500,
    logStreamName: 'kube-apiserver-audit-1',
    message,
  });

  test('is asked for the writes of one object, in its own group, streams and time', async () => {
    answer = () => ({ events: [event(auditLine({}))], searchedLogStreams: [] });
    assert.deepEqual(await log().linesAbout(question), [auditLine({})]);
    assert.deepEqual(asked, [
      {
        target: 'Logs_20140328.FilterLogEvents',
        body: {
          logGroupName: '/aws/eks/staging/cluster',
          logStreamNamePrefix: 'kube-apiserver-audit-',
          startTime: 1_000,
          endTime: 2_000,
          limit: 1000,
          filterPattern:
            '{ $.stage = "ResponseComplete" && $.objectRef.namespace = "shop" && (($.objectRef.name = "web" && ' +
            '($.verb = "create" || $.verb = "update" || $.verb = "patch" || $.verb = "delete")) || $.verb = "deletecollection") }',
        },
      },
    ]);
  });

  test('is read page by page, empty pages too, and no further than the limits', async () => {
    answer = ({ nextToken }) => ({
      events: nextToken === 'b' ? [event('last')] : [],
      ...(nextToken === undefined ? { nextToken: 'a' } : nextToken === 'a' ? { nextToken: 'b' } : {}),
    });
    assert.deepEqual(await log().linesAbout(question), ['last']);
    assert.deepEqual(
      asked.map(({ body }) => body.nextToken),
      [undefined, 'a', 'b'],
    );

    asked = [];
    answer = () => ({ events: [event('x')], nextToken: 'on' });
    assert.equal((await log().linesAbout(question)).length, 5);
    assert.equal(asked.length, 5);

    asked = [];
    answer = ({ limit }) => ({ events: Array.from({ length: limit }, () => event('x')), nextToken: 'on' });
    assert.equal((await log().linesAbout(question)).length, 1000);
    assert.equal(asked.length, 1);
  });

  test('a line that is longer than any event is left out', async () => {
    answer = () => ({ events: [event('x'.repeat(300_000)), event('y')] });
    assert.deepEqual(await log().linesAbout(question), ['y']);
  });

  for (const name of ['web"', 'a*', 'a\\', '', 'x'.repeat(300), 'a b', '$.x'])
    test(`a name that a pattern would read otherwise is not asked for: ${JSON.stringify(name.slice(0, 10))}`, async () => {
      assert.deepEqual(await log().linesAbout({ ...question, name }), []);
      assert.deepEqual(await log().linesAbout({ ...question, namespace: name }), []);
      assert.equal(asked.length, 0);
    });

  test('what it refuses is thrown, and what never answers ends in time', async () => {
    answer = () => 'refused';
    await assert.rejects(log().linesAbout(question), /no/);
    answer = () => 'silence';
    const began = Date.now();
    await assert.rejects(log().linesAbout(question));
    assert.ok(Date.now() - began < 8_000);
  });
});
