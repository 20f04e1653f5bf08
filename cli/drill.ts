import type { Alert } from '../lib/alerts/alert.ts';
import { beginDrill, endDrill, heardOf, type Told } from '../lib/alerts/drills.ts';
import type { Heard } from '../lib/alerts/outbox.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import * as clients from '../lib/aws/clients.ts';
import { VARIABLES } from '../lib/aws/environment.ts';
import { dynamoTable, type Table } from '../lib/aws/table.ts';
import { severity as severities } from '../lib/config/audiences.ts';
import type { Severity } from '../lib/config/config.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { reachOf } from './drill-reach.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { allowed } from './incidents-reading.ts';
import { type FoundInstallation, findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { BY_OPTION, byOf, spanOf } from './spoken.ts';
import { interruptible, lookUntil } from './waiting.ts';

/** The channel that nobody hears of: the alert as it is kept. */
const REPORT = 'report';
/** Some channel did not take it in time. */
const EXIT_NOT_TAKEN = 1;
const HOLD = '30s';
const TIMEOUT = '90s';
const LONGEST_HOLD_MS = 60 * 60_000;

const FORM = {
  typed: ['drill [AUDIENCE | --severity SEVERITY] [OPTIONS]', 'drill --end'],
  purpose: [
    "Sends one alert that is none, on the very way of alerts: written into the table, found by the stream, told by send-alerts to topics, event bus and webhooks. Every form of it says DRILL and that nothing is wrong. A pager's incident opens, and closes when the drill ends. It makes no incident of Fairlead's.",
  ],
  arguments: [
    {
      name: 'AUDIENCE',
      means:
        'who is to hear it, by its name in fairlead.config.ts: its form and its filter alone. Who filters for the same hears it too. Without it: everybody who hears of that severity',
    },
  ],
  options: {
    severity: {
      type: 'string',
      value: 'SEVERITY',
      means: `${severities.options.join(', ')}; default: critical`,
      completes: severities.options,
    },
    hold: {
      type: 'string',
      value: 'TIME',
      means: `how long a pager's incident stays open: 10s, 2m, at most 1h (default ${HOLD})`,
    },
    timeout: {
      type: 'string',
      value: 'TIME',
      means: `how long to wait for each of the two (default ${TIMEOUT})`,
    },
    by: BY_OPTION,
    end: { type: 'boolean', means: 'end one now that was cut off' },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: [
    'Needed: dynamodb:GetItem and dynamodb:PutItem on the table, with the condition ForAllValues:StringEquals dynamodb:LeadingKeys = drill; ssm:GetParametersByPath on /fairlead-audiences/NAME and /fairlead-webhooks/NAME.',
  ],
  exits: {
    0: 'every channel took the alert and its end',
    1: 'one did not in time',
    ...USUAL_EXITS,
    130: 'Ctrl-C, which ends the drill first',
  },
  examples: [
    'npx fairlead drill on-call --hold 2m --installation fairlead',
    'npx fairlead drill --severity warning --installation fairlead',
  ],
} as const satisfies Form;

export const drill: Command = {
  name: 'drill',
  summary: 'send an alert that is none to people, and see that it arrives',
  form: FORM,
  async run(argv) {
    const asked = parse(argv);
    const found = await findInstallation(asked.named);
    const place = placeOf(found, asked.form);
    return asked.kind === 'end' ? await end(place, asked.form) : await run(place, asked, found);
  },
};

interface Begin {
  readonly kind: 'begin';
  readonly audience: string | undefined;
  readonly severity: Severity;
  readonly holdMs: number;
  readonly timeoutMs: number;
  readonly by: string;
}
type Asked = {
  readonly named: Parameters<typeof findInstallation>[0];
  readonly form: Output;
} & (Begin | { readonly kind: 'end' });

function parse(argv: readonly string[]): Asked {
  const { values: named, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: FORM.options,
  });
  const form = oneOf(OUTPUTS, named.output, '-o');
  const [audience, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`one audience at a time, not ${positionals.join(', ')}`);
  if (named.end === true) {
    if ((audience ?? named.severity ?? named.hold ?? named.timeout ?? named.by) !== undefined)
      throw new UsageError('--end takes nothing else: one drill runs at a time');
    return { kind: 'end', named, form };
  }
  if (audience !== undefined && named.severity !== undefined)
    throw new UsageError('an AUDIENCE is sent what it hears of: give that or --severity, not both');
  return {
    kind: 'begin',
    audience,
    severity: oneOf(severities.options, named.severity ?? 'critical', '--severity'),
    holdMs: spanOf('--hold', named.hold ?? HOLD, LONGEST_HOLD_MS),
    timeoutMs: spanOf('--timeout', named.timeout ?? TIMEOUT, LONGEST_HOLD_MS),
    by: byOf(named.by),
    named,
    form,
  };
}

/** Where the drill is written. */
interface Place {
  readonly table: Table;
  readonly tableName: string;
  readonly form: Output;
  /** Lines for people: on stdout, or beside the document. */
  readonly tell: (line: string) => void;
}

function placeOf({ table, environment }: FoundInstallation, form: Output): Place {
  if (table === undefined)
    throw new UsageError(
      `it is not known what its table is called: give --installation, or ${VARIABLES.table}`,
    );
  return {
    table: dynamoTable(clients.dynamodb(environment), table),
    tableName: table,
    form,
    tell: form === 'json' ? (line) => console.error(line) : (line) => console.log(line),
  };
}

const written = <Result>({ tableName }: Place, call: () => Promise<Result>): Promise<Result> =>
  allowed({ action: 'dynamodb:GetItem and dynamodb:PutItem', on: `table ${tableName} (key drill)` }, call);

async function run(place: Place, asked: Begin, found: FoundInstallation): Promise<number> {
  if (found.name === undefined) throw new UsageError('say which installation it is: --installation NAME');
  const reach = await reachOf(found, found.name, asked);
  const begin = { installation: found.name, by: asked.by, ...reach.asked, at: new Date().toISOString() };
  const opening = await written(place, () => beginDrill(place.table, begin));
  place.tell(`DRILL ${opening.incident}, for ${reach.whom}. Nothing is wrong.`);
  // From here on it ends whatever happens: nobody is to be left with a pager's incident that is none.
  let state: 'open' | 'over' = 'open';
  const close = async (): Promise<Alert | undefined> => {
    if (state === 'over') return undefined;
    state = 'over';
    return await written(place, () => endDrill(place.table, new Date().toISOString(), opening));
  };
  try {
    return await interruptible(
      (signal) => followed(place, opening, asked, close, signal),
      () => console.error('interrupted: the drill ends now, and pagers get their OK without you.'),
    );
  } finally {
    await close();
  }
}

async function followed(
  place: Place,
  opening: Alert,
  { holdMs, timeoutMs }: Begin,
  close: () => Promise<Alert | undefined>,
  signal: AbortSignal,
): Promise<number> {
  const began = await follow(place, opening, timeoutMs, signal);
  const rings = began.tries.some(({ channel, failed }) => channel !== REPORT && failed === undefined);
  if (rings && began.state !== 'replaced') {
    place.tell(`it is open for ${Math.round(holdMs / 1000)} seconds: does the phone ring?`);
    const replaced = async () =>
      (await written(place, () => heardOf(place.table, opening))).state === 'replaced'
        ? 'replaced'
        : undefined;
    await lookUntil(replaced, Date.now() + holdMs, signal);
  }
  const over = await close();
  const ended =
    over === undefined
      ? await written(place, () => heardOf(place.table, opening))
      : await follow(place, over, timeoutMs, signal);
  const code = conclude(place, began, ended);
  if (place.form === 'json') console.log(formatDrill(opening, began, ended));
  return code;
}

/** For programs: one document. */
const formatDrill = (opening: Alert, began: Told, ended: Told): string =>
  JSON.stringify(
    {
      schema: 1,
      incident: opening.incident,
      alert: { state: began.state, channels: began.tries },
      end: { state: ended.state, channels: ended.tries },
    },
    null,
    2,
  );

/** Waits until everybody has it, and says of each channel when it took it, or why not. */
async function follow(place: Place, alert: Alert, timeoutMs: number, signal: AbortSignal): Promise<Told> {
  let shown = 0;
  let last: Told = { tries: [], state: 'waiting' };
  const look = async (): Promise<Told | undefined> => {
    last = await written(place, () => heardOf(place.table, alert));
    for (const each of last.tries.slice(shown)) place.tell(lineOf(alert, each));
    shown = last.tries.length;
    return last.state === 'waiting' ? undefined : last;
  };
  return (await lookUntil(look, Date.now() + timeoutMs, signal)) ?? last;
}

const WHAT = { drill: 'ALARM', 'drill-over': 'OK' } as const;

function lineOf(alert: Alert, { channel, at, failed }: Heard): string {
  const seconds = Math.max(0, (Date.parse(at) - Date.parse(alert.at)) / 1000).toFixed(1);
  const what = alert.kind === 'drill' ? WHAT.drill : WHAT['drill-over'];
  const outcome = failed === undefined ? `took it after ${seconds} s` : `did not take it: ${oneLine(failed)}`;
  return `  ${at.slice(11, 19)} UTC  ${what.padEnd(6)}${oneLine(channel).padEnd(24)}${outcome}`;
}

function conclude({ tell }: Place, began: Told, ended: Told): number {
  if ([began, ended].some(({ state }) => state === 'replaced')) {
    console.error(
      'another drill was begun meanwhile, which ended this one: one runs at a time. What comes of it is told there',
    );
    return EXIT_NOT_TAKEN;
  }
  const nobody = [began, ended].some(({ tries }) => tries.length === 0);
  if (nobody) {
    console.error(
      'nobody was told in time: send-alerts does not run. Its log says why (docs/runbook.md, "A function fails"); what is written is told as soon as it does',
    );
    return EXIT_NOT_TAKEN;
  }
  const missing = [...new Set([began, ended].flatMap(notTaken))];
  if (missing.length > 0 || [began, ended].some(({ state }) => state === 'waiting')) {
    const names = missing.length === 0 ? 'some' : missing.map(oneLine).join(', ');
    console.error(`not taken in time: ${names}. It is tried again by itself, as alerts are`);
    return EXIT_NOT_TAKEN;
  }
  tell(
    'every channel took both. What a topic took it passes on to who is subscribed: "npx fairlead subscribe" shows them.',
  );
  return 0;
}

/** Channels whose last try failed. */
const notTaken = ({ tries }: Told): readonly string[] =>
  [...new Map(tries.map((each) => [each.channel, each])).values()]
    .filter(({ failed }) => failed !== undefined)
    .map(({ channel }) => channel);

async function end(place: Place, form: Output): Promise<number> {
  const over = await written(place, () => endDrill(place.table, new Date().toISOString()));
  place.tell(over === undefined ? 'no drill is open' : `ended: ${over.incident}`);
  if (form === 'json')
    console.log(
      JSON.stringify({ schema: 1, ...(over === undefined ? {} : { ended: over.incident }) }, null, 2),
    );
  return 0;
}
