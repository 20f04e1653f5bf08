import * as fc from 'fast-check';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { holdToTheLetter } from './calm.ts';
import { calmScenario, type Scenario, stormyScenario } from './commands.ts';
import { holdAlways } from './invariants.ts';
import { holdForMany } from './many.ts';
import { holdForPeople } from './people.ts';
import { type Played, play } from './play.ts';
import { Violation } from './record.ts';
import { holdAtRest } from './rest.ts';

/** What runs have done, and what one of them has broken. */
export interface Ran {
  readonly runs: number;
  readonly commands: number;
  readonly checks: number;
  readonly alerts: number;
  /** How often each kind was told: what never comes was never tried. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly violation?: { readonly why: string; readonly path: string; readonly scenario: Scenario };
}

/** A calm run in this many: what is told is held against the model to the letter. */
const CALM_IN = 3;
const scenarios = fc.oneof(
  {
    weight: CALM_IN - 1,
    arbitrary: stormyScenario.map((scenario) => ({ weather: 'storm' as const, scenario })),
  },
  { weight: 1, arbitrary: calmScenario.map((scenario) => ({ weather: 'calm' as const, scenario })) },
);
type Weather = 'storm' | 'calm';

const kindOf = (alert: Alert): string => {
  const isOfMany =
    alert.kind !== 'summary' &&
    (('members' in alert && alert.members !== undefined) ||
      ('scopes' in alert && alert.scopes !== undefined));
  return `${alert.kind}${isOfMany ? ' of many' : ''}${alert.quiet === undefined ? '' : ', quiet'}`;
};

/** @param beside rules that are known to be broken, to see what else is */
export async function tryScenario(
  weather: Weather,
  scenario: Scenario,
  beside: readonly string[] = [],
): Promise<Played> {
  const played = await play(scenario);
  for (const hold of [
    holdAlways,
    holdAtRest,
    holdForPeople,
    holdForMany,
    ...(weather === 'calm' ? [holdToTheLetter] : []),
  ]) {
    try {
      hold(played);
    } catch (error) {
      if (!(error instanceof Violation && beside.includes(error.rule))) throw error;
    }
  }
  return played;
}

export interface RunOptions {
  /** Of a failure that was shown: to play that one alone. */
  readonly path?: string | undefined;
  /** Rules that are known to be broken. */
  readonly beside?: readonly string[];
  /** Whether a run that fails is made as short as it can be. */
  readonly shrink?: 'yes' | 'no';
}

export async function runAll(
  runs: number,
  seed: number,
  { path, beside = [], shrink = 'yes' }: RunOptions = {},
): Promise<Ran> {
  const total = { runs: 0, commands: 0, checks: 0, alerts: 0 };
  const kinds: Record<string, number> = {};
  let failed: 'not yet' | 'shrinking' = 'not yet';
  const property = fc.asyncProperty(scenarios, async ({ weather, scenario }) => {
    try {
      const { record } = await tryScenario(weather, scenario, beside);
      if (failed === 'shrinking') return;
      total.runs++;
      total.commands += scenario.commands.length;
      for (const entry of record) {
        if (entry.kind === 'looked') total.checks++;
        if (entry.kind !== 'said') continue;
        total.alerts++;
        const kind = kindOf(entry.alert);
        kinds[kind] = (kinds[kind] ?? 0) + 1;
      }
    } catch (error) {
      failed = 'shrinking';
      throw error;
    }
  });
  const answer = await fc.check(property, {
    numRuns: runs,
    seed,
    ...(path === undefined ? {} : { path }),
    endOnFailure: shrink === 'no',
  });
  if (!answer.failed) return { ...total, kinds };
  const scenario = answer.counterexample?.[0]?.scenario;
  if (scenario === undefined)
    throw new Error(`runs ended without an answer: ${fc.defaultReportMessage(answer)}`);
  const error: unknown = answer.errorInstance;
  return {
    ...total,
    kinds,
    violation: {
      why:
        error instanceof Error
          ? `${error.message}${error.constructor.name === 'Violation' ? '' : `\n${error.stack}`}`
          : String(error),
      path: answer.counterexamplePath ?? '',
      scenario,
    },
  };
}
