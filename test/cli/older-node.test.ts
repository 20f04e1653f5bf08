import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { nodes } from './command-line.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** JSON that a cluster could bring, and what must come of it: `bigint` as `123n`. */
const TEXTS: readonly string[] = [
  '{"a":9007199254740993,"b":-9223372036854775808,"c":1}',
  '[9007199254740993.5, 1e400, 12345678901234567890e2, 0.1234567890123456789]',
  '{"text":"9007199254740993","escaped":"\\"9007199254740993\\" \\\\","\\u0039007199254740993":9007199254740993}',
  '{"9007199254740993":[9007199254740993,{"__proto__":9007199254740993}]}',
  '9007199254740993',
  '"fairlead-0000:9007199254740993"',
  '{9007199254740993:1}',
  '[09007199254740993]',
  '[9007199254740993,]',
  '{"a":"\u2028 9007199254740993 \ud83d\ude00"}',
];

const PROBE = `
import { formatJson, parseJson } from ${JSON.stringify(join(ROOT, 'lib/objects/json.ts'))};
const show = (value: unknown): string =>
  typeof value === 'bigint' ? value + 'n'
  : Array.isArray(value) ? '[' + value.map(show).join() + ']'
  : value !== null && typeof value === 'object' ? '{' + Object.entries(value).map(([k, v]) => JSON.stringify(k) + ':' + show(v)).join() + '}'
  : typeof value === 'number' ? String(value) : JSON.stringify(value);
const said = [];
for (const text of JSON.parse(process.argv[2] ?? '')) {
  try { const value = parseJson(text); said.push([show(value), formatJson(value), formatJson([value], 2)]); }
  catch (error) { said.push([(error as Error).name]); }
}
function* counting() { yield 1; yield 2; yield 3; }
const groups = Map.groupBy(counting(), (item) => item % 2);
said.push([
  counting().map((item) => item * 2).filter((item) => item > 2).toArray().join(),
  counting().take(2).toArray().join(), counting().drop(1).toArray().join(),
  String(counting().some((item) => item === 3)), String(counting().every((item) => item < 3)),
  String(counting().find((item) => item > 1)), String(counting().reduce((sum, item) => sum + item, 0)),
  counting().flatMap((item) => [item, item]).toArray().join(),
  show([...groups]), show(Object.groupBy([1, 2, 3], (item) => (item > 1 ? 'many' : 'one'))),
  show([...new Set([1, 2, 3]).difference(new Set([2]))]), show([...new Set([1]).union(new Set([2]))]),
  show(await Array.fromAsync((async function* () { yield 1; yield 2; })())),
  String(new RegExp('^' + RegExp.escape('1a.b-c*[x] y') + '$').test('1a.b-c*[x] y')),
]);
console.log(JSON.stringify(said));
`;

describe('what an older Node is lent', () => {
  let folder: string;
  let program: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    await writeFile(join(folder, 'probe.ts'), PROBE);
    program = join(folder, 'probe.mjs');
    await build({
      entryPoints: [join(folder, 'probe.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      inject: [join(ROOT, 'cli/package/older-node.ts')],
      logLevel: 'error',
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('gives the same as the newest has by itself: whole numbers, groups, iterators', async () => {
    const said = new Map<string, string>();
    for (const [version, node] of await nodes()) {
      const { stdout } = await promisify(execFile)(node, [program, JSON.stringify(TEXTS)]);
      said.set(version, stdout);
    }
    const [own] = said.values();
    for (const [version, each] of said) assert.deepEqual(JSON.parse(each), JSON.parse(own ?? ''), version);
    const [first, , keys] = JSON.parse(own ?? '');
    assert.equal(first[0], '{"a":9007199254740993n,"b":-9223372036854775808n,"c":1}');
    assert.equal(first[1], '{"a":9007199254740993,"b":-9223372036854775808,"c":1}');
    assert.match(keys[0], /"text":"9007199254740993"/);
  });
});
