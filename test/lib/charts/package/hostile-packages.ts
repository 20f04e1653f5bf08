import { gzipSync } from 'node:zlib';
import {
  ENTRIES,
  FILE_BYTES,
  PACKAGE_BYTES,
  UNPACKED_BYTES,
} from '../../../../lib/charts/package/archive.ts';
import type { ReasonCode } from '../../../../lib/charts/reasons.ts';
import { CONFIG_MAP, chartFile, packageOf, type TestEntry, tarOf, webChart } from './packages.ts';

export interface HostilePackage {
  readonly title: string;
  readonly bytes: () => Promise<Buffer> | Buffer;
  readonly code: ReasonCode;
  /** What the reason's place names, where it matters. */
  readonly file?: string;
}

const entries =
  (...more: readonly TestEntry[]) =>
  () =>
    packageOf(webChart(...more));
const renamed = (path: string) => entries({ name: path, data: 'x' });
const inner = (name: string, ...more: readonly TestEntry[]) =>
  packageOf([{ name: `${name}/Chart.yaml`, data: chartFile(name) }, ...more]);

/** Sizes in a header that its body does not have. */
async function withForgedSize(): Promise<Buffer> {
  const tar = await tarOf(webChart({ name: 'web/link', type: 'directory' }));
  const header = tar.indexOf('web/link');
  tar.write('00000001000\0', header + 124, 'latin1');
  return gzipSync(withChecksum(tar, header));
}

function withChecksum(tar: Buffer, header: number): Buffer {
  tar.write('        ', header + 148, 'latin1');
  const sum = tar.subarray(header, header + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, header + 148, 'latin1');
  return tar;
}

async function truncated(): Promise<Buffer> {
  const whole = await packageOf(webChart());
  return whole.subarray(0, whole.length - 12);
}

