import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';

/** The rules of docs/architecture.md that a reader should never have to check by eye. */
const ROOT = join(import.meta.dirname, '..', '..');
const LINES = 400;
const IN_LIB_BY_ALL = ['lib/aws/', 'lib/cluster/'];
const CLIENT_LIBRARIES = /^(@aws-sdk\/|@kubernetes\/|undici$)/;
const ABOVE_LIB = /^(functions|infra|local|cli|page|test|bench)\//;
/** Pure parts, and what else of the repository they may know: types, objects, the configuration. */
const PURE = ['lib/drift/', 'lib/incidents/'];
const PURE_MAY_KNOW = /^lib\/(drift|incidents|objects|config)\//;
/** Hashes and linear-time patterns: the same answer every time. */
const PURE_MAY_USE = new Set(['node:crypto', 're2js']);

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file));
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Import {
  readonly from: string;
  /** A file of the repository, or a package or `node:` module. */
  readonly to: string;
  readonly only: 'types' | 'values';
}

const imports: readonly Import[] = sources.flatMap((from) =>
  [...textOf(from).matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm)].map(
    ([, types, name = '']) => ({
      from,
      to: name.startsWith('.') ? normalize(join(dirname(from), name)) : name,
      only: types === undefined ? ('values' as const) : ('types' as const),
    }),
  ),
);
const inLib = imports.filter(({ from }) => from.startsWith('lib/'));
const written = (found: readonly Import[]): string[] => found.map(({ from, to }) => `${from} imports ${to}`);

describe('data goes one way', () => {
  test('lib imports nothing of what stands on it', () => {
    assert.deepEqual(written(inLib.filter(({ to }) => ABOVE_LIB.test(to))), []);
  });

  test('functions know lib and each other not', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith('functions/') && /^(functions|infra|local|cli|page|test)\//.test(to),
    );
    assert.deepEqual(written(wrong), []);
  });

  test('the page knows lib alone: who shows it brings what is behind it', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith('page/') && /^(functions|infra|local|cli|test|bench)\//.test(to),
    );
    assert.deepEqual(written(wrong), []);
  });

  test('only lib/aws and lib/cluster know a client library', () => {
    const wrong = inLib.filter(
      ({ from, to, only }) =>
        only === 'values' &&
        CLIENT_LIBRARIES.test(to) &&
        !IN_LIB_BY_ALL.some((folder) => from.startsWith(folder)),
    );
    assert.deepEqual(written(wrong), []);
  });

  test('judging and deciding are pure: objects, configuration, types of others, and nothing that reads the world', () => {
    const wrong = inLib.filter(
      ({ from, to, only }) =>
        PURE.some((folder) => from.startsWith(folder)) &&
        only === 'values' &&
        !PURE_MAY_KNOW.test(to) &&
        !PURE_MAY_USE.has(to),
    );
    assert.deepEqual(written(wrong), []);
  });

  test('no file reaches itself again through what it imports', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, only } of imports) {
      if (only === 'values') edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    assert.deepEqual(circles(edges), []);
  });
});

describe('files', () => {
  test(`hold one idea: no source file has more than ${LINES} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: textOf(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > LINES);
    assert.deepEqual(long, []);
  });

  test('name no place of the machine they were written on', () => {
    const places = [...new Set([`${ROOT}/`, `${homedir()}/`])];
    const found = texts().flatMap(({ file, text }) =>
      places.filter((place) => text.includes(place)).map((place) => `${file}: ${place}`),
    );
    assert.deepEqual(found, []);
  });

  test('name no package registry: whoever installs uses their own', () => {
    const configured = ['npm_config_registry', 'GOPROXY', 'PIP_INDEX_URL']
      .flatMap((name) => (process.env[name] ?? '').split(/[,|]/))
      .filter((text) => URL.canParse(text))
      .map((text) => new URL(text).host);
    const registries = [...new Set([...configured, ['registry', 'npmjs', 'org'].join('.')])];
    const found = texts().flatMap(({ file, text }) =>
      registries.filter((host) => host !== '' && text.includes(host)).map((host) => `${file}: ${host}`),
    );
    assert.deepEqual(found, []);
  });

  test('have names of the domain, not of a drawer', () => {
    const drawers = files.filter((file) =>
      /(^|\/)(utils?|helpers?|manager|misc|common)(\.[a-z]+)?(\/|$)/.test(file),
    );
    assert.deepEqual(drawers, []);
  });
});

function texts(): { file: string; text: string }[] {
  return files
    .filter((file) => !/\.(png|jpg|tgz|zip|gz)$/.test(file))
    .map((file) => ({ file, text: textOf(file) }));
}

/** The circles in a graph, each as the path that closes it. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' > '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return found;
}
