import type { Observation } from '../lib/checks/observation.ts';
import { ASKING_OPTIONS, ASKING_USAGE, type Asked, askedOf } from './asking.ts';
import { formatObservation, formatObservationJson } from './check-output.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { CannotJudge, observe } from './observing.ts';

const USAGE = `npx fairlead check [TARGET] --repo PATH|URL [--kubeconfig FILE] [OPTIONS]

Compares a cluster with what a branch of its repository declares. Only reads; installs nothing.

  TARGET             the target's name; its files lie below fairlead/TARGET in the repository
  -o text|json       default: text
${ASKING_USAGE}
Exit: 0 in sync, 1 drift, 2 could not judge all of it.`;

const EXIT = { 'in-sync': 0, drift: 1, unknown: 2 } as const;
const FORMS = ['text', 'json'] as const;

export const check: Command = {
  name: 'check',
  summary: 'compare a cluster with its repository, from here',
  usage: USAGE,
  async run(argv) {
    const { asked, form } = parse(argv);
    try {
      const { observation, cluster } = await observe(asked);
      console.log(
        form === 'json' ? formatObservationJson(observation) : formatObservation(observation, cluster),
      );
      return EXIT[outcomeOf(observation)];
    } catch (error) {
      if (!(error instanceof CannotJudge)) throw error;
      console.error(`could not judge: ${error.message}`);
      return EXIT.unknown;
    }
  },
};

export function outcomeOf({ scopes }: Observation): keyof typeof EXIT {
  const kinds = scopes.map(({ state }) => state.kind);
  if (kinds.includes('unknown')) return 'unknown';
  if (kinds.includes('drift') || kinds.includes('rollout')) return 'drift';
  // A target or folder that is mistyped declares nothing: no CI job may take that for in sync.
  return scopes.some(({ scope }) => scope.kind !== 'target' && scope.kind !== 'rules')
    ? 'in-sync'
    : 'unknown';
}

function parse(argv: readonly string[]): { asked: Asked; form: (typeof FORMS)[number] } {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: { ...ASKING_OPTIONS, output: { type: 'string', short: 'o', default: 'text' } },
  });
  if (positionals.length > 1) throw new UsageError(`one target at a time, not ${positionals.join(', ')}`);
  return { asked: askedOf(values, positionals[0]), form: oneOf(FORMS, values.output, '-o') };
}
