import { oneLine } from '../lib/alerts/plain.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import {
  formatIncidents,
  formatIncidentsJson,
  formatTimeline,
  formatTimelineJson,
} from './incidents-output.ts';
import { findIncident, listIncidents, type Stores, storesOf } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { nearest } from './nearest.ts';
import { paintOn } from './progress.ts';

const LAST = 20;
/** Of what has closed, a list shows so much. */
const CLOSED_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Apart from what was typed (64) and what cannot be reached (69). */
const EXIT_NO_SUCH_INCIDENT = 1;

const FORM = {
  typed: ['incidents [--open] [--target NAME] [OPTIONS]', 'incidents KEY [OPTIONS]'],
  purpose: [
    `What is open in an installation, the gravest first, and what has closed within ${CLOSED_DAYS} days. With a KEY: its alerts in their order, each with what differed, as "npx fairlead diff" shows it; of one that is open, what to do. Secret values are never shown.`,
  ],
  arguments: [
    {
      name: 'KEY',
      means:
        'of an incident, as it stands in alerts and in the list: INSTALLATION/TARGET/SCOPE/CLASS/NUMBER (fairlead/staging/shop/web/drift/3)',
    },
  ],
  options: {
    open: { type: 'boolean', means: 'only what is open' },
    target: { type: 'string', value: 'NAME', means: 'only of this target', completes: 'target' },
    last: {
      type: 'string',
      value: 'N',
      means: `of an incident, the newest N alerts (default ${LAST}; json has all)`,
    },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  exits: { 0: 'also where nothing is open', 1: 'there is no incident of that KEY', ...USUAL_EXITS },
  examples: [
    'npx fairlead incidents --open --installation fairlead',
    'npx fairlead incidents fairlead/staging/shop/web/drift/3 --installation fairlead',
  ],
} as const satisfies Form;

export const incidents: Command = {
  name: 'incidents',
  summary: 'what is open, and the alerts of one incident',
  form: FORM,
  async run(argv) {
    const asked = parse(argv);
    const stores = storesOf(await findInstallation(asked.named));
    return asked.key === undefined ? await list(stores, asked) : await show(stores, asked.key, asked);
  },
};

interface Asked {
  readonly key: string | undefined;
  readonly which: 'open' | 'open and closed lately';
  readonly target: string | undefined;
  readonly last: number;
  readonly form: Output;
  readonly named: Parameters<typeof findInstallation>[0];
}

function parse(argv: readonly string[]): Asked {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: FORM.options,
  });
  const [key, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`one incident at a time, not ${positionals.join(', ')}`);
  if (key !== undefined && (values.open !== undefined || values.target !== undefined))
    throw new UsageError('give a KEY, or --open and --target, not both');
  if (key === undefined && values.last !== undefined)
    throw new UsageError('--last is of the alerts of a KEY');
  const last = Number(values.last ?? LAST);
  if (!Number.isInteger(last) || last < 1) throw new UsageError('--last is a number from 1 on');
  return {
    key,
    which: values.open === true ? 'open' : 'open and closed lately',
    target: values.target,
    last,
    form: oneOf(OUTPUTS, values.output, '-o'),
    named: values,
  };
}

async function list(stores: Stores, { which, target, form }: Asked): Promise<number> {
  const now = new Date();
  const lately = new Date(now.getTime() - CLOSED_DAYS * DAY_MS).toISOString();
  const all = await listIncidents(stores, target, now);
  const listed = all.filter(
    ({ state, closedAt }) =>
      state === 'open' || (which !== 'open' && closedAt !== undefined && closedAt >= lately),
  );
  console.log(
    form === 'json'
      ? formatIncidentsJson(listed)
      : formatIncidents(listed, now, paintOn(process.stdout, process.env)),
  );
  return 0;
}

async function show(stores: Stores, key: string, { last, form }: Asked): Promise<number> {
  const now = new Date();
  const found = await findIncident(stores, key, form === 'json' ? Number.POSITIVE_INFINITY : last, now);
  if (found === undefined) {
    const [, target = ''] = key.split('/');
    const keys = (await listIncidents(stores, target, now)).map((each) => each.key);
    const meant = nearest(key, keys);
    console.error(
      `there is no incident ${oneLine(key)}${meant === undefined ? '; "npx fairlead incidents" lists them' : `: did you mean ${meant}?`}`,
    );
    return EXIT_NO_SUCH_INCIDENT;
  }
  console.log(
    form === 'json'
      ? formatTimelineJson(key, found)
      : formatTimeline(key, found, now, paintOn(process.stdout, process.env)),
  );
  return 0;
}
