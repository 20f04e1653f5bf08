import { readTargetIncidents, WHOLE_TARGET } from '../lib/alerts/incident-list.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import { endSnooze, LONGEST_SNOOZE_DAYS, putSnooze, type Snooze } from '../lib/alerts/snoozes.ts';
import { formatDuration, formatTime } from '../lib/alerts/times.ts';
import { quote } from '../local/connection.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { snoozeLine } from './incidents-output.ts';
import { allowed, knownTarget, type Stores, storesOf, targetNames } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { nearest } from './nearest.ts';
import { BY_OPTION, byOf } from './spoken.ts';

/** A reason stands in alerts, beside what they are about. In characters. */
const REASON = 200;

/** There was none to end. */
const EXIT_NONE = 1;

const NOT_SILENCED =
  'A snooze does not keep back: a rise to critical, and the end of an incident that people were told of. Events, webhooks and the timelines of incidents get everything all the same. When it ends and something is still open that people do not know as it is, they get one reminder.';

const FORM = {
  typed: [
    'snooze TARGET SCOPE --for TIME --reason TEXT [OPTIONS]',
    'snooze TARGET SCOPE --end',
    'snooze [TARGET]',
  ],
  purpose: ['Keeps mail, pagers and chats quiet about a scope for a while; what is quiet now; and ends it.'],
  arguments: [
    { name: 'TARGET', means: "the target's name", completes: 'target' },
    { name: 'SCOPE', means: 'a release (shop/web), manifests, or target: every scope of it' },
  ],
  options: {
    for: {
      type: 'string',
      value: 'TIME',
      means: `how long: 45m, 8h, 3d; at most ${LONGEST_SNOOZE_DAYS} days`,
    },
    reason: {
      type: 'string',
      value: 'TEXT',
      means: `why, in at most ${REASON} characters: it stands beside each alert that nobody is sent`,
    },
    by: BY_OPTION,
    end: { type: 'boolean', means: 'ends it now' },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: [NOT_SILENCED],
  exits: { 0: 'done', 1: 'with --end: nothing was snoozed there', ...USUAL_EXITS },
  examples: [
    'npx fairlead snooze staging shop/web --for 8h --reason "load test until six" --installation fairlead',
    'npx fairlead snooze --installation fairlead',
  ],
} as const satisfies Form;

export const snooze: Command = {
  name: 'snooze',
  summary: 'keep people from alerts about a scope for a while',
  form: FORM,
  async run(argv) {
    const asked = parse(argv);
    const found = await findInstallation(asked.named);
    const stores = storesOf(found);
    switch (asked.kind) {
      case 'list':
        return await list(stores, asked.target, asked.form);
      case 'end':
        return await end(stores, asked);
      case 'begin':
        return await begin(stores, asked, found.options);
    }
  },
};

interface Place {
  readonly target: string;
  readonly scope: string;
}
type Begin = Place & {
  readonly kind: 'begin';
  readonly milliseconds: number;
  readonly reason: string;
  readonly by: string;
};
type Asked = {
  readonly named: Parameters<typeof findInstallation>[0];
  readonly form: Output;
} & (
  | { readonly kind: 'list'; readonly target: string | undefined }
  | (Place & { readonly kind: 'end' })
  | Begin
);

function parse(argv: readonly string[]): Asked {
  const { values: named, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: FORM.options,
  });
  const form = oneOf(OUTPUTS, named.output, '-o');
  const [target, scope, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`one scope at a time, not ${positionals.slice(1).join(', ')}`);
  const isBegin = (named.for ?? named.reason ?? named.by) !== undefined;
  if (isBegin && named.end === true) throw new UsageError('--end takes no --for, --reason or --by');
  if (target === undefined || scope === undefined) {
    if (isBegin || named.end === true)
      throw new UsageError(
        'say what: TARGET SCOPE, such as "staging shop/web"; the scope "target" is all of a target',
      );
    return { kind: 'list', target, named, form };
  }
  if (named.end === true) return { kind: 'end', target, scope, named, form };
  const milliseconds = spanOf(named.for);
  return {
    kind: 'begin',
    target,
    scope,
    milliseconds,
    reason: reasonOf(named.reason),
    by: byOf(named.by),
    named,
    form,
  };
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function spanOf(text: string | undefined): number {
  if (text === undefined)
    throw new UsageError(`a snooze has an end: say --for 45m, 8h or 3d, at most ${LONGEST_SNOOZE_DAYS}d`);
  const span = /^(\d{1,6})([mhd])$/.exec(text);
  const milliseconds = span === null ? 0 : Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS];
  if (milliseconds === 0) throw new UsageError(`--for is a time such as 45m, 8h or 3d, not "${text}"`);
  if (milliseconds > LONGEST_SNOOZE_DAYS * UNIT_MS.d)
    throw new UsageError(
      `--for is at most ${LONGEST_SNOOZE_DAYS}d: what may differ for longer is a rule of drift.yaml, with its reason in Git`,
    );
  return milliseconds;
}

