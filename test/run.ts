import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';

/**
 * Runs the tests: explicit patterns, each of which must match, and which take every test that there is, so that a moved
 * folder and a new one are failures and not silence.
 *   npm test                   all
 *   npm test -- test/lib/drift all below a folder, or one file
 */
const PATTERNS = [
  'test/lib/**/*.test.ts',
  'test/functions/**/*.test.ts',
  'test/local/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/infra/**/*.test.ts',
  'test/lambda/**/*.test.ts',
  'test/page/**/*.test.ts',
  'test/e2e/**/*.test.ts',
  'test/oracles/**/*.test.ts',
  'test/proposals/**/*.test.ts',
];

/** What waits for longer waits for ever: it fails by its name, and overdue.ts ends what even then does not. */
const TEST_MINUTES = 12;

const arguments_ = process.argv.slice(2);
const places = arguments_.filter((argument) => !argument.startsWith('-'));
const flags = arguments_.filter((argument) => argument.startsWith('-'));
const patterns =
  places.length === 0
    ? PATTERNS
    : places.map((place) => (place.endsWith('.ts') ? place : `${place.replace(/\/$/, '')}/**/*.test.ts`));

const files: string[] = [];
const empty: string[] = [];
for (const pattern of patterns) {
  const found = await Array.fromAsync(glob(pattern));
  if (found.length === 0) empty.push(pattern);
  files.push(...found);
}
if (empty.length > 0) {
  console.error(`no test found for ${empty.join(', ')}`);
  process.exit(1);
}
if (places.length === 0) {
  const left = (await Array.fromAsync(glob('test/**/*.test.ts'))).filter((file) => !files.includes(file));
  if (left.length > 0) {
    console.error(`no pattern of test/run.ts takes ${left.join(', ')}`);
    process.exit(1);
  }
}
// How a person sees it, and, of all tests, which files took longest, and which does not end.
const reporters =
  places.length > 0 || flags.some((flag) => flag.startsWith('--test-reporter'))
    ? []
    : ['spec', './test/file-times.ts'].flatMap((reporter) => [
        `--test-reporter=${reporter}`,
        '--test-reporter-destination=stdout',
      ]);
const child = spawn(
  process.execPath,
  [
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${TEST_MINUTES * 60_000}`,
    ...reporters,
    ...flags,
    ...[...new Set(files)].sort(),
  ],
  {
    stdio: 'inherit',
    // Hundreds of processes load the same modules: each is compiled once. It goes with the installed packages.
    env: { ...process.env, NODE_COMPILE_CACHE: resolve('node_modules/.cache/compile') },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
