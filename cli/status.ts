import { eachAtOnce } from '../lib/at-once/at-once.ts';
import { healthOf, readTargetStatus, type TargetStatus } from '../lib/status/target-status.ts';
import { readWaiting } from '../lib/status/waiting-uploads.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, USUAL_EXITS } from './form.ts';
import { allowed, knownTarget, type Stores, storesOf, targetNames } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { rememberTargets } from './known-targets.ts';
import { paintOn } from './progress.ts';
import { formatStatusJson, formatTarget, formatTargets } from './status-output.ts';

/** Targets that are read at once: four requests each. */
const AT_ONCE = 20;

/** With --exit-code, as `check` has them. */
const EXIT = { well: 0, wrong: 1, unsure: 2 } as const;

const FORM = {
  typed: ['status [TARGET] [OPTIONS]'],
  purpose: [
    'How an installation stands: its targets, or one with its releases. What is wrong comes first: what has drifted, incidents that are open, uploads that wait and why, freezes, and how old all that is: of a target whose checks have ceased nothing is certain, and it says STALE.',
  ],
  arguments: [{ name: 'TARGET', means: 'only this one, with its releases', completes: 'target' }],
  options: {
    all: { type: 'boolean', means: 'every line: by default what is well is cut to a screen' },
    'exit-code': {
      type: 'boolean',
      means: 'exit with 1 where something is wrong, and 2 where that is not known: for CI jobs',
    },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: [
    'Needs dynamodb:Query and dynamodb:GetItem on the table; s3:ListBucket and s3:GetObject on config/checks/ in the state bucket. It reads what checks have left, and makes none: "npx fairlead check --remote" does.',
  ],
  exits: {
    0: 'it was read; with --exit-code: nothing is wrong',
    1: 'with --exit-code: drift, an open incident, or a repository that takes nothing',
    2: 'with --exit-code: nothing is known to be wrong, but something could not be judged or is stale',
    ...USUAL_EXITS,
  },
  examples: [
    'npx fairlead status --installation fairlead',
    'npx fairlead status staging --exit-code --installation fairlead',
    'npx fairlead status -o json --installation fairlead',
  ],
} as const satisfies Form;

export const status: Command = {
  name: 'status',
  summary: 'how targets and releases stand: verdicts, incidents, what waits, freezes',
  form: FORM,
  async run(argv) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: FORM.options,
    });
    const [target, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one target at a time, not ${positionals.join(', ')}`);
    if (target?.includes('/'))
      throw new UsageError(
        `"${target}" is no target: "npx fairlead status TARGET" shows its releases, "npx fairlead history ${target}" one release`,
      );
    const form = oneOf(OUTPUTS, values.output, '-o');
    const installation = await findInstallation(values);
    const now = new Date();
    const { targets, unread } = await readStatus(storesOf(installation), target, now);
    if (target === undefined) await rememberTargets(installation, targets);
    const paint = paintOn(process.stdout, process.env);
    const shown = { now, paint, rows: values.all === true ? 'all' : 'a-screen' } as const;
    const [only] = targets;
    if (form === 'json') console.log(formatStatusJson(targets, unread, now));
    else
      console.log(
        targets.length === 1 && only !== undefined
          ? formatTarget(only, shown)
          : formatTargets(targets, shown),
      );
    if (unread > 0 && form === 'text')
      console.error(`${unread} more wait, which were not looked at one by one`);
    return values['exit-code'] === true ? exitOf(targets) : EXIT.well;
  },
};

async function readStatus(
  stores: Stores,
  only: string | undefined,
  now: Date,
): Promise<{ readonly targets: readonly TargetStatus[]; readonly unread: number }> {
  const { table, tableName } = stores;
  const names = only === undefined ? await targetNames(stores) : [only];
  const configs = await eachAtOnce(names, AT_ONCE, (name) => knownTarget(stores, name));
  const lines = configs.map(({ repository, target }) => ({
    repository: repository.name,
    branch: target.branch,
  }));
  const waiting = await allowed(
    { action: 'dynamodb:Query and dynamodb:GetItem', on: `table ${tableName}` },
    () => readWaiting(table, lines),
  );
  const targets = await eachAtOnce(configs, AT_ONCE, (config) =>
    allowed({ action: 'dynamodb:Query', on: `table ${tableName}` }, () =>
      readTargetStatus(table, config, waiting.uploads, now),
    ),
  );
  return { targets, unread: waiting.more };
}

function exitOf(targets: readonly TargetStatus[]): number {
  const found = new Set(targets.map(healthOf));
  return found.has('wrong') ? EXIT.wrong : found.has('unsure') ? EXIT.unsure : EXIT.well;
}
