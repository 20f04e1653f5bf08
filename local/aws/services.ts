import { randomUUID } from 'node:crypto';
import { formatJson, parseJson } from '../../lib/objects/json.ts';
import type { Json } from '../../lib/objects/objects.ts';

/** A function of ours, as Lambda calls it. */
export type Handler = (event: unknown) => Promise<unknown>;

export interface PutEvent {
  readonly detailType: string;
  readonly source: string;
  readonly detail: Json;
}

/** What the small services hold. All of it may change while they run. */
export interface ServiceContents {
  readonly functions: ReadonlyMap<string, Handler>;
  /** Full parameter names (`/fairlead/local/targets/staging`) → values. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly onEvent: (event: PutEvent) => void;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const failure = (status: number, type: string, message: string): ServiceAnswer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message }),
});

/** SSM, Secrets Manager and EventBridge: AWS JSON 1.1, an operation a target. Undefined: not one of theirs. */
export function answerJson(
  target: string,
  request: Readonly<Record<string, unknown>>,
  contents: ServiceContents,
): ServiceAnswer | undefined {
  switch (target) {
    case 'AmazonSSM.GetParametersByPath': {
      const path = `${text(request.Path).replace(/\/$/, '')}/`;
      const Parameters = [...contents.parameters]
        .filter(([name]) => name.startsWith(path))
        .filter(([name]) => request.Recursive === true || !name.slice(path.length).includes('/'))
        .map(([Name, Value]) => ({ Name, Value, Type: 'String', Version: 1 }));
      return { status: 200, body: JSON.stringify({ Parameters }) };
    }
    case 'secretsmanager.GetSecretValue': {
      const value = contents.secrets.get(text(request.SecretId));
      if (value === undefined) {
        return failure(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      }
      return {
        status: 200,
        body: JSON.stringify({ ARN: request.SecretId, Name: request.SecretId, SecretString: value }),
      };
    }
    case 'AWSEvents.PutEvents': {
      const entries = Array.isArray(request.Entries) ? (request.Entries as Record<string, unknown>[]) : [];
      const Entries = entries.map((entry) => {
        contents.onEvent({
          detailType: text(entry.DetailType),
          source: text(entry.Source),
          detail: parseJson(text(entry.Detail)),
        });
        return { EventId: randomUUID() };
      });
      return { status: 200, body: JSON.stringify({ FailedEntryCount: 0, Entries }) };
    }
    default:
      return undefined;
  }
}

export const INVOCATION = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Lambda's Invoke, synchronous: a handler that throws is a function error, not a failure of the call. */
export async function invoke(
  name: string,
  payload: string,
  contents: ServiceContents,
): Promise<ServiceAnswer> {
  const handler = contents.functions.get(name);
  if (handler === undefined) {
    return failure(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  }
  try {
    const answer = await handler(payload === '' ? null : parseJson(payload));
    return { status: 200, body: answer === undefined ? 'null' : formatJson(answer) };
  } catch (error) {
    const { name: errorType, message: errorMessage } =
      error instanceof Error ? error : { name: 'Error', message: String(error) };
    return {
      status: 200,
      headers: { 'x-amz-function-error': 'Unhandled' },
      body: JSON.stringify({ errorType, errorMessage }),
    };
  }
}
