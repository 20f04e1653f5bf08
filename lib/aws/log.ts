import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Environment } from './environment.ts';
import { Figures, type Measure } from './metrics.ts';
import { following, type Trail, trail } from './trail.ts';

type Details = Readonly<Record<string, unknown>>;

/** What a function writes for operators: JSON lines with Lambda's request id. Never a secret, never file contents. */
export interface Log {
  event(event: string, details?: Details): void;
  failure(event: string, error: unknown, details?: Details): void;
}

/** The log of one function. Each of its calls ends with one line that sums it up. */
export interface FunctionLog extends Log {
  /** For who looks closely: written at level DEBUG, of which Lambda sees one call in a hundred (see `SAMPLED`). */
  detail(event: string, details?: Details): void;
  /** Lines that `work` writes name this as well. */
  about<Answer>(more: Trail, work: () => Answer): Answer;
  /** A figure of the call at hand: stands in its last line, from where CloudWatch takes it. */
  readonly measure: Measure;
  /** Members of the call's last line beside its figures. */
  sum(details: Details): void;
  /** `work` with that last line: `call ended` with its outcome, its seconds, its figures and what was summed up. */
  calls<Event, Answer>(work: (event: Event) => Promise<Answer>): (event: Event) => Promise<Answer>;
}

/** Lambda gives an environment one call at a time. */
let requestId: string | undefined;

/** Every line until the next call names this one, as Lambda's own lines do. */
export function nameCall(id: string | undefined): void {
  requestId = id;
}

/** The call at hand, by Lambda's name; absent outside Lambda. */
export const callName = (): string | undefined => requestId;

/** Of the calls in Lambda, so many are written in full detail. `POWERTOOLS_LOG_LEVEL=DEBUG` on a function: all. */
const SAMPLED = 0.01;

interface Call {
  readonly figures: Figures;
  summary: Details;
}
const calls = new AsyncLocalStorage<Call>();

export function functionLog(name: string, environment: Environment): FunctionLog {
  const logger = new Logger({
    serviceName: name,
    ...(process.env.AWS_LAMBDA_FUNCTION_NAME === undefined ? {} : { sampleRateValue: SAMPLED }),
    persistentKeys: { installation: environment.FAIRLEAD_INSTALLATION },
  });
  const named = (details: Details) => ({
    ...(requestId === undefined ? {} : { function_request_id: requestId }),
    ...trail(),
    ...details,
  });
  const failed = (event: string, error: unknown, details: Details = {}) =>
    logger.error(event, { ...named(details), error: describe(error) });

  const write = (outcome: 'done' | 'failed', began: number, { figures, summary }: Call) => {
    const seconds = Math.round(performance.now() - began) / 1000;
    const [first, ...more] = figures.lines(new Date());
    logger.info('call ended', named({ ...summary, ...first, outcome, seconds }));
    for (const line of more) logger.info('more figures of the call', named(line));
  };

  return {
    detail: (event, details = {}) => logger.debug(event, named(details)),
    event: (event, details = {}) => logger.info(event, named(details)),
    failure: failed,
    about: following,
    measure: (metric, value) => calls.getStore()?.figures.measure(metric, value),
    sum(details) {
      const call = calls.getStore();
      if (call !== undefined) call.summary = { ...call.summary, ...details };
    },
    calls: (work) => (event) => {
      logger.refreshSampleRateCalculation();
      const call: Call = { figures: new Figures(), summary: {} };
      const began = performance.now();
      return calls.run(call, async () => {
        try {
          const answer = await work(event);
          write('done', began, call);
          return answer;
        } catch (error) {
          failed('the call failed', error);
          write('failed', began, call);
          throw error;
        }
      });
    },
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
