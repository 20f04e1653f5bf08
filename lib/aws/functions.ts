import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { formatJson, parseJson } from '../objects/json.ts';
import { callName } from './log.ts';
import { type Trail, trail } from './trail.ts';

/** Another function, called synchronously. References go through it, never contents (6 MB). */
export interface RemoteFunction {
  /** What the function answered. @throws RemoteFunctionError if it failed (time-out, crash, throttled) */
  invoke(payload: unknown, abortSignal?: AbortSignal): Promise<unknown>;
}

export class RemoteFunctionError extends Error {
  override readonly name = 'RemoteFunctionError';
}

export function lambdaFunction(client: LambdaClient, name: string): RemoteFunction {
  return {
    async invoke(payload, abortSignal) {
      const response = await client.send(
        new InvokeCommand({ FunctionName: name, Payload: Buffer.from(formatJson(withTrail(payload))) }),
        abortSignal === undefined ? {} : { abortSignal },
      );
      const text = Buffer.from(response.Payload ?? new Uint8Array()).toString('utf8');
      if (response.FunctionError !== undefined)
        throw new RemoteFunctionError(`${name}: ${text.slice(0, 1024)}`);
      return parseJson(text);
    },
  };
}

/** Beside what is asked goes what it is asked for, to the log of who answers and to nothing else. */
function withTrail(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null) return payload;
  const calledBy = callName();
  const { commit, uploads } = trail();
  return {
    ...payload,
    trail: {
      ...(commit === undefined ? {} : { commit }),
      ...(uploads === undefined ? {} : { uploads }),
      ...(calledBy === undefined ? {} : { calledBy }),
    },
  };
}

/** More ids say nothing more; longer ones are none. */
const id = z.string().max(1024);
const sent = z.object({
  trail: z.object({
    commit: id.exactOptional(),
    uploads: z.array(id).max(1000).exactOptional(),
    calledBy: id.exactOptional(),
  }),
});

/** What the caller said that it asks for. What is no trail is none: nothing depends on it. */
export function callersTrail(event: unknown): Trail {
  const parsed = sent.safeParse(event);
  return parsed.success ? parsed.data.trail : {};
}
