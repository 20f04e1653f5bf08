import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { helmIgnore } from '../../../../lib/charts/package/helmignore.ts';
import { tools } from '../../../../local/tools.ts';
import { chartFile } from './packages.ts';

const PATHS = [
  'templates/a.yaml',
  'templates/b.yaml',
  'templates/sub/a.yaml',
  'templates/.hidden.yaml',
  'templates/[x].yaml',
];
const RULES = [
  '',
  'a.yaml',
  'templates/a.yaml',
  '/templates/a.yaml',
  'sub/',
  'templates/sub',
  'templates/*',
  '*.yaml',
  '!templates',
  'te?plates/b.yaml',
  '[ab].yaml',
  '[!a].yaml',
  '[^a].yaml',
  '/a.yaml',
  'templates/',
  '# a.yaml',
  '\\[x\\].yaml',
  'x\n\n  b.yaml  ',
];

describe('a .helmignore hides what helm itself passes over', () => {
  for (const rule of RULES) {
    test(JSON.stringify(rule), async () => {
      const hidden = helmIgnore(rule);
      const ours = PATHS.filter((path) => hidden(path) === undefined);
      assert.deepEqual(ours, await seenByHelm(rule));
    });
  }
});

/** The templates that helm renders of a chart with that .helmignore. */
async function seenByHelm(rule: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-ignore-'));
  try {
    const files = { 'Chart.yaml': chartFile(), '.helmignore': rule };
    const templates = PATHS.map((path, index) => [
      path,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x${index}}\n`,
    ]);
    for (const [path, text] of [...Object.entries(files), ...templates]) {
      const file = join(folder, path ?? '');
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text ?? '');
    }
    const { helm } = await tools();
    const { stdout } = await promisify(execFile)(helm, ['template', 'x', folder], {
      env: { HOME: folder },
    }).catch(() => ({ stdout: '' }));
    return PATHS.filter((path) => stdout.includes(`# Source: web/${path}\n`));
  } finally {
    await rm(folder, { recursive: true });
  }
}
