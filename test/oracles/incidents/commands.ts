import * as fc from 'fast-check';
import type { Expectations } from './model.ts';
import { PLACES, type Place, type Readable } from './world.ts';

/** What happens in a run, in plain data, so that a run that fails can be made shorter and printed. */
export type Command =
  | { readonly do: 'edit'; readonly releases: Which; readonly place: Place; readonly value: number }
  | { readonly do: 'put back'; readonly releases: Which; readonly place: Place }
  | { readonly do: 'heal'; readonly releases: Which }
  | { readonly do: 'ready'; readonly releases: Which; readonly is: boolean }
  | { readonly do: 'readable'; readonly releases: Which; readonly how: Readable }
  | { readonly do: 'commit'; readonly releases: Which; readonly applied: boolean }
  | { readonly do: 'apply'; readonly releases: Which }
  | { readonly do: 'declare'; readonly releases: Which; readonly is: boolean }
  | { readonly do: 'hide'; readonly what: 'target' | 'manifests'; readonly is: boolean }
  | { readonly do: 'check'; readonly who: number; readonly how: Pace }
  /** One of the observations that were told before comes again, as it was. */
  | { readonly do: 'again'; readonly pick: number; readonly how: Pace }
  | { readonly do: 'steps'; readonly picks: readonly number[] }
  | { readonly do: 'finish'; readonly seed: number }
  | { readonly do: 'crash'; readonly pick: number; readonly when: 'before' | 'after' }
  | { readonly do: 'deliver'; readonly pick: number; readonly how: Pace }
  /** The stream gives one of its records up. */
  | { readonly do: 'lose'; readonly pick: number }
  | { readonly do: 'outage'; readonly channel: Channel; readonly times: number }
  | { readonly do: 'sweep'; readonly how: Pace }
  | { readonly do: 'index' }
  /** Of a release, or of the target. */
  | { readonly do: 'snooze'; readonly release: number | undefined; readonly minutes: number }
  | { readonly do: 'time'; readonly minutes: number };

/** Bits: which releases, of as many as the run has. */
export type Which = number;
/** `at once`: it does all its steps while the others stand still. */
export type Pace = 'at once' | 'racing';
export const CHANNELS = ['report', 'pager', 'email', 'chat', 'bus'] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Scenario {
  readonly expectations: Expectations;
  readonly releases: number;
  /** Minutes that each checker's clock is off. */
  readonly skews: readonly number[];
  readonly commands: readonly Command[];
}

/** Releases of the largest run: a burst is more than five. */
const RELEASES = 8;
const pick = fc.nat({ max: 20 });
const which: fc.Arbitrary<Which> = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 2 }).map((one) => 1 << one) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: (1 << RELEASES) - 1 }) },
  { weight: 3, arbitrary: fc.constant((1 << RELEASES) - 1) },
);
const pace: fc.Arbitrary<Pace> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('at once' as const) },
  { weight: 2, arbitrary: fc.constant('racing' as const) },
);
const often = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });
const is = <Name extends Command['do']>(name: Name) => fc.constant(name);

/** What happens to the cluster and to Git. */
const changes = [
  often(
    8,
    fc.record({
      do: is('edit'),
      releases: which,
      place: fc.constantFrom(...PLACES),
      value: fc.integer({ min: 1, max: 2 }),
    }),
  ),
  often(4, fc.record({ do: is('put back'), releases: which, place: fc.constantFrom(...PLACES) })),
  often(5, fc.record({ do: is('heal'), releases: which })),
  often(2, fc.record({ do: is('ready'), releases: which, is: fc.boolean() })),
  often(4, fc.record({ do: is('readable'), releases: which, how: fc.constantFrom('all', 'part', 'none') })),
  often(4, fc.record({ do: is('commit'), releases: which, applied: fc.boolean() })),
  often(3, fc.record({ do: is('apply'), releases: which })),
  often(2, fc.record({ do: is('declare'), releases: which, is: fc.boolean() })),
  often(2, fc.record({ do: is('hide'), what: fc.constantFrom('target', 'manifests'), is: fc.boolean() })),
];
const goingOn = [
  often(
    2,
    fc.record({
      do: is('snooze'),
      release: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
      minutes: fc.constantFrom(10, 60, 1600),
    }),
  ),
  often(5, fc.record({ do: is('time'), minutes: fc.constantFrom(1, 5, 6, 16, 61, 1500) })),
  often(4, fc.record({ do: is('deliver'), pick, how: fc.constant('at once') })),
];

/** Nobody races, dies or comes late: what is told is known beforehand to the letter. */
const calm: fc.Arbitrary<Command> = fc.oneof(
  ...changes,
  ...goingOn,
  often(22, fc.record({ do: is('check'), who: fc.constant(0), how: fc.constant('at once') })),
);

const stormy: fc.Arbitrary<Command> = fc.oneof(
  ...changes,
  ...goingOn,
  often(20, fc.record({ do: is('check'), who: fc.nat({ max: 2 }), how: pace })),
  often(3, fc.record({ do: is('again'), pick, how: pace })),
  often(10, fc.record({ do: is('steps'), picks: fc.array(pick, { minLength: 1, maxLength: 12 }) })),
  often(4, fc.record({ do: is('finish'), seed: fc.nat({ max: 1000 }) })),
  often(5, fc.record({ do: is('crash'), pick, when: fc.constantFrom('before', 'after') })),
  often(5, fc.record({ do: is('deliver'), pick, how: pace })),
  often(2, fc.record({ do: is('lose'), pick })),
  often(
    1,
    fc.record({
      do: is('outage'),
      channel: fc.constantFrom(...CHANNELS),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  often(2, fc.record({ do: is('sweep'), how: pace })),
  often(1, fc.record({ do: is('index') })),
);

const LENGTH = 40;
const few = fc.integer({ min: 1, max: 3 });
const fewOrMany = fc.oneof(
  { weight: 1, arbitrary: few },
  { weight: 1, arbitrary: fc.integer({ min: 6, max: RELEASES }) },
);
const expectations: fc.Arbitrary<Expectations> = fc.record({
  firstCheck: fc.constantFrom('alert', 'observe'),
  remindAfterHours: fc.constantFrom(0, 1, 24),
});
const scenarioOf = (
  command: fc.Arbitrary<Command>,
  releases: fc.Arbitrary<number>,
  skew: fc.Arbitrary<number>,
): fc.Arbitrary<Scenario> =>
  fc.record({
    releases,
    expectations,
    skews: fc.array(skew, { minLength: 3, maxLength: 3 }),
    commands: fc.array(command, { maxLength: LENGTH, size: 'max' }),
  });

export const calmScenario = scenarioOf(calm, few, fc.constant(0));
/** Clocks are right, or off by as much as twenty minutes. */
export const stormyScenario = scenarioOf(
  stormy,
  fewOrMany,
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -20, max: 20 }) },
  ),
);
