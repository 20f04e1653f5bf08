import { Logger } from '@aws-lambda-powertools/logger';
import type { Environment } from './environment.ts';

/** What a function writes for operators: JSON lines with Lambda's request id. Never a secret, never file contents. */
export interface Log {
  event(event: string, details?: Readonly<Record<string, unknown>>): void;
  failure(event: string, error: unknown, details?: Readonly<Record<string, unknown>>): void;
}

/** Lambda gives an environment one call at a time. */
let requestId: string | undefined;

/** Every line until the next call names this one, as Lambda's own lines do. */
export function nameCall(id: string | undefined): void {
  requestId = id;
}

export function functionLog(name: string, environment: Environment): Log {
  const logger = new Logger({
    serviceName: name,
    logLevel: 'INFO',
    persistentKeys: { installation: environment.FAIRLEAD_INSTALLATION },
  });
  const ofCall = () => (requestId === undefined ? {} : { function_request_id: requestId });
  return {
    event: (event, details = {}) => logger.info(event, { ...ofCall(), ...details }),
    failure: (event, error, details = {}) =>
      logger.error(event, { ...ofCall(), ...details, error: describe(error) }),
  };
}

interface Described {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: Described;
  /** What an AggregateError was made of. */
  readonly errors?: readonly Described[];
}

/** What is asked for by name, and nothing else: what a library hangs on its errors may hold requests and answers. */
function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: describe(cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.map(describe) } : {}),
  };
}
