import { oneLine, shortLine } from '../lib/alerts/plain.ts';
import { formatTime } from '../lib/alerts/times.ts';
import * as clients from '../lib/aws/clients.ts';
import { type HeldLetter, type Letters, sqsLetters } from '../lib/aws/letters.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import { type Decision, decide } from '../lib/dead-letters/letters.ts';
import {
  DEAD_LETTER_KINDS,
  type DeadLetterQueue,
  deadLettersPath,
  readDeadLetterQueues,
} from '../lib/dead-letters/queues.ts';
import { quote } from '../local/connection.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, USUAL_EXITS } from './form.ts';
import { allowed } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { nearest } from './nearest.ts';
import { interruptible } from './waiting.ts';

/** Something lies there still. */
const EXIT_LEFT = 1;
/** Seconds that nobody else sees what is looked at. */
const HELD_SECONDS = 120;
/** Messages of a queue that are looked at where nothing is done with them. */
const LOOKED_AT = 50;
/** Lines that a queue is shown with. */
const SHOWN = 5;
const LINE_BYTES = 300;

const FORM = {
  typed: ['redrive [QUEUE] [--yes] [--forget] [OPTIONS]'],
  purpose: [
    'What lies in the dead-letter queues, why, and what is right for it. Without --yes nothing is changed.',
  ],
  arguments: [{ name: 'QUEUE', means: `${Object.keys(DEAD_LETTER_KINDS).join(', ')}; default: all` }],
  options: {
    yes: {
      type: 'boolean',
      means:
        'does it: messages of queues go back to them, events of uploads to the queue of uploads; what the next run of a schedule or the sweep does anyway is deleted. Nothing is done twice: the record knows each upload',
    },
    forget: {
      type: 'boolean',
      means:
        'with --yes: deletes also what nobody can hand over, such as an alert to an address that is gone',
    },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: [
    'Needed: ssm:GetParametersByPath on /fairlead-dead-letters/NAME; sqs:GetQueueAttributes, sqs:ReceiveMessage and sqs:ChangeMessageVisibility on the dead-letter queues; with --yes sqs:DeleteMessage there, and sqs:SendMessage on the queues that they belong to.',
  ],
  exits: { 0: 'nothing lies there (any more)', 1: 'something does', ...USUAL_EXITS },
  examples: [
    'npx fairlead redrive --installation fairlead',
    'npx fairlead redrive doorbell --yes --installation fairlead',
  ],
} as const satisfies Form;

type How = 'look' | 'do' | 'do-and-forget';

export const redrive: Command = {
  name: 'redrive',
  summary: 'what lies in the dead-letter queues, and back to work with it',
  form: FORM,
  async run(argv) {
    const { values: named, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: FORM.options,
    });
    const form = oneOf(OUTPUTS, named.output, '-o');
    const tell: Tell = form === 'json' ? (line) => console.error(line) : (line) => console.log(line);
    const [only, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one queue at a time, not ${positionals.join(', ')}`);
    if (named.forget === true && named.yes !== true)
      throw new UsageError('--forget deletes: look first, then give it with --yes');
    const how: How = named.yes !== true ? 'look' : named.forget === true ? 'do-and-forget' : 'do';
    const { environment, name, where, options } = await findInstallation(named);
    if (where === 'local installation') {
      tell('the local installation has no dead-letter queues: what fails comes again');
      if (form === 'json') console.log(formatQueues([]));
      return 0;
    }
    if (name === undefined) throw new UsageError('say which installation it is: --installation NAME');
    const path = deadLettersPath(name);
    const all = readDeadLetterQueues(
      await allowed({ action: 'ssm:GetParametersByPath', on: `parameter${path}` }, () =>
        ssmParameters(clients.ssm(environment)).below(path),
      ),
    );
    if (all.length === 0)
      throw new UsageError(`SSM has no parameters below ${path}: deploy installation "${name}" once more`);
    const chosen = only === undefined ? all : [chosenOf(only, all)];
    const sqs = clients.sqs(environment);
    const receive = all.find(({ kind }) => kind === 'receive')?.source;
    return await interruptible(
      async (signal) => {
        const found: GoneThrough[] = [];
        for (const queue of chosen) {
          signal.throwIfAborted();
          found.push(await goThrough(queue, sqsLetters(sqs, queue.url), { how, receive, signal, tell }));
        }
        const left = found.reduce((sum, each) => sum + each.left, 0);
        if (form === 'json') console.log(formatQueues(found));
        if (left > 0 && how === 'look')
          tell(
            `to do so: npx fairlead redrive${only === undefined ? '' : ` ${quote(only)}`} --yes${options}`,
          );
        return left === 0 ? 0 : EXIT_LEFT;
      },
      () => console.error('interrupted: what was not gone through lies there as before, within two minutes'),
    );
  },
};

function chosenOf(only: string, all: readonly DeadLetterQueue[]): DeadLetterQueue {
  const found = all.find(({ name }) => name === only);
  if (found !== undefined) return found;
  const names = all.map(({ name }) => name);
  const meant = nearest(only, names);
  throw new UsageError(
    oneLine(
      `there is no queue "${only}"${meant === undefined ? `; there are: ${names.join(', ')}` : `: did you mean ${meant}?`}`,
    ),
  );
}

interface Going {
  readonly how: How;
  /** The queue of uploads. */
  readonly receive: string | undefined;
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

/** Lines for people: on stdout, or beside the document. */
type Tell = (line: string) => void;

/** What was found in a queue, and how many are left in it. */
interface GoneThrough {
  readonly queue: string;
  readonly left: number;
  readonly done: number;
  /** ISO. */
  readonly oldest?: string;
  /** Each with how many are alike. */
  readonly letters: readonly { readonly says: string; readonly times: number }[];
}

/** For programs: one document. */
const formatQueues = (queues: readonly GoneThrough[]): string =>
  JSON.stringify({ schema: 1, queues }, null, 2);

async function goThrough(queue: DeadLetterQueue, letters: Letters, going: Going): Promise<GoneThrough> {
  const { tell } = going;
  const looking = { action: 'sqs:GetQueueAttributes and sqs:ReceiveMessage', on: `queue ${queue.url}` };
  const count = await allowed(looking, () => letters.count());
  if (count === 0) {
    tell(`${oneLine(queue.name)}: empty`);
    return { queue: queue.name, left: 0, done: 0, letters: [] };
  }
  tell(`${oneLine(queue.name)}: about ${count}, ${DEAD_LETTER_KINDS[queue.kind]}`);
  const kept: HeldLetter[] = [];
  const seen = new Set<string>();
  const lines = new Map<string, number>();
  let oldest: string | undefined;
  let done = 0;
  try {
    for (;;) {
      going.signal.throwIfAborted();
      const taken = await allowed(looking, () => letters.take(HELD_SECONDS));
      // SQS may show one twice: what is known is not counted again.
      const fresh = taken.filter(({ id }) => !seen.has(id));
      if (fresh.length === 0) break;
      for (const letter of fresh) {
        seen.add(letter.id);
        oldest = oldest === undefined || letter.sentAt < oldest ? letter.sentAt : oldest;
        const decision = decide(queue.kind, letter);
        const text = inWords(decision, going.how);
        lines.set(text, (lines.get(text) ?? 0) + 1);
        if ((await carriedOut(decision, letter, queue, letters, going)) === 'done') done += 1;
        else kept.push(letter);
      }
      if (going.how === 'look' && seen.size >= LOOKED_AT) break;
    }
  } finally {
    for (const letter of kept) await letters.putBack(letter).catch(() => {});
  }
  if (oldest !== undefined) tell(`  the oldest is of ${formatTime(oldest)}`);
  const shown = [...lines].slice(0, SHOWN);
  for (const [text, times] of shown) tell(`  ${times > 1 ? `${times} x ` : ''}${text}`);
  if (lines.size > SHOWN) tell(`  and ${lines.size - SHOWN} others`);
  if (seen.size === 0) tell('  all of them are being looked at by somebody else just now');
  if (going.how !== 'look') tell(`  ${done} done, ${kept.length} left`);
  return {
    queue: queue.name,
    left: going.how === 'look' || seen.size === 0 ? count : kept.length,
    done,
    ...(oldest === undefined ? {} : { oldest }),
    letters: [...lines].map(([says, times]) => ({ says, times })),
  };
}

function inWords({ about, why, ...decision }: Decision, how: How): string {
  const isDone = how !== 'look';
  const what = (): string => {
    switch (decision.kind) {
      case 'back':
        return isDone ? 'sent back' : 'to be sent back';
      case 'let-go':
        return `${isDone ? 'deleted' : 'to be deleted'}: ${decision.because}`;
      case 'for-a-person':
        return `${how === 'do-and-forget' ? 'forgotten' : 'stays until --forget'}: ${decision.because}`;
    }
  };
  return shortLine(`${about}: ${what()}${why === undefined ? '' : ` (${why})`}`, LINE_BYTES);
}

async function carriedOut(
  decision: Decision,
  letter: HeldLetter,
  { url, source }: DeadLetterQueue,
  letters: Letters,
  { how, receive }: Going,
): Promise<'done' | 'kept'> {
  if (how === 'look') return 'kept';
  switch (decision.kind) {
    case 'back': {
      const to = decision.to === 'source' ? source : receive;
      if (to === undefined) return 'kept';
      const right = { action: 'sqs:SendMessage and sqs:DeleteMessage', on: `queues ${to} and ${url}` };
      await allowed(right, () => letters.hand(letter, to));
      return 'done';
    }
    case 'for-a-person':
      if (how !== 'do-and-forget') return 'kept';
      await allowed({ action: 'sqs:DeleteMessage', on: `queue ${url}` }, () => letters.remove(letter));
      return 'done';
    case 'let-go':
      await allowed({ action: 'sqs:DeleteMessage', on: `queue ${url}` }, () => letters.remove(letter));
      return 'done';
  }
}
