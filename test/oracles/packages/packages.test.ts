import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requirement } from '../../requirements.ts';
import { packages } from './charts/charts.ts';
import { runPackages } from './run.ts';

/** A few of them; `npm run packages` plays all, in every way that people deploy. */
const SOME = ['password', 'kept-password', 'counted'];

test(
  'charts are in sync as helm deployed them, and edits are found and repaired',
  requirement('nodes'),
  async () => {
    const said: string[] = [];
    const charts = (await packages()).filter(({ name }) => SOME.includes(name));
    assert.equal(charts.length, SOME.length);
    const total = await runPackages(charts, ['helm4'], (line) => said.push(line));
    assert.equal(total.wrong, 0, said.join('\n'));
    assert.ok(total.editsFound >= 10, said.join('\n'));
  },
);
