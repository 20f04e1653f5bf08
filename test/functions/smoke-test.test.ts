import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { smokeTest } from '../../functions/smoke-test.ts';
import { smokeTest as ask } from '../../lib/deploy/smoke-test.ts';
import { NotWell } from '../../lib/messages/smoke.ts';
import type { Handler } from '../../local/aws/services.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { resourceEvent } from '../lambda/events.ts';

const well: Handler = async () => ({ schema: 1, smoke: 'well', found: { git: 'git version 2.50.1' } });
const broken: Handler = async () => {
  throw new NotWell('git: Error: spawn git ENOENT; record: AccessDeniedException: "no"\n');
};

describe('the smoke test, as CloudFormation asks for it', () => {
  const functions = new Map<string, Handler>([['well', well]]);
  let aws: TestAws;
  before(async () => {
    aws = await testAws({ functions });
  });
  after(() => aws?.end());

  const answerTo = async (event: object): Promise<Record<string, string>> => {
    const answers: string[] = [];
    const handle = smokeTest(
      { ...aws.environment, FAIRLEAD_INSTALLATION: 'fairlead' },
      async (_, body) => void answers.push(body),
    );
    await handle(event);
    assert.equal(answers.length, 1);
    return JSON.parse(answers[0] ?? '');
  };

  test('where all are well, the resource is made, and what asked is named in the answer', async () => {
    const event = resourceEvent('Create', ['well']);
    assert.deepEqual(await answerTo(event), {
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      PhysicalResourceId: event.LogicalResourceId,
      Status: 'SUCCESS',
    });
  });

  test('a deletion is done without asking anybody', async () => {
    assert.equal((await answerTo(resourceEvent('Delete', ['absent']))).Status, 'SUCCESS');
  });

  test('a request without functions, and one that is to be answered elsewhere than at AWS', async () => {
    const { Status, Reason } = await answerTo(resourceEvent('Create', []));
    assert.equal(Status, 'FAILED');
    assert.match(Reason ?? '', /the smoke test itself failed/);
    const elsewhere = { ...resourceEvent('Create', ['well']), ResponseURL: 'https://example.com/' };
    await assert.rejects(answerTo(elsewhere), /an address of AWS/);
  });
});

describe('asking', () => {
  const parts = (handlers: Readonly<Record<string, Handler>>) => {
    let now = 0;
    const asked: string[] = [];
    return {
      asked,
      functionOf: (name: string) => ({
        invoke: async (payload: unknown) => {
          asked.push(name);
          try {
            return await handlers[name]?.(payload);
          } catch (error) {
            const { name: errorType, message: errorMessage } = error as Error;
            throw new Error(`${name}: ${JSON.stringify({ errorType, errorMessage })}`);
          }
        },
      }),
      now: () => new Date(now),
      pause: async (milliseconds: number) => {
        now += milliseconds;
      },
    };
  };

  test('each that is not well is named with what it says, in words', async () => {
    const tested = await ask(['a', 'b', 'c'], parts({ a: broken, b: well, c: async () => null }));
    assert.equal(tested.kind, 'not-well');
    const { reason } = tested as { reason: string };
    assert.match(reason, /^a: git: Error: spawn git ENOENT; record: AccessDeniedException: "no"/);
    assert.match(reason, /\. c: ZodError/);
    assert.doesNotMatch(reason, /b:/);
  });

  test('a role that becomes known after half a minute fails nothing', async () => {
    let times = 0;
    const late: Handler = async (event) => {
      times += 1;
      if (times < 7) throw new Error('AccessDeniedException');
      return well(event);
    };
    const tested = await ask(['late'], parts({ late }));
    assert.equal(tested.kind, 'well');
    assert.equal(times, 7);
  });

  test('what stays wrong is asked for a minute, and no longer', async () => {
    const world = parts({ broken });
    assert.equal((await ask(['broken'], world)).kind, 'not-well');
    assert.equal(world.now().getTime(), 60_000);
    assert.equal(world.asked.length, 13);
  });
});
