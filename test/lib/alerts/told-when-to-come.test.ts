import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { addressedOf } from '../../../lib/alerts/audience.ts';
import { NotTaken } from '../../../lib/alerts/not-taken.ts';
import type { Outbox } from '../../../lib/alerts/outbox.ts';
import { afterFailure, type Route } from '../../../lib/alerts/telling.ts';
import { webhookSender } from '../../../lib/alerts/webhook.ts';
import { EXAMPLES } from './examples.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = '2026-11-21T12:00:00.000Z';
const alert = EXAMPLES.drift as Alert;

describe('a webhook that says when to come again', () => {
  let retryAfter: string | undefined;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(503, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
  });
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  after(() => new Promise((resolve) => server.close(resolve)));

  const waits = async (header: string | undefined): Promise<number | undefined> => {
    retryAfter = header;
    const { port } = server.address() as AddressInfo;
    const sender = webhookSender(
      {
        name: 'tickets',
        form: 'webhook',
        url: `http://127.0.0.1:${port}/`,
        secret: 'tickets',
        network: 'private',
      },
      { secrets: { read: async () => 'a-key-of-many-bytes' }, now: () => new Date(NOW) },
    );
    const failure = await sender.send(alert).then(
      () => assert.fail('it was taken'),
      (error: unknown) => error,
    );
    assert.ok(failure instanceof NotTaken);
    return failure.waitMilliseconds;
  };

  test('is heard, in seconds or by a date; what is neither says nothing', async () => {
    assert.equal(await waits('120'), 2 * MINUTE);
    assert.equal(await waits('Sat, 21 Nov 2026 12:30:00 GMT'), 30 * MINUTE);
    for (const nothing of [undefined, '0', '-5', 'soon', 'Sat, 21 Nov 2026 11:00:00 GMT', '9'.repeat(40)])
      assert.equal(await waits(nothing), undefined, nothing);
  });

  const channel: Route = {
    name: 'webhook/tickets',
    takes: () => true,
    patience: { first: 30_000, longest: 60 * MINUTE, givenUpAfter: DAY },
  };
  const outbox: Outbox = {
    alerts: [{ ...alert, at: NOW }],
    told: new Map(),
    failing: new Map(),
    namespaces: new Map(),
  };
  const nextAfter = (waitMilliseconds: number | undefined): number => {
    const step = { channel, alert, addressed: addressedOf(alert) };
    const { outbox: next } = afterFailure(outbox, step, [channel], NOW, { reason: 'busy', waitMilliseconds });
    return Date.parse(next.failing.get(channel.name)?.next ?? '') - Date.parse(NOW);
  };

  test('is not asked before that, nor sooner than any other, nor so late that all is given up', () => {
    assert.equal(nextAfter(undefined), 30_000);
    assert.equal(nextAfter(1000), 30_000);
    assert.equal(nextAfter(3 * 60 * MINUTE), 3 * 60 * MINUTE);
    assert.equal(nextAfter(30 * DAY), DAY / 2);
  });
});
