import * as clients from '../lib/aws/clients.ts';
import { VARIABLES } from '../lib/aws/environment.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import type { ReplayRequested } from '../lib/messages/messages.ts';
import { parseKey, slotOf } from '../lib/uploads/record/keys.ts';
import { refusal, Unavailable } from './aws-errors.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { EXIT, WAITS, waiterOf } from './ending.ts';
import { formatResults, formatResultsJson } from './ending-output.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { type FoundInstallation, findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { type ListedUpload, listUploads } from './listing.ts';
import {
  type Ended,
  type KnownUpload,
  type OutcomeReader,
  outcomeReader,
  type UploadVersion,
} from './outcome.ts';
import { formatUploads, formatUploadsJson } from './uploads-output.ts';
import { interruptible } from './waiting.ts';

const FORM = {
  typed: ['replay PREFIX [--dry-run] [--all] [--wait] [OPTIONS]'],
  purpose: [
    'Has uploads taken again that were rejected, have failed, or that nobody has heard of: once the configuration, the repository or the cluster is mended. They keep their place in the order: nothing newer is overwritten.',
  ],
  arguments: [
    { name: 'PREFIX', means: 'of keys in the bucket: staging/, staging/shop/web/, or a whole key' },
  ],
  options: {
    'dry-run': { type: 'boolean', default: false, means: 'only show which' },
    all: {
      type: 'boolean',
      default: false,
      means:
        "every one; by default the newest of a release's chart, of its values, of a manifest, and only where it was not delivered",
    },
    wait: {
      type: 'boolean',
      default: false,
      means: 'until each has ended anew: the commit, or every reason and what to do',
    },
    timeout: {
      type: 'string',
      value: 'SECONDS',
      default: String(WAITS.delivered.seconds),
      means: `how long to wait (default ${WAITS.delivered.seconds})`,
    },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: ["Needs sqs:SendMessage on the receive queue, and to read the bucket's versions and the table."],
  exits: {
    [EXIT.done]: 'asked for (with --wait: delivered)',
    [EXIT.rejected]: 'with --wait: rejected',
    [EXIT['timed out']]: 'with --wait: not known in time',
    [EXIT.failed]: 'with --wait: failed',
    [EXIT.superseded]: 'with --wait: superseded',
    ...USUAL_EXITS,
  },
  examples: ['npx fairlead replay staging/ --dry-run', 'npx fairlead replay staging/shop/web/ --wait'],
} as const satisfies Form;

export const replay: Command = {
  name: 'replay',
  summary: 'take again what was rejected or has failed, once that is mended',
  form: FORM,
  async run(argv) {
    const asked = parse(argv);
    const installation = await findInstallation(asked.named);
    const { uploads, reader } = await listUploads(installation, asked.prefix);
    const chosen = chooseFrom(await Array.fromAsync(uploads), asked.which);
    const show = () => {
      if (asked.form === 'json') console.log(formatUploadsJson(chosen, installation));
      else if (chosen.length > 0) console.log(formatUploads(chosen, installation, reader.missing()));
      else console.log(`below ${asked.prefix} there is nothing that ended badly and stayed so`);
      return EXIT.done;
    };
    if (asked.mode === 'show' || chosen.length === 0) return show();
    const send = sender(installation);
    if (asked.mode === 'send') {
      for (const upload of chosen) await send(upload);
      progress(askedFor(chosen.length));
      return show();
    }
    if (chosen.some(({ known }) => known.source === 'tags')) {
      throw new Unavailable(
        `--wait reads the record, which knows when an upload ends anew; it needs ${reader.missing().join(', ')}. Nothing was asked for`,
      );
    }
    return interruptible(
      async (signal) => {
        const keys = chosen.map(({ key }) => key);
        const wait = { wait: 'delivered', timeoutSeconds: asked.timeoutSeconds, keys } as const;
        const waiter = await waiterOf(installation, wait, signal, progress);
        for (const upload of chosen) await send(upload);
        progress(askedFor(chosen.length));
        const again = outcomeReader(installation, signal);
        const before = new Map(chosen.map((upload) => [nameOf(upload), upload.known]));
        const versions = chosen.map(({ key, versionId }) => ({ key, versionId }));
        const results = await waiter.wait(versions, (version) =>
          endedAnew(again, version, before.get(nameOf(version))),
        );
        console.log(
          asked.form === 'json'
            ? formatResultsJson(results, installation)
            : formatResults(results, waiter.missing()),
        );
        return waiter.exitOf(results);
      },
      () => progress(GOES_ON),
    );
  },
};

const progress = (line: string): void => console.error(line);
const askedFor = (count: number): string =>
  `asked for ${count === 1 ? 'it' : `${count} of them`} to be taken again`;
const GOES_ON = 'interrupted: what was asked for goes on by itself; "npx fairlead uploads" tells how it ends';
const nameOf = ({ key, versionId }: UploadVersion): string => `${key}?${versionId}`;

/** What may be taken again: newest first, of each slot its newest unless it was delivered, or all. */
function chooseFrom(listed: readonly ListedUpload[], which: 'newest' | 'all'): readonly ListedUpload[] {
  const slots = new Set<string>();
  return listed.filter(({ key, known }) => {
    const parsed = parseKey(key);
    if (parsed.kind === 'evidence') return false;
    const slot = parsed.kind === 'slot' ? slotOf(parsed.key) : key;
    const isNewest = !slots.has(slot);
    slots.add(slot);
    const isOpen =
      known.state === 'rejected' ||
      known.state === 'failed' ||
      (known.state === 'waiting' && known.stage === 'unrecorded');
    return isOpen && (which === 'all' || isNewest);
  });
}

/** Its record ends anew: with another time than before. */
async function endedAnew(
  reader: OutcomeReader,
  version: UploadVersion,
  before: KnownUpload | undefined,
): Promise<Ended | undefined> {
  const known = await reader.read(version);
  return known.state === 'waiting' || known.endedAt === before?.endedAt ? undefined : known;
}

/** Asks `receive-upload` to take an upload again. */
function sender(installation: FoundInstallation): (upload: UploadVersion) => Promise<void> {
  const { receiveQueue, environment, bucket } = installation;
  if (receiveQueue === undefined) {
    throw new UsageError(
      `the queue that takes uploads is not named: give --installation, or ${VARIABLES.receiveQueue}`,
    );
  }
  const queue = sqsQueue<ReplayRequested>(clients.sqs(environment), receiveQueue);
  // One command, one time: a request that is told twice is known by it.
  const time = new Date().toISOString();
  return async ({ key, versionId }) => {
    const detail = { bucket: { name: bucket }, object: { key, 'version-id': versionId, sequencer: '0' } };
    await queue.send({ 'detail-type': 'Replay Requested', time, detail }).catch((error: unknown) => {
      throw refusal(error, { action: 'sqs:SendMessage', on: `queue ${receiveQueue}` });
    });
  };
}

interface Asked {
  readonly prefix: string;
  readonly which: 'newest' | 'all';
  readonly mode: 'show' | 'send' | 'wait';
  readonly timeoutSeconds: number;
  readonly form: Output;
  readonly named: Parameters<typeof findInstallation>[0];
}

function parse(argv: readonly string[]): Asked {
  const { values, positionals } = parsed(argv);
  const [prefix] = positionals;
  if (prefix === undefined || prefix === '')
    throw new UsageError('name the prefix of the keys to take again, for example staging/shop/web/');
  if (positionals.length > 1) throw new UsageError(`one prefix at a time, not ${positionals.join(', ')}`);
  if (values.wait && values['dry-run'])
    throw new UsageError('--dry-run sends nothing, so that there is nothing to wait for');
  const timeoutSeconds = Number(values.timeout);
  if (!(timeoutSeconds > 0)) throw new UsageError('--timeout is a number of seconds');
  const form = oneOf(OUTPUTS, values.output, '-o');
  return {
    prefix,
    which: values.all ? 'all' : 'newest',
    mode: values['dry-run'] ? 'show' : values.wait ? 'wait' : 'send',
    timeoutSeconds,
    form,
    named: values,
  };
}

function parsed(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: FORM.options,
  });
}
