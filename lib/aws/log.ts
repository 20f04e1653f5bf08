import { Logger } from '@aws-lambda-powertools/logger';
import type { Environment } from './environment.ts';

/** What a function writes for operators: JSON lines with Lambda's request id. Never a secret, never file contents. */
export interface Log {
  event(event: string, details?: Readonly<Record<string, unknown>>): void;
  failure(event: string, error: unknown, details?: Readonly<Record<string, unknown>>): void;
}

export function functionLog(name: string, environment: Environment): Log {
  const logger = new Logger({
    serviceName: name,
    logLevel: 'INFO',
    persistentKeys: { installation: environment.FAIRLEAD_INSTALLATION },
  });
  return {
    event: (event, details = {}) => logger.info(event, { ...details }),
    failure: (event, error, details = {}) =>
      logger.error(event, { ...details, error: error instanceof Error ? error : new Error(String(error)) }),
  };
}
