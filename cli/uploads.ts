import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { type ListedUpload, listUploads } from './listing.ts';
import { timeOf } from './times.ts';
import { formatUploads, formatUploadsJson } from './uploads-output.ts';

const STATES = ['waiting', 'delivered', 'rejected', 'superseded', 'failed', 'declined', 'done'] as const;
type State = (typeof STATES)[number];
const LIMIT = 20;

const FORM = {
  typed: ['uploads [PREFIX] [OPTIONS]'],
  purpose: ['What was uploaded and how each ended, newest first; what still waits, too.'],
  arguments: [
    { name: 'PREFIX', means: 'of keys in the bucket: staging/, staging/shop/web/, or a whole key' },
  ],
  options: {
    target: {
      type: 'string',
      value: 'NAME',
      means: 'the same in words: uploads to this target,',
      completes: 'target',
    },
    release: { type: 'string', value: 'NS/NAME', means: 'and of it, those of this release' },
    state: {
      type: 'string',
      value: 'STATE',
      multiple: true,
      means: `only these: ${STATES.join(', ')}; may be given more than once`,
      completes: STATES,
    },
    since: {
      type: 'string',
      value: 'TIME',
      means: 'not older: 45m, 12h, 7d, or a date (2026-11-21, 2026-11-21T15:00Z)',
    },
    limit: {
      type: 'string',
      value: 'N',
      default: String(LIMIT),
      means: `at most so many (default ${LIMIT})`,
    },
    output: {
      ...OUTPUT_OPTION,
      means: 'default: text; json has every reason, with what to do, in one document',
    },
    ...INSTALLATION_OPTIONS,
  },
  notes: ['Older versions stay in the bucket for 90 days, and are listed as long.'],
  exits: { 0: 'also where there is none', ...USUAL_EXITS },
  examples: [
    'npx fairlead uploads --release shop/web --target staging',
    'npx fairlead uploads staging/ --state rejected --state failed --since 7d -o json',
  ],
} as const satisfies Form;

export const uploads: Command = {
  name: 'uploads',
  summary: 'what was uploaded, and how each ended',
  form: FORM,
  async run(argv) {
    const asked = parse(argv, new Date());
    const installation = await findInstallation(asked.named);
    const { uploads: all, reader } = await listUploads(installation, asked.prefix, asked.since);
    const listed: ListedUpload[] = [];
    let hasMore = false;
    for await (const upload of all) {
      if (asked.states.length > 0 && !asked.states.includes(upload.known.state)) continue;
      hasMore = listed.length === asked.limit;
      if (hasMore) break;
      listed.push(upload);
    }
    // On stderr, so that a document stays one.
    if (hasMore) console.error(`the newest ${asked.limit} of more: --limit shows older ones`);
    console.log(
      asked.form === 'json'
        ? formatUploadsJson(listed, installation)
        : formatUploads(listed, installation, reader.missing()),
    );
    return 0;
  },
};

interface Asked {
  readonly prefix: string;
  readonly states: readonly State[];
  readonly since?: Date;
  readonly limit: number;
  readonly form: Output;
  readonly named: Parameters<typeof findInstallation>[0];
}

function parse(argv: readonly string[], now: Date): Asked {
  const { values, positionals } = parsed(argv);
  if (positionals.length > 1) throw new UsageError(`one prefix at a time, not ${positionals.join(', ')}`);
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit is a number from 1 on');
  const since = values.since === undefined ? undefined : timeOf('--since', values.since, now);
  return {
    prefix: prefixOf(positionals[0], values),
    states: (values.state ?? []).map((state) => oneOf(STATES, state, '--state')),
    ...(since === undefined ? {} : { since }),
    limit,
    form: oneOf(OUTPUTS, values.output, '-o'),
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

function prefixOf(
  prefix: string | undefined,
  { target, release }: { readonly target?: string | undefined; readonly release?: string | undefined },
): string {
  if (prefix !== undefined && (target ?? release) !== undefined)
    throw new UsageError('give a prefix, or --target and --release, not both');
  if (release === undefined) return target === undefined ? (prefix ?? '') : `${target}/`;
  if (target === undefined) throw new UsageError('--release needs --target: releases are named within one');
  if (!/^[^/]+\/[^/]+$/.test(release)) throw new UsageError(`--release is NAMESPACE/NAME, not "${release}"`);
  return `${target}/${release}/`;
}
