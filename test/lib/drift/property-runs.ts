import fc from 'fast-check';

/** Properties that are tried with it: metamorphic.test.ts and custom-metamorphic.test.ts. */
const PROPERTIES = 16;
const QUICK = 150;

const total = Number(process.env.FAIRLEAD_PROPERTY_RUNS ?? '');
const seed = Number(process.env.FAIRLEAD_PROPERTY_SEED || Date.now() % 2 ** 31);

/**
 * How often each property is tried. `FAIRLEAD_PROPERTY_RUNS=100000`: that many cases in all, over both files.
 * `FAIRLEAD_PROPERTY_SEED`: the same cases again.
 */
export const RUNS = {
  numRuns: total > 0 ? Math.ceil(total / PROPERTIES) : QUICK,
  seed,
};

let tried = 0;
if (total > 0)
  process.once('exit', () => {
    process.stderr.write(`${tried} cases tried, seed ${seed}\n`);
  });

/** A property that must hold for each case, counted. @throws with the smallest case that does not */
export function holds<T>(cases: fc.Arbitrary<T>, check: (value: T) => void): void {
  const counted = (value: T) => {
    tried++;
    check(value);
  };
  fc.assert(fc.property(cases, counted), RUNS);
}
