import type { Observation } from '../lib/checks/observation.ts';
import { type Asked, askedOf } from './asking.ts';
import { CHECK_FORM, FORMS, HERE_OPTIONS } from './check-form.ts';
import { formatObservation, formatObservationJson, unjudgedIn } from './check-output.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { formatJunit } from './junit.ts';
import { CannotJudge, observe } from './observing.ts';
import { paintOn, progressOn } from './progress.ts';
import { only } from './selecting.ts';

/** What a check says to programs: by its exit code. */
export const EXIT = { 'in-sync': 0, drift: 1, unknown: 2 } as const;

export const check: Command = {
  name: 'check',
  summary: 'compare a cluster with its repository, from here',
  form: CHECK_FORM,
  async run(argv) {
    // Loaded where it is asked for: a check from here needs no cloud's client libraries.
    if (argv.includes('--remote')) return await (await import('./check-remote.ts')).checkRemote(argv);
    const { asked, form, wanted } = parse(argv);
    const progress = progressOn(process.stderr, process.env);
    try {
      const observed = await observe(asked, progress);
      const observation = only(observed.observation, wanted);
      console.log(formatted[form](observation, observed.cluster));
      return EXIT[outcomeOf(observation)];
    } catch (error) {
      if (!(error instanceof CannotJudge)) throw error;
      // A program that reads the answer is told in its own form, a person on the other stream.
      if (form !== 'text') console.log(formatted[form](notJudged(asked, error.message), ''));
      console.error(`could not judge: ${error.message}`);
      return EXIT.unknown;
    }
  },
};

const formatted: Readonly<Record<(typeof FORMS)[number], (seen: Observation, cluster: string) => string>> = {
  text: (seen, cluster) => formatObservation(seen, cluster, paintOn(process.stdout, process.env)),
  json: formatObservationJson,
  junit: formatJunit,
};

/** What a program is told in its own form where nothing could be judged. */
export const notJudged = ({ name }: Asked, reason: string): Observation => ({
  target: name ?? '',
  commit: '',
  sequence: 0,
  at: new Date().toISOString(),
  scopes: [{ scope: { kind: 'target' }, state: { kind: 'unknown', reason } }],
});

export function outcomeOf({ scopes }: Observation): keyof typeof EXIT {
  if (scopes.some(({ state }) => unjudgedIn(state) !== undefined)) return 'unknown';
  const kinds = scopes.map(({ state }) => state.kind);
  if (kinds.includes('drift') || kinds.includes('rollout')) return 'drift';
  // A target or folder that is mistyped declares nothing: no CI job may take that for in sync.
  return scopes.some(({ scope }) => scope.kind !== 'target' && scope.kind !== 'rules')
    ? 'in-sync'
    : 'unknown';
}

function parse(argv: readonly string[]): {
  asked: Asked;
  form: (typeof FORMS)[number];
  wanted: readonly string[];
} {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: HERE_OPTIONS,
  });
  if (positionals.length > 1) throw new UsageError(`one target at a time, not ${positionals.join(', ')}`);
  const [name] = positionals;
  if (name?.includes('/'))
    throw new UsageError(`"${name}" is no target: --only ${name} shows one release of a target`);
  return {
    asked: askedOf(values, name),
    form: oneOf(FORMS, values.output, '-o'),
    wanted: values.only ?? [],
  };
}
