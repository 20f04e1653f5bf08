import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { findInstallation, INSTALLATION_OPTIONS, INSTALLATION_USAGE } from './installation.ts';
import { type ListedUpload, listUploads } from './listing.ts';
import { formatUploads, formatUploadsJson } from './uploads-output.ts';

const STATES = ['waiting', 'delivered', 'rejected', 'superseded', 'failed', 'declined', 'done'] as const;
type State = (typeof STATES)[number];
const FORMS = ['text', 'json'] as const;
const LIMIT = 20;

const USAGE = `npx fairlead uploads [PREFIX] [OPTIONS]

What was uploaded and how each ended, newest first; what still waits, too.

  PREFIX               of keys in the bucket: staging/, staging/shop/web/, or a whole key
  --target NAME        the same in words: uploads to this target,
  --release NS/NAME    and of it, those of this release
  --state STATE        only these: ${STATES.join(', ')}; may be given more than once
  --since TIME         not older: 45m, 12h, 7d, or a date (2026-11-21, 2026-11-21T15:00Z)
  --limit N            at most so many (default ${LIMIT})
  -o text|json         default: text; json has every reason, with what to do
${INSTALLATION_USAGE}

Older versions stay in the bucket for 90 days, and are listed as long.
Exit: 0, also where there is none; 64 what was typed makes no command, 69 AWS or the installation cannot be used.

Examples:
  npx fairlead uploads --release shop/web --target staging
  npx fairlead uploads staging/ --state rejected --state failed --since 7d -o json`;

export const uploads: Command = {
  name: 'uploads',
  summary: 'what was uploaded, and how each ended',
  usage: USAGE,
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
  readonly form: (typeof FORMS)[number];
  readonly named: Parameters<typeof findInstallation>[0];
}

function parse(argv: readonly string[], now: Date): Asked {
  const { values, positionals } = parsed(argv);
  if (positionals.length > 1) throw new UsageError(`one prefix at a time, not ${positionals.join(', ')}`);
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit is a number from 1 on');
  const since = values.since === undefined ? undefined : timeOf(values.since, now);
  return {
    prefix: prefixOf(positionals[0], values),
    states: (values.state ?? []).map((state) => oneOf(STATES, state, '--state')),
    ...(since === undefined ? {} : { since }),
    limit,
    form: oneOf(FORMS, values.output, '-o'),
    named: values,
  };
}

function parsed(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...INSTALLATION_OPTIONS,
      target: { type: 'string' },
      release: { type: 'string' },
      state: { type: 'string', multiple: true },
      since: { type: 'string' },
      limit: { type: 'string', default: String(LIMIT) },
      output: { type: 'string', short: 'o', default: 'text' },
    },
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

const UNIT_SECONDS = { m: 60, h: 3600, d: 86_400 } as const;

function timeOf(text: string, now: Date): Date {
  const span = /^(\d+)([mhd])$/.exec(text);
  if (span !== null) {
    const seconds = Number(span[1]) * UNIT_SECONDS[span[2] as keyof typeof UNIT_SECONDS];
    return new Date(now.getTime() - seconds * 1000);
  }
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(`--since is a span (45m, 12h, 7d) or a date, not "${text}"`);
  return time;
}
