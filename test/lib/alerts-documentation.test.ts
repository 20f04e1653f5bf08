import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIFE } from '../../lib/alerts/alert.ts';

/**
 * The examples of docs/alerts.md are what the program prints: the golden files of its forms. A marker says which one,
 * and which lines of it; what stands below it is made from that.
 *
 *   <!-- printed: drift.email, from WHAT DIFFERS, until WHAT TO DO -->
 */
const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'alerts.md');
const GOLDEN = join(import.meta.dirname, 'alerts', 'golden');
const MARKER =
  /<!-- printed: ([\w-]+)\.email(?:, from ([^,>]+?))?(?:, until ([^,>]+?))? -->\n(?:```\n[\s\S]*?^```\n)?/gm;

const text = readFileSync(PAGE, 'utf8');

function excerpt(name: string, from: string | undefined, until: string | undefined): string {
  const file = join(GOLDEN, `${name}.email.golden.txt`);
  assert.ok(existsSync(file), `docs/alerts.md shows ${name}, which no golden file is of`);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const at = (begin: string) => {
    const index = lines.findIndex((line) => line.startsWith(begin));
    assert.ok(index > 0, `${name}.email has no line that begins with "${begin}"`);
    return index;
  };
  const [first, last] = [from === undefined ? 0 : at(from), until === undefined ? lines.length : at(until)];
  // The subject and the sentence below it say what it is about, wherever the excerpt begins.
  const head = first === 0 ? [] : [lines[0] ?? '', '', '[…]', ''];
  const shown = lines.slice(first, last);
  while (shown.at(-1) === '') shown.pop();
  return [...head, ...shown, ...(last < lines.length ? ['', '[…]'] : [])].join('\n');
}

test('docs/alerts.md shows alerts as they are printed', () => {
  const expected = text.replace(
    MARKER,
    (_whole, name: string, from?: string, until?: string) =>
      `<!-- printed: ${name}.email${from === undefined ? '' : `, from ${from}`}${until === undefined ? '' : `, until ${until}`} -->\n\`\`\`\n${excerpt(name, from, until)}\n\`\`\`\n`,
  );
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(PAGE, expected);
  const has = text.split('\n');
  const different = expected.split('\n').find((line, index) => line !== has[index]);
  assert.equal(different, undefined, 'run it with FAIRLEAD_WRITE_DOCS=1 to write the examples anew');
});

test('docs/alerts.md says of every kind what it means, what to do, and how it looks', () => {
  const sections = new Map(
    text
      .split(/^### /m)
      .slice(1)
      .flatMap((section) => {
        const title = section.slice(0, section.indexOf('\n'));
        const body = section.split(/^## /m)[0] ?? '';
        return [...title.matchAll(/`([a-z-]+)`/g)].map(([, kind = '']) => [kind, body] as const);
      }),
  );
  assert.deepEqual([...sections.keys()].sort(), Object.keys(LIFE).sort());
  for (const [kind, body] of sections) {
    assert.match(body, /\*\*Do\b/, kind);
    assert.match(body, /<!-- printed: /, kind);
  }
  const [, table = ''] = /\| kind \| when \| severity \|\n([\s\S]*?)\n\n/.exec(text) ?? [];
  const listed = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, kind = '']) => kind));
  assert.deepEqual(listed.sort(), Object.keys(LIFE).sort());
});
