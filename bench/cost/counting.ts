import { basename } from 'node:path';
import { watchClients } from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { FUNCTIONS, type FunctionName, type Usage } from './measured.ts';

type Counted = { -readonly [Name in keyof Usage]: number };

const none = (): Counted => ({
  calls: 0,
  seconds: 0,
  logBytes: 0,
  dynamodbReads: 0,
  dynamodbWrites: 0,
  s3Gets: 0,
  s3Puts: 0,
  sqsStandard: 0,
  sqsFifo: 0,
  snsPublishes: 0,
  busEvents: 0,
  secretCalls: 0,
});

/** What AWS would have billed for, by function, since it was last asked. */
export interface Counting {
  /** Takes what was counted, and begins anew. */
  taken(): ReadonlyMap<FunctionName, Usage>;
  /** Waits until a line of that message was written since, and gives it. @throws after `milliseconds` */
  says(
    service: FunctionName,
    message: string,
    milliseconds?: number,
  ): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Waits until no function but the sweep, which goes round by itself, has asked or said anything for so long.
   * @throws after ten minutes
   */
  quiet(milliseconds: number): Promise<void>;
}

const WAIT_MS = 120_000;
const POLL_MS = 50;
const QUIET_WITHIN_MS = 600_000;
/** Of what was said instead, so many lines are shown. */
const SHOWN = 10;
/** Lambda's own lines around a call (START, END, REPORT), as CloudWatch takes them in. */
const LAMBDA_BYTES = 400;
/** CloudWatch adds so much to each line (Amazon CloudWatch pricing, "Logs"). */
const LINE_BYTES = 26;

/**
 * Hears what functions ask of AWS, and what they log, in this process. A function is known by its folder for scratch
 * files; DynamoDB says itself what each request consumed. To be called before the functions are made.
 */
export function count(): Counting {
  let counted = new Map<FunctionName, Counted>();
  let said: Readonly<Record<string, unknown>>[] = [];
  let heardAt = Date.now();
  const of = (name: FunctionName): Counted => {
    if (name !== 'sweep') heardAt = Date.now();
    const known = counted.get(name) ?? none();
    counted.set(name, known);
    return known;
  };
  watchClients((client, environment) => {
    const name = FUNCTIONS.find((each) => each === basename(environment[VARIABLES.scratch] ?? ''));
    if (name === undefined) return;
    client.middlewareStack.add(
      (next, context) => async (given) => {
        const { commandName = '', clientName = '' } = context as {
          commandName?: string;
          clientName?: string;
        };
        const isTable = clientName === 'DynamoDBClient';
        const input = given.input as unknown as Record<string, unknown>;
        if (isTable) input.ReturnConsumedCapacity = 'TOTAL';
        const isWrite = /^(Put|Update|Delete|BatchWrite)/.test(commandName);
        try {
          const answer = await next(given);
          if (isTable) {
            const { ConsumedCapacity } = answer.output as { ConsumedCapacity?: { CapacityUnits?: number } };
            of(name)[isWrite ? 'dynamodbWrites' : 'dynamodbReads'] += ConsumedCapacity?.CapacityUnits ?? 1;
          }
          return answer;
        } catch (error) {
          // A condition that does not hold costs what the write would have (DynamoDB guide, "Condition expressions").
          if (isTable) of(name)[isWrite ? 'dynamodbWrites' : 'dynamodbReads'] += 1;
          throw error;
        } finally {
          tally(of(name), clientName, commandName, input);
        }
      },
      { step: 'initialize', name: 'counts', override: true },
    );
  });
  for (const method of ['debug', 'info', 'warn', 'error'] as const)
    console[method] = (text: unknown) => {
      const line = JSON.parse(String(text)) as Record<string, unknown>;
      const { service, message, seconds } = line;
      const name = FUNCTIONS.find((each) => each === service);
      if (name === undefined) return;
      said.push(line);
      const usage = of(name);
      usage.logBytes += Buffer.byteLength(JSON.stringify(line)) + LINE_BYTES;
      if (message !== 'call ended') return;
      usage.calls += 1;
      usage.seconds += Number(seconds);
      usage.logBytes += LAMBDA_BYTES;
    };
  return {
    taken() {
      const taken = counted;
      counted = new Map();
      said = [];
      return taken;
    },
    async says(service, message, milliseconds = WAIT_MS) {
      const deadline = Date.now() + milliseconds;
      for (;;) {
        const found = said.find((line) => line.service === service && line.message === message);
        if (found !== undefined) return found;
        if (Date.now() > deadline)
          throw new Error(
            `${service} did not say "${message}" in time, but: ${JSON.stringify(said.slice(-SHOWN))}`,
          );
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    async quiet(milliseconds) {
      const deadline = Date.now() + QUIET_WITHIN_MS;
      while (Date.now() - heardAt < milliseconds) {
        if (Date.now() > deadline) throw new Error('the functions do not come to an end');
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
}

function tally(usage: Counted, client: string, command: string, input: Record<string, unknown>): void {
  switch (client) {
    case 'S3Client':
      usage[/^(Put|List|Copy|Post)/.test(command) ? 's3Puts' : 's3Gets'] += 1;
      return;
    case 'SQSClient':
      usage[String(input.QueueUrl).endsWith('.fifo') ? 'sqsFifo' : 'sqsStandard'] += 1;
      return;
    case 'SNSClient':
      usage.snsPublishes += 1;
      return;
    case 'EventBridgeClient':
      usage.busEvents += 1;
      return;
    case 'SecretsManagerClient':
      usage.secretCalls += 1;
      return;
    default:
      return;
  }
}