function reasonOf(text = ''): string {
  const reason = oneLine(text.trim());
  if (reason === '')
    throw new UsageError('say --reason TEXT: whoever wonders why nobody was told reads it beside the alert');
  if (reason.length > REASON) throw new UsageError(`--reason is at most ${REASON} characters`);
  return reason;
}

async function begin(
  stores: Stores,
  asked: Begin & { readonly form: Output },
  options: string,
): Promise<number> {
  const { target, scope, reason, by } = asked;
  await requireScope(stores, target, scope);
  const at = new Date();
  const until = new Date(at.getTime() + asked.milliseconds).toISOString();
  const made: Snooze = { until, by, reason, at: at.toISOString() };
  await allowed(writing(stores, target), () => putSnooze(stores.table, target, scope, made));
  if (asked.form === 'json') {
    console.log(formatSnoozes([{ target, scope, ...made }]));
    return 0;
  }
  console.log(
    [
      `${placeOf(asked)} is quiet until ${formatTime(until)} (${formatDuration(made.at, until)}): ${reason}`,
      NOT_SILENCED,
      `To end it: npx fairlead snooze ${quote(target)} ${quote(scope)} --end${options}`,
    ].join('\n'),
  );
  return 0;
}

async function end(
  stores: Stores,
  { target, scope, form }: Place & { readonly form: Output },
): Promise<number> {
  await knownTarget(stores, target);
  const ended = await allowed(writing(stores, target), () =>
    endSnooze(stores.table, target, scope, new Date()),
  );
  if (ended === undefined) {
    console.error(
      `nothing of ${placeOf({ target, scope })} is snoozed; "npx fairlead snooze ${target}" lists what is`,
    );
    return EXIT_NONE;
  }
  console.log(
    form === 'json'
      ? formatSnoozes([{ target, scope, ...ended, endedAt: new Date().toISOString() }])
      : `${placeOf({ target, scope })} is told again; it was ${snoozeLine(ended)}`,
  );
  return 0;
}

/** For programs: one document. */
const formatSnoozes = (snoozes: readonly (Place & Snooze & { readonly endedAt?: string })[]): string =>
  JSON.stringify({ schema: 1, snoozes }, null, 2);

async function list(stores: Stores, only: string | undefined, form: Output): Promise<number> {
  const names = only === undefined ? await targetNames(stores) : [only];
  const found: (Place & Snooze)[] = [];
  for (const target of names) {
    const { installation } = await knownTarget(stores, target);
    const { snoozes } = await read(stores, installation, target);
    for (const [scope, each] of snoozes) found.push({ target, scope, ...each });
  }
  const lines = found.map((each) => `${placeOf(each)}: ${snoozeLine(each)}`);
  if (form === 'json') console.log(formatSnoozes(found));
  else console.log(lines.length === 0 ? 'nothing is snoozed' : lines.join('\n'));
  return 0;
}

const placeOf = ({ target, scope }: Place): string =>
  oneLine(scope === WHOLE_TARGET ? `${target} (all of it)` : `${target} ${scope}`);

const writing = ({ tableName }: Stores, target: string) => ({
  action: 'dynamodb:GetItem and dynamodb:PutItem',
  on: `table ${tableName} (keys incident#${target})`,
});

const read = (stores: Stores, installation: string, target: string) =>
  allowed({ action: 'dynamodb:Query', on: `table ${stores.tableName} (keys incident#${target})` }, () =>
    readTargetIncidents(stores.table, { installation, target }, new Date()),
  );

/** What is quiet by a mistyped name is not quiet. @throws UsageError naming what was likely meant */
async function requireScope(stores: Stores, target: string, scope: string): Promise<void> {
  const { installation } = await knownTarget(stores, target);
  const scopes = new Set((await read(stores, installation, target)).scopes);
  await allowed(
    { action: 'dynamodb:Query', on: `table ${stores.tableName} (keys target#${target})` },
    async () => {
      for await (const { sk } of stores.table.query(`target#${target}`, VERDICT))
        scopes.add(sk.slice(VERDICT.length));
    },
  );
  if (scopes.has(scope)) return;
  const meant = nearest(scope, [...scopes]);
  const named = [...scopes].sort().slice(0, NAMED).map(oneLine).join(', ');
  throw new UsageError(
    oneLine(
      `target ${target} has no scope "${scope}"${meant === undefined ? `; it has: ${named}${scopes.size > NAMED ? ` and ${scopes.size - NAMED} more` : ''}` : `: did you mean ${meant}?`}`,
    ),
  );
}

const VERDICT = 'verdict#';
/** Scopes that an error names. */
const NAMED = 10;
