import * as clients from '../lib/aws/clients.ts';
import { clockOf } from '../lib/aws/clock.ts';
import { VARIABLES } from '../lib/aws/environment.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import type { Table } from '../lib/aws/table.ts';
import { readVerdict, readVerdicts, type TargetVerdicts } from '../lib/checks/verdict-items.ts';
import { readNewest } from '../lib/desired/sequence.ts';
import { readUnread } from '../lib/desired/unread.ts';
import type { ReadRequest } from '../lib/messages/messages.ts';
import { EXIT } from './check.ts';
import { FORMS, REMOTE_OPTIONS } from './check-form.ts';
import { formatRemote, outcomeOfRemote } from './check-remote-output.ts';
import { oneOf, readArguments, UsageError } from './command.ts';
import { allowed } from './incidents-reading.ts';
import { type FoundInstallation, findInstallation } from './installation.ts';
import { nearest } from './nearest.ts';
import { tableOf } from './outcome.ts';
import { interruptible, lookUntil } from './waiting.ts';

/** What became of one target's check. */
export type RemoteResult = { readonly target: string } & (
  | { readonly kind: 'checked'; readonly verdicts: TargetVerdicts }
  /** In words for people. */
  | { readonly kind: 'not-checked'; readonly reason: string }
);

/** @throws UsageError, Unavailable */
export async function checkRemote(argv: readonly string[]): Promise<number> {
  const asked = parse(argv);
  const installation = await findInstallation(asked.named);
  const { table, queue } = partsOf(installation);
  return interruptible(
    async (signal) => {
      const targets = await targetsOf(table, installation, asked.targets);
      const sqs = clients.sqs(installation.environment);
      const now = clockOf(sqs);
      const reads = sqsQueue<ReadRequest>(sqs, queue);
      const requests: Request[] = [];
      for (const target of targets) {
        const unread = await reading(installation, () => readUnread(table, target));
        await allowed({ action: 'sqs:SendMessage', on: `queue ${queue}` }, () =>
          reads.send({ schema: 1, target, because: 'request' }),
        );
        const at = toTheSecond(now() ?? new Date());
        requests.push({ target, at, ...(unread === undefined ? {} : { unread }) });
      }
      progress(`asked ${placeOf(installation)} for a check of ${listed(targets)}`);
      const deadline = Date.now() + asked.timeoutSeconds * 1000;
      const results = await Promise.all(
        requests.map((request) =>
          reading(installation, () => resultOf(table, request, deadline, asked.timeoutSeconds, signal)),
        ),
      );
      console.log(formatRemote(results, asked.form, installation));
      return Math.max(...results.map((result) => EXIT[outcomeOfRemote(result)]));
    },
    () => progress(GOES_ON),
  );
}

const progress = (line: string): void => console.error(line);
const GOES_ON =
  'interrupted: checks that were asked for go on by themselves; "npx fairlead incidents" tells what they find';
const placeOf = ({ where, name }: FoundInstallation): string =>
  where === 'AWS' ? `the installation ${name ?? 'in AWS'}` : 'the local installation';
/** So many are named one by one. */
const NAMED = 5;
const listed = (targets: readonly string[]): string =>
  targets.length > NAMED ? `${targets.length} targets` : targets.join(', ');

interface Request {
  readonly target: string;
  /** ISO, by the clock of AWS: a check whose branch was looked up from then on answers it. */
  readonly at: string;
  /** Why Git could not be read before. */
  readonly unread?: string;
}

const toTheSecond = (at: Date): string => new Date(Math.floor(at.getTime() / 1000) * 1000).toISOString();

/** Until a check that begins after it was asked for has written what it saw. */
async function resultOf(
  table: Table,
  request: Request,
  deadline: number,
  seconds: number,
  signal: AbortSignal,
): Promise<RemoteResult> {
  const { target } = request;
  const found = await lookUntil(
    async (): Promise<RemoteResult | undefined> => {
      const seen = await readVerdict(table, target, 'target');
      // Where Git could not be read, a check is made of what is known: by its own time.
      if (seen !== undefined && (seen.readAt ?? seen.at) >= request.at) {
        const verdicts = await readVerdicts(table, target);
        return verdicts === undefined ? undefined : { target, kind: 'checked', verdicts };
      }
      const unread = await readUnread(table, target);
      if (unread === undefined || unread === request.unread) return undefined;
      // A check tells of it, unless there is nothing yet that it could compare with.
      if ((await readNewest(table, target)).newest !== undefined) return undefined;
      return { target, kind: 'not-checked', reason: unread };
    },
    deadline,
    signal,
  );
  if (found !== undefined) return found;
  const unread = await readUnread(table, target);
  const reason =
    unread ?? 'it goes on by itself; where none ever ends, docs/runbook.md tells what to look at';
  return { target, kind: 'not-checked', reason: `no check has finished within ${seconds} s: ${reason}` };
}

/** Targets that are checked have an item each; one without a cluster has been read once at least. */
async function targetsOf(
  table: Table,
  installation: FoundInstallation,
  named: readonly string[],
): Promise<readonly string[]> {
  return await reading(installation, async () => {
    const known: string[] = [];
    for await (const { sk } of table.query('checked')) known.push(sk);
    if (named.length === 0) {
      if (known.length > 0) return known;
      throw new UsageError('no target is checked yet: name one, or wait a minute after the first deployment');
    }
    for (const name of named) {
      if (known.includes(name) || (await readNewest(table, name)).newest !== undefined) continue;
      const meant = nearest(name, known);
      throw new UsageError(
        `there is no target "${name}"${meant === undefined ? `; there are: ${known.join(', ') || 'none yet'}` : `: did you mean ${meant}?`}`,
      );
    }
    return [...new Set(named)];
  });
}

const reading = <Result>({ table }: FoundInstallation, call: () => Promise<Result>): Promise<Result> =>
  allowed({ action: 'dynamodb:GetItem and dynamodb:Query', on: `table ${table}` }, call);

function partsOf(installation: FoundInstallation): { readonly table: Table; readonly queue: string } {
  const { readQueue, where, options } = installation;
  const table = tableOf(installation);
  const missing = [
    ...(table === undefined ? [`its table (${VARIABLES.table})`] : []),
    ...(readQueue === undefined ? [`its read queue (${VARIABLES.readQueue})`] : []),
  ];
  if (table !== undefined && readQueue !== undefined) return { table, queue: readQueue };
  const again =
    where === 'local installation'
      ? 'start it again: it is of an older version'
      : options.startsWith(' --installation')
        ? 'deploy it once more: an older version did not say it'
        : 'give --installation, which finds them, or set the variables';
  throw new UsageError(`it is not known what is called ${missing.join(' and ')}: ${again}`);
}

function parse(argv: readonly string[]) {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: REMOTE_OPTIONS,
  });
  const timeoutSeconds = Number(values.timeout);
  if (!(timeoutSeconds > 0)) throw new UsageError('--timeout is a number of seconds');
  const release = positionals.find((name) => name.includes('/'));
  if (release !== undefined)
    throw new UsageError(`"${release}" is no target: --remote checks whole targets, such as staging`);
  return {
    targets: positionals,
    timeoutSeconds,
    form: oneOf(FORMS, values.output, '-o'),
    named: values,
  };
}
