import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { lambdaFunction } from '../lib/aws/functions.ts';
import { functionLog } from '../lib/aws/log.ts';
import {
  type Outcome,
  type ResourceRequest,
  resourceAnswer,
  resourceRequest,
} from '../lib/deploy/custom-resource.ts';
import { smokeTest as test } from '../lib/deploy/smoke-test.ts';

const properties = z.object({ Functions: z.array(z.string()).min(1) });

const ANSWER_ATTEMPTS = 3;
const ANSWER_PAUSE_MILLISECONDS = 2_000;

/** Sends CloudFormation its answer. A test gives one that keeps it. */
export type Answer = (url: string, body: string) => Promise<void>;

/**
 * Asked by CloudFormation after each deploy that changes a function: each function shows that it can work, or the
 * deploy fails and what was there before comes back. It may call them, and nothing else.
 */
export const smokeTest = (environment: Environment, answer: Answer = putAnswer) => {
  requireVariables(environment, 'installation');
  const client = clients.lambda(environment);
  const log = functionLog('smoke-test', environment);

  return async (event: unknown): Promise<void> => {
    const request = resourceRequest.parse(event);
    const outcome = await outcomeOf(request).catch(
      (error: unknown): Outcome => ({
        kind: 'failed',
        reason: `the smoke test itself failed: ${String(error)}`,
      }),
    );
    await answer(request.ResponseURL, resourceAnswer(request, outcome));
  };

  async function outcomeOf(request: ResourceRequest): Promise<Outcome> {
    // What goes needs to work no more; and an answer other than "done" would keep the stack.
    if (request.RequestType === 'Delete') return { kind: 'done' };
    const { Functions } = properties.parse(request.ResourceProperties);
    const tested = await test(Functions, {
      functionOf: (name) => lambdaFunction(client, name),
      now: () => new Date(),
      pause: (milliseconds) => sleep(milliseconds),
    });
    switch (tested.kind) {
      case 'well':
        log.event('every function works', { found: tested.found });
        return { kind: 'done' };
      case 'not-well':
        log.event('functions do not work', { reason: tested.reason });
        return {
          kind: 'failed',
          reason: `${tested.reason} (docs/runbook.md, "The smoke test fails a deploy")`,
        };
    }
  }
};

/** Without an answer CloudFormation would wait for it until its own time-out. */
async function putAnswer(url: string, body: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // Its signature covers the type of the content: bytes are sent without one.
    const status = await fetch(url, { method: 'PUT', body: Buffer.from(body) }).then(
      (response) => (response.ok ? 'taken' : `status ${response.status}`),
      (error: unknown) => String(error),
    );
    if (status === 'taken') return;
    if (attempt === ANSWER_ATTEMPTS) throw new Error(`CloudFormation did not take the answer: ${status}`);
    await sleep(ANSWER_PAUSE_MILLISECONDS);
  }
}

export const handler = onFirstCall((environment: Environment) => smokeTest(environment));