/** Packages that must be refused, each with the code that must be among the reasons. */
export const HOSTILE: readonly HostilePackage[] = [
  { title: 'an empty object', bytes: () => Buffer.alloc(0), code: 'package-unreadable' },
  {
    title: 'something that is no gzip',
    bytes: () => Buffer.from('PK\u0003\u0004'.repeat(99)),
    code: 'package-unreadable',
  },
  {
    title: 'gzip of something that is no tar',
    bytes: () => gzipSync('x'.repeat(2048)),
    code: 'package-unreadable',
  },
  { title: 'a truncated gzip', bytes: truncated, code: 'package-unreadable' },
  {
    title: 'a gzip whose checksum is wrong',
    bytes: async () => {
      const bytes = await packageOf(webChart());
      bytes.writeUInt32LE(1, bytes.length - 8);
      return bytes;
    },
    code: 'package-unreadable',
  },
  {
    title: 'a tar cut short inside a whole gzip',
    bytes: async () =>
      gzipSync((await tarOf(webChart({ name: 'web/a', data: 'a'.repeat(2000) }))).subarray(0, 2000)),
    code: 'package-unreadable',
  },
  {
    title: 'two gzip members',
    bytes: async () => Buffer.concat([await packageOf(webChart()), gzipSync('x')]),
    code: 'package-trailing-data',
  },
  {
    title: 'garbage after the gzip',
    bytes: async () => Buffer.concat([await packageOf(webChart()), Buffer.from('x')]),
    code: 'package-trailing-data',
  },
  {
    title: 'a second tar behind the end of the first',
    bytes: async () =>
      gzipSync(Buffer.concat([await tarOf(webChart()), await tarOf(webChart({ name: 'web/b' }))])),
    code: 'package-trailing-data',
  },
  { title: 'a folder that claims a body', bytes: withForgedSize, code: 'package-unreadable' },
  {
    title: 'more compressed bytes than allowed',
    bytes: () => Buffer.alloc(PACKAGE_BYTES + 1, 0x1f),
    code: 'package-too-large',
  },
  {
    title: 'a gzip bomb',
    bytes: () => gzipSync(Buffer.alloc(UNPACKED_BYTES + 1)),
    code: 'package-unpacks-too-large',
  },
  {
    title: 'a file of more than 5 MiB',
    bytes: entries({ name: 'web/files/big', data: Buffer.alloc(FILE_BYTES + 1, 'x') }),
    code: 'entry-too-large',
    file: 'web/files/big',
  },
  {
    title: 'more entries than allowed',
    bytes: () =>
      packageOf(Array.from({ length: ENTRIES + 1 }, (_, index) => ({ name: `web/${index}`, data: '' }))),
    code: 'package-too-many-entries',
  },
  {
    title: 'a path of more than 512 bytes',
    bytes: renamed(`web/${'a'.repeat(250)}/${'b'.repeat(250)}/${'c'.repeat(20)}`),
    code: 'entry-path-too-long',
  },
  {
    title: 'a name that no file system takes',
    bytes: renamed(`web/${'\u00E9'.repeat(128)}`),
    code: 'entry-path-invalid',
  },
  {
    title: 'a path of more than 32 folders',
    bytes: renamed(`web/${'a/'.repeat(32)}x`),
    code: 'entry-path-too-deep',
  },
  { title: 'an absolute path', bytes: renamed('/etc/cron.d/x'), code: 'entry-path-invalid' },
  { title: 'a Windows drive', bytes: renamed('C:/web/x'), code: 'entry-path-invalid' },
  { title: 'a path that leads out', bytes: renamed('web/../../etc/passwd'), code: 'entry-path-invalid' },
  { title: 'a path with "."', bytes: renamed('web/./x'), code: 'entry-path-invalid' },
  { title: 'a backslash', bytes: renamed('web\\templates\\x.yaml'), code: 'entry-path-invalid' },
  {
    title: 'a right-to-left override in a name',
    bytes: renamed('web/lmay\u202E.x'),
    code: 'entry-path-invalid',
  },
  { title: 'a newline in a name', bytes: renamed('web/a\nb'), code: 'entry-path-invalid' },
  {
    title: 'a symbolic link',
    bytes: entries({ name: 'web/x', type: 'symlink', linkname: '/etc/passwd' }),
    code: 'entry-not-a-file',
  },
  {
    title: 'a hard link',
    bytes: entries({ name: 'web/x', type: 'link', linkname: 'web/Chart.yaml' }),
    code: 'entry-not-a-file',
  },
  {
    title: 'a character device',
    bytes: entries({ name: 'web/x', type: 'character-device' }),
    code: 'entry-not-a-file',
  },
  {
    title: 'a block device',
    bytes: entries({ name: 'web/x', type: 'block-device' }),
    code: 'entry-not-a-file',
  },
  { title: 'a named pipe', bytes: entries({ name: 'web/x', type: 'fifo' }), code: 'entry-not-a-file' },
  { title: 'a setuid file', bytes: entries({ name: 'web/x', mode: 0o4755, data: 'x' }), code: 'entry-mode' },
  {
    title: 'a world-writable file',
    bytes: entries({ name: 'web/x', mode: 0o666, data: 'x' }),
    code: 'entry-mode',
  },
  {
    title: 'names that differ in case',
    bytes: entries({ name: 'web/templates/a.yaml' }, { name: 'web/templates/A.yaml' }),
    code: 'entry-twin',
  },
  {
    title: 'folders that differ in case',
    bytes: entries({ name: 'web/templates/a' }, { name: 'web/Templates/b' }),
    code: 'entry-twin',
  },
  {
    title: 'names that differ in Unicode form',
    bytes: entries({ name: 'web/\u00E9' }, { name: 'web/e\u0301' }),
    code: 'entry-twin',
  },
  {
    title: 'the same entry twice',
    bytes: entries({ name: 'web/a', data: '1' }, { name: 'web/a', data: '2' }),
    code: 'entry-duplicate',
  },
  {
    title: 'a file that is a folder too',
    bytes: entries({ name: 'web/a', data: '1' }, { name: 'web/a/b', data: '2' }),
    code: 'entry-path-invalid',
  },
  {
    title: 'a second top-level folder',
    bytes: entries({ name: 'other/a', data: '1' }),
    code: 'entry-outside-chart',
  },
  {
    title: 'a file beside the folder',
    bytes: entries({ name: 'README', data: '1' }),
    code: 'entry-outside-chart',
  },
  ...[
    '.git/config',
    '.GIT/hooks/pre-commit',
    '.gitattributes',
    '.gitmodules',
    '.git\u200C/config',
    'GIT~1/config',
    '.git::$INDEX_ALLOCATION/config',
    'GITATT~1',
    'gi7eba~1',
    '.Git./config',
    '.lfsconfig',
    '.sourceignore',
    '.argocd-source.yaml',
    'kustomization.yaml',
    'templates/Kustomization',
    'charts/x/KUSTOMIZATION.YML',
  ].map(
    (name): HostilePackage => ({
      title: `a file ${JSON.stringify(name)}`,
      bytes: renamed(`web/${name}`),
      code: 'entry-forbidden-name',
    }),
  ),
  {
    title: 'no Chart.yaml',
    bytes: () => packageOf([{ name: 'web/values.yaml', data: '{}' }]),
    code: 'chart-file-missing',
  },
  {
    title: 'a Chart.yaml that is no YAML',
    bytes: () => packageOf([{ name: 'web/Chart.yaml', data: 'a: [' }]),
    code: 'chart-file-invalid',
  },
  {
    title: 'a Chart.yaml without version',
    bytes: () => packageOf([{ name: 'web/Chart.yaml', data: 'apiVersion: v2\nname: web\n' }]),
    code: 'chart-file-invalid',
  },
  {
    title: 'a Chart.yaml that names the chart twice',
    bytes: () => packageOf([{ name: 'web/Chart.yaml', data: `${chartFile()}name: other\n` }]),
    code: 'yaml-duplicate-key',
  },
  {
    title: 'a name with a path in it',
    bytes: () =>
      packageOf([{ name: 'web/Chart.yaml', data: 'apiVersion: v2\nname: ../web\nversion: 1.0.0\n' }]),
    code: 'chart-file-invalid',
  },
  {
    title: 'another version than the file name says',
    bytes: () => packageOf([{ name: 'web/Chart.yaml', data: 'apiVersion: v2\nname: web\nversion: 1.0.1\n' }]),
    code: 'chart-disagrees-with-name',
  },
  {
    title: 'another folder than the chart',
    bytes: () => packageOf([{ name: 'other/Chart.yaml', data: chartFile() }]),
    code: 'chart-folder-name',
  },
  {
    title: 'a library chart',
    bytes: () => packageOf([{ name: 'web/Chart.yaml', data: chartFile('web', 'type: library\n') }]),
    code: 'chart-library',
  },
  {
    title: 'a dependency that is not vendored',
    bytes: () =>
      packageOf([
        {
          name: 'web/Chart.yaml',
          data: chartFile(
            'web',
            'dependencies: [{name: db, version: 1.x.x, repository: "https://charts.example.com"}]\n',
          ),
        },
      ]),
    code: 'chart-dependency-missing',
  },
  {
    title: 'a .helmignore that hides a file',
    bytes: entries(
      { name: 'web/.helmignore', data: 'secret*\n' },
      { name: 'web/templates/secret.yaml', data: CONFIG_MAP },
    ),
    code: 'helmignore-hides-file',
    file: 'templates/secret.yaml',
  },
  {
    title: 'a template that helm passes over',
    bytes: renamed('web/templates/.hidden.yaml'),
    code: 'helmignore-hides-file',
  },
  {
    title: 'a link in a package in the package',
    bytes: async () =>
      packageOf(
        webChart({
          name: 'web/charts/db.tgz',
          data: await inner('db', { name: 'db/x', type: 'symlink', linkname: '/' }),
        }),
      ),
    code: 'entry-not-a-file',
    file: 'charts/db.tgz/db/x',
  },
  {
    title: 'a forbidden name three packages deep',
    bytes: async () => {
      const deepest = await inner('c', { name: 'c/.gitattributes', data: '* filter=x' });
      const middle = await inner('b', { name: 'b/charts/c.tgz', data: deepest });
      return packageOf(webChart({ name: 'web/charts/b.tgz', data: middle }));
    },
    code: 'entry-forbidden-name',
  },
  {
    title: 'packages nested too deep',
    bytes: async () => {
      let nested = await inner('d');
      for (const name of ['c', 'b', 'a'])
        nested = await inner(name, { name: `${name}/charts/x.tgz`, data: nested });
      return packageOf(webChart({ name: 'web/charts/a.tgz', data: nested }));
    },
    code: 'package-nested-too-deep',
  },
  {
    title: 'bombs that are small one by one and large together',
    bytes: async () => {
      const bomb = await inner(
        'b',
        ...[1, 2, 3, 4].map((part) => ({ name: `b/${part}`, data: Buffer.alloc(4 * 1024 * 1024) })),
      );
      return packageOf(
        webChart(...['a', 'b', 'c', 'd'].map((name) => ({ name: `web/charts/${name}.tgz`, data: bomb }))),
      );
    },
    code: 'package-unpacks-too-large',
  },
  {
    title: 'charts inside charts too deep',
    bytes: () => {
      const paths = Array.from({ length: 7 }, (_, depth) => `web/${'charts/web/'.repeat(depth)}Chart.yaml`);
      return packageOf(paths.map((name) => ({ name, data: chartFile() })));
    },
    code: 'chart-dependencies-too-deep',
  },
  {
    title: 'aliases that multiply',
    bytes: () => {
      const twenty = `dependencies: [${Array.from({ length: 20 }, (_, index) => `{name: X, alias: a${index}}`).join(', ')}]\n`;
      return packageOf([
        { name: 'web/Chart.yaml', data: chartFile('web', twenty.replaceAll('X', 'b')) },
        { name: 'web/charts/b/Chart.yaml', data: chartFile('b', twenty.replaceAll('X', 'c')) },
        { name: 'web/charts/b/charts/c/Chart.yaml', data: chartFile('c') },
      ]);
    },
    code: 'chart-instances',
  },
];
