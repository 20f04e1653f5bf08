import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { oneLine } from '../lib/alerts/plain.ts';
import { formatScope, type Observation } from '../lib/checks/observation.ts';
import { readRules } from '../lib/desired/drift-file.ts';
import { withRules } from '../lib/desired/drift-file-writing.ts';
import { baselineOf } from '../lib/drift/rules/baseline.ts';
import { inForce, underRules } from '../lib/drift/rules/judge.ts';
import { type DriftRule, RULE_LIMITS } from '../lib/drift/rules/rule.ts';
import { fieldOf } from '../lib/drift/rules/rule-fields.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { formatReference } from '../lib/objects/objects.ts';
import { driftRulesFile } from '../lib/repository/layout.ts';
import { ASKING_NOTES, ASKING_OPTIONS, type Asked, askedOf } from './asking.ts';
import { EXIT } from './check.ts';
import { unjudgedIn } from './check-output.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import { type Form, USUAL_EXITS } from './form.ts';
import { CannotJudge, type Observed, observe } from './observing.ts';
import { progressOn } from './progress.ts';

const DAYS = 30;

const FORM = {
  typed: ['baseline [TARGET] --reason TEXT --repo PATH|URL [OPTIONS]'],
  purpose: [
    "Accepts what differs now: checks, and prints a drift.yaml with a rule for each difference, so that only what is new is told from then on. Commit it at the target's root. What drift.yaml has already stays, comments included.",
  ],
  arguments: [
    {
      name: 'TARGET',
      means:
        "the target's name; its files lie below fairlead/TARGET in the repository. Default: the only one",
      completes: 'target',
    },
  ],
  options: {
    reason: {
      type: 'string',
      value: 'TEXT',
      means: 'why that may differ: it stands in every rule, and in every check that is made with it',
    },
    expires: {
      type: 'string',
      value: 'DAY',
      means: `the last day (UTC) on which the rules hold; default: in ${DAYS} days`,
    },
    write: {
      type: 'string',
      value: 'FILE',
      means: 'write it there instead: the file is merged with, if it exists',
      completes: 'file',
    },
    ...ASKING_OPTIONS,
  },
  notes: ASKING_NOTES,
  exits: {
    0: 'all that differs is in it',
    2: 'something could not be judged or written as a rule',
    64: USUAL_EXITS[64],
    130: 'Ctrl-C',
  },
  examples: [
    'npx fairlead baseline staging --repo . --reason "as found when we began" --write fairlead/staging/drift.yaml',
    'npx fairlead baseline --repo . --reason "until the migration ends" --expires 2027-01-31 > drift.yaml',
  ],
} as const satisfies Form;

export const baseline: Command = {
  name: 'baseline',
  summary: 'accept what differs now, as rules in drift.yaml',
  form: FORM,
  async run(argv) {
    const { asked, reason, expires, file } = parse(argv);
    const progress = progressOn(process.stderr, process.env);
    let observed: Observed;
    try {
      observed = await observe(asked, progress);
    } catch (error) {
      if (!(error instanceof CannotJudge)) throw error;
      console.error(`could not judge: ${error.message}`);
      return EXIT.unknown;
    }
    const before = (file === undefined ? undefined : await textOf(file)) ?? observed.driftFile ?? '';
    const known = readRules(before);
    if (known.problems.length > 0) {
      const lines = known.problems.map(({ line, key, message }) => `  line ${line}: ${key} ${message}`);
      throw new UsageError(
        `${file ?? 'drift.yaml in the repository'} has errors; mend them first:\n${lines.join('\n')}`,
      );
    }

    const { rules, unwritable } = baselineOf(newFindings(observed.observation, known.rules), reason, expires);
    if (known.rules.length + rules.length > RULE_LIMITS.rules)
      throw new UsageError(
        `${rules.length} differences are more than a drift.yaml holds (${RULE_LIMITS.rules} rules): ` +
          'write rules that take many together, by kind or path, and ask again for the rest',
      );
    const text = rules.length === 0 ? before : withRules(before, rules);
    if (file === undefined) process.stdout.write(text);
    else if (text !== before) await writeWhole(file, text);
    const unjudged = unjudgedOf(observed.observation);
    const left = [...unwritable.map(nameOf), ...unjudged];
    tell(observed, rules.length, file, left);
    return left.length > 0 ? EXIT.unknown : 0;
  },
};

