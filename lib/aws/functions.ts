import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { formatJson, parseJson } from '../objects/json.ts';

/** Another function, called synchronously. References go through it, never contents (6 MB). */
export interface RemoteFunction {
  /** What the function answered. @throws RemoteFunctionError if it failed (time-out, crash, throttled) */
  invoke(payload: unknown): Promise<unknown>;
}

export class RemoteFunctionError extends Error {
  override readonly name = 'RemoteFunctionError';
}

export function lambdaFunction(client: LambdaClient, name: string): RemoteFunction {
  return {
    async invoke(payload) {
      const response = await client.send(
        new InvokeCommand({ FunctionName: name, Payload: Buffer.from(formatJson(payload)) }),
      );
      const text = Buffer.from(response.Payload ?? new Uint8Array()).toString('utf8');
      if (response.FunctionError !== undefined)
        throw new RemoteFunctionError(`${name}: ${text.slice(0, 1024)}`);
      return parseJson(text);
    },
  };
}
