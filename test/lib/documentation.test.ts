import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RIGHTS } from '../../cli/junit.ts';
import { REASONS } from '../../lib/charts/reasons.ts';
import { readRules } from '../../lib/desired/drift-file.ts';
import { fieldOf, SELECTORS } from '../../lib/drift/rules/rule-fields.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCS = join(ROOT, 'docs');
const pages = [
  ...readdirSync(DOCS).map((name) => `docs/${name}`),
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
].filter((file) => file.endsWith('.md'));
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test('docs/uploading.md has every reason for a rejection, in the words that people get', () => {
  const file = 'docs/uploading.md';
  const cell = (text: string) => text.replaceAll('|', '\\|').replace(/[<>]/g, (sign) => `\\${sign}`);
  const table = [
    '| code | what it says | what to do |',
    '|---|---|---|',
    ...Object.entries(REASONS).map(
      ([code, { says, whatToDo }]) => `| \`${code}\` | ${cell(says)} | ${cell(whatToDo)} |`,
    ),
    '',
  ].join('\n');
  const text = textOf(file);
  const begin = text.indexOf('-->\n', text.indexOf('<!-- made from')) + '-->\n'.length;
  const expected = `${text.slice(0, begin)}${table}${text.slice(text.indexOf('<!-- end -->'))}`;
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(join(ROOT, file), expected);
  const [has, wanted] = [text, expected].map((page) => page.split('\n'));
  const different = wanted?.filter((line, index) => line !== has?.[index]);
  assert.equal(
    different?.length,
    0,
    `run it with FAIRLEAD_WRITE_DOCS=1 to write the table anew; the first line that differs: ${different?.[0]}`,
  );
});

test('what the documentation points at is there', () => {
  const gone = pages.flatMap((page) =>
    [...textOf(page).matchAll(/`((?:docs|lib|test|infra|functions|local|cli|bench)\/[\w./-]*)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(gone, []);
});

test('every page is in the table of the README', () => {
  const readme = textOf('README.md');
  assert.deepEqual(
    pages.filter((page) => page.startsWith('docs/') && !readme.includes(`](${page})`)),
    [],
  );
});

test('a section that a page or a source names is in the page that it names', () => {
  const files = execFileSync('git', ['ls-files', '-z', '--', '*.md', '*.ts'], { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(ROOT, file)));
  const headings = new Map(
    pages.map((page) => [
      page,
      new Set(
        [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.replaceAll('`', '')),
      ),
    ]),
  );
  const named = files.flatMap((file) =>
    // Comments and paragraphs are wrapped anywhere.
    [
      ...textOf(file)
        .replace(/\n\s*(?:\*|\/\/)?\s*/g, ' ')
        .matchAll(/(docs\/[a-z-]+\.md)`?,? "([^"]+)"/g),
    ].map(([, page = '', section = '']) => ({ file, page, section })),
  );
  assert.ok(named.length >= 10);
  assert.deepEqual(
    named.filter(({ page, section }) => headings.get(page)?.has(section) !== true),
    [],
  );
});

test('every room of lib and every file of infra is on the map of the code', () => {
  const map = textOf('docs/architecture.md');
  const rooms = readdirSync(join(ROOT, 'lib')).filter((name) => !map.includes(`\n  ${name}/ `));
  const files = readdirSync(join(ROOT, 'infra'), { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      path.endsWith('.ts') &&
      !path.startsWith('watch/') &&
      !map.includes(`\`${path}\``) &&
      !map.includes(`\`${path.split('/').at(-1)}\``),
  );
  assert.deepEqual({ rooms, files }, { rooms: [], files: [] });
});

test('scripts that the documentation names exist', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const gone = pages.flatMap((page) =>
    [...textOf(page).matchAll(/npm (?:run ([a-z]+)|(start|test))\b/g)]
      .map(([, run, short]) => run ?? short ?? '')
      .filter((name) => scripts[name] === undefined)
      .map((name) => `${page}: npm run ${name}`),
  );
  assert.deepEqual(gone, []);
});

test('the drift.yaml that docs/drift.md shows has no error, and its table every key', () => {
  const text = textOf('docs/drift.md');
  const files = [...text.matchAll(/^```yaml\n(rules:\n[\s\S]*?)^```$/gm)].map(([, file = '']) => file);
  assert.equal(files.length, 2);
  for (const file of files) {
    const { rules, problems } = readRules(file);
    assert.deepEqual(problems, []);
    assert.equal(rules.length, file.match(/^ {2}- /gm)?.length);
  }
  const [, table = ''] = /\| key \| what it is \|\n([\s\S]*?)\n\n/.exec(text) ?? [];
  const documented = table.split('\n').flatMap((row) => {
    const [, keys = ''] = row.split('|');
    return [...keys.matchAll(/`(\w+)`/g)].map(([, key = '']) => key);
  });
  const keys = [...SELECTORS, 'reason', 'expires', 'wait', 'severity'];
  assert.deepEqual([...documented].sort(), [...keys].sort());
  // Each is a key to the reader of the file as well: it does not say that it is unknown.
  for (const key of documented) assert.notEqual(fieldOf({}, key, '')?.at, 'key', key);
});

test('what docs/drift.md shows as printed is what is printed', () => {
  const text = textOf('docs/drift.md');
  assert.ok(text.includes(RIGHTS));
  for (const [, rule = ''] of text.matchAll(/accept it under "rules:" in drift\.yaml:\n((?: {4}.*\n)+)/g))
    assert.deepEqual(readRules(`rules:\n${rule}`).problems, []);
  assert.match(text, /accept it under "rules:" in drift\.yaml:\n {4}- kind: /);
});

test('paths that docs/drift.md names are paths of rules', () => {
  const section = textOf('docs/drift.md')
    .split(/^## /m)
    .find((part) => part.startsWith('Rules of your own'));
  const paths = [...(section ?? '').matchAll(/`(\/(?:spec|metadata)\/[^`]+)`/g)].map(([, path = '']) => path);
  assert.ok(paths.length >= 3, paths.join());
  for (const path of paths) assert.equal(fieldOf({}, 'path', path), undefined, path);
});