function tell({ target }: Observed, rules: number, file: string | undefined, left: readonly string[]): void {
  const where = file === undefined ? `as ${driftRulesFile(target)}` : file;
  const count = rules === 1 ? 'one rule' : `${rules} rules`;
  console.error(
    rules === 0
      ? `${left.length === 0 ? 'nothing' : 'besides what is below, nothing'} differs that has no rule`
      : `${count} for what differs now: commit it (${where})`,
  );
  for (const line of left) console.error(`not in it: ${line}`);
}

/** What no rule of the file ignores: it may have rules that are not in Git yet. */
function newFindings({ scopes, at }: Observation, known: readonly DriftRule[]): readonly Finding[] {
  const held = inForce(known, at.slice(0, 'YYYY-MM-DD'.length));
  return scopes.flatMap(({ state, chart }) => {
    if (state.kind !== 'drift' && state.kind !== 'rollout') return [];
    const verdicts = state.findings.map((finding) => ({
      kind: 'drift' as const,
      object: finding.object,
      findings: [finding],
    }));
    const ruled = underRules(verdicts, held, chart?.name).verdicts;
    return ruled.flatMap((verdict) => (verdict.kind === 'drift' ? verdict.findings : []));
  });
}

/** Also of what has drifted besides. Errors in drift.yaml have been told before. */
const unjudgedOf = ({ scopes }: Observation): readonly string[] =>
  scopes.flatMap(({ scope, state }) => {
    const unjudged = unjudgedIn(state);
    if (unjudged === undefined || scope.kind === 'rules') return [];
    const name = `${state.kind === 'unknown' ? '' : 'some of '}${formatScope(scope)}`;
    return [oneLine(`${name} could not be judged: ${unjudged.reason}`)];
  });

const nameOf = ({ object, at, verdict }: Finding): string =>
  oneLine(`${formatReference(object)} ${at || verdict}`.slice(0, SHOWN));
const SHOWN = 300;

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Never half: an interrupted run leaves people's rules as they were. */
async function writeWhole(file: string, text: string): Promise<void> {
  const passing = join(dirname(file), `.drift.yaml.${process.pid}`);
  try {
    await writeFile(passing, text, { flag: 'wx' });
    await rename(passing, file);
  } catch (error) {
    await rm(passing, { force: true });
    throw new UsageError(
      isMissing(error)
        ? `there is no folder ${dirname(file)}`
        : `${file} cannot be written: ${(error as Error).message}`,
    );
  }
}

function parse(argv: readonly string[]): {
  readonly asked: Asked;
  readonly reason: string;
  readonly expires: string;
  readonly file?: string;
} {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: FORM.options,
  });
  if (positionals.length > 1) throw new UsageError(`one target at a time, not ${positionals.join(', ')}`);
  const today = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  const expires = values.expires ?? inDays(DAYS);
  for (const [key, value] of [
    ['reason', values.reason],
    ['expires', expires],
  ] as const) {
    if (value === undefined) throw new UsageError(`missing: --${key}: say why that may differ`);
    const wrong = fieldOf({}, key, value);
    if (wrong !== undefined) throw new UsageError(`--${key} ${wrong.message}`);
  }
  if (expires < today) throw new UsageError(`--expires ${expires} is over: such rules would ignore nothing`);
  return {
    asked: askedOf(values, positionals[0]),
    reason: (values.reason ?? '').trim(),
    expires,
    ...(values.write === undefined ? {} : { file: resolve(values.write) }),
  };
}

const inDays = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 'YYYY-MM-DD'.length);
