import type { Bench } from './bench.ts';
import { measureCheck } from './drift/check.ts';
import { measureCompare } from './drift/compare.ts';
import { measureMemory } from './drift/memory.ts';
import { only } from './drift/only.ts';

/**
 * `npm run bench -- drift [only=check|first|compare|memory] [--quick] [cli=FILE]`
 *   check    a whole `npx fairlead check` of an unchanged target, against `kubectl diff --server-side` and bare lists
 *   first    the same with nothing kept, and with a new commit
 *   compare  microseconds an object, by kind, over a corpus of rendered charts
 *   memory   peak memory and time of 5,000 to 20,000 objects
 * `cli`: what is run as `fairlead`, if not the bundle that `npm run pack` publishes, made for the run.
 */
export const bench: Bench = {
  about: 'a check of a cluster, against what kubectl needs for the same',
  async measure(argv) {
    const asked = only(argv);
    return {
      ...(asked.parts.has('check') || asked.parts.has('first') ? await measureCheck(asked) : {}),
      ...(asked.parts.has('compare') ? { compare: await measureCompare(asked) } : {}),
      ...(asked.parts.has('memory') ? { memory: await measureMemory(asked) } : {}),
    };
  },
};
