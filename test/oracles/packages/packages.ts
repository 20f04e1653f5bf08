import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';
import { packages } from './charts/charts.ts';
import { WAYS, type Way } from './package.ts';
import { runPackages } from './run.ts';

/**
 * npm run packages [-- --only NAME[,NAME] --by helm4|client-side|helm-controller]
 * Chart packages of our own, shaped like real ones, on a real control plane with controllers, scheduler and kwok: each
 * is installed, upgraded, changed by hand and repaired, by every way that people deploy with, and judged after each
 * step as in production. Nothing may be found but what was changed by hand, and all of that. Exits with 1 on anything
 * else; the last line is JSON with the totals.
 */
const { values } = parseArgs({
  args: argv.slice(2),
  options: { only: { type: 'string' }, by: { type: 'string' } },
});
const isWay = (text: string): text is Way => (WAYS as readonly string[]).includes(text);
const ways = values.by === undefined ? WAYS : values.by.split(',').filter(isWay);
const wanted = values.only?.split(',');
const known = await packages();
const charts = known.filter(({ name }) => wanted === undefined || wanted.includes(name));
if (ways.length === 0 || charts.length === 0) {
  console.error(`which? --by ${WAYS.join('|')} --only ${known.map(({ name }) => name).join('|')}`);
  exit(2);
}
const total = await runPackages(charts, ways, (line) => console.log(line));
console.log(JSON.stringify(total));
process.exitCode = total.wrong === 0 ? 0 : 1;
