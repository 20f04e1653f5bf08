/**
 * `npm run bench -- NAME`: measures, against a reference in the same run, since machines differ and days too.
 * The last line is JSON.
 */
export interface Bench {
  /** What it measures, in a line. */
  readonly about: string;
  /** Prints as it goes; the answer is the last line. @param argv what follows the name */
  measure(argv: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
}

const BENCHES: Readonly<Record<string, () => Promise<{ bench: Bench }>>> = {
  drift: () => import('./drift.ts'),
  bundles: () => import('./bundles.ts'),
  deliver: () => import('./deliver.ts'),
  cost: () => import('./cost.ts'),
};

const [name = '', ...argv] = process.argv.slice(2);
const load = BENCHES[name];
if (load === undefined) {
  console.error(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(1);
}
const { bench } = await load();
console.log(`${name}: ${bench.about}`);
console.log(JSON.stringify({ bench: name, node: process.version, ...(await bench.measure(argv)) }));
