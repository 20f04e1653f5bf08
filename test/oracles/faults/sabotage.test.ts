import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SABOTAGES } from './sabotage.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

for (const [name, { file, from, to }] of Object.entries(SABOTAGES)) {
  test(`the sabotage ${name} still finds what it takes away, once`, async () => {
    const text = await readFile(join(ROOT, file), 'utf8');
    assert.equal(text.split(from).length - 1, 1, `${file}: ${from}`);
    assert.notEqual(
      text.replace(from, () => to),
      text,
    );
  });
}
