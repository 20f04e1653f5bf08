import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { run } from './run.ts';
import { playScript } from './script.ts';

/**
 * npm run mutations -- DIR --count N --seed S [--strip|--forge] [--only TEXT]
 * npm run mutations -- --script FILE.json
 * Puts each rendered chart of a folder on a real control plane with its controllers, changes its objects as people
 * and programs do, and holds what lib/drift finds against what was done. Exits with 1 on a miss or a false finding.
 * The last line is JSON with the totals.
 */
const { values, positionals } = parseArgs({
  args: argv.slice(2),
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    strip: { type: 'boolean', default: false },
    forge: { type: 'boolean', default: false },
    only: { type: 'string' },
    script: { type: 'string' },
  },
  allowPositionals: true,
});
const [folder] = positionals;
const count = Number(values.count);
if (values.script !== undefined) process.exitCode = await playScript(values.script);
else if (folder === undefined || !Number.isSafeInteger(count) || count < 1) {
  console.error('npm run mutations -- DIR --count N --seed S [--strip|--forge], or --script FILE.json');
  process.exitCode = 2;
} else process.exitCode = await run({ ...values, folder, count });
