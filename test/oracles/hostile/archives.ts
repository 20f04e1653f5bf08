import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { HOSTILE } from '../../lib/charts/package/hostile-packages.ts';
import { CONFIG_MAP, chartFile, tarOf, webChart } from '../../lib/charts/package/packages.ts';
import { asChart, type HostileCase, harmless, LARGE, refused } from './case.ts';
import { type Block, pax, rawPackage, rawTar } from './tar.ts';

const FAMILY = 'archives';
/** Each release has names of its own. */
const OWN_CONFIG_MAP = CONFIG_MAP.replace('name: web', 'name: web-{{ .Release.Name }}');
const MIB = 1024 * 1024;
const CHART: Block = { name: 'web/Chart.yaml', body: chartFile() };

const bad = (
  name: string,
  bytes: () => Promise<Buffer> | Buffer,
  ...codes: readonly ReasonCode[]
): HostileCase => refused(FAMILY, name, asChart(bytes), codes.length === 0 ? ['package-unreadable'] : codes);
const large = (
  name: string,
  bytes: () => Promise<Buffer> | Buffer,
  ...codes: readonly ReasonCode[]
): HostileCase => ({ ...bad(name, bytes, ...codes), limits: LARGE });
const fine = (name: string, bytes: () => Promise<Buffer> | Buffer, limits = LARGE): HostileCase =>
  harmless(FAMILY, name, asChart(bytes), { limits });

/** Cases of the unit tests' table that have more than their one reason. */
const ALSO: Readonly<Record<string, readonly ReasonCode[]>> = {
  [`a file ${JSON.stringify('.git\u200C/config')}`]: ['entry-path-invalid'],
};

const fromTable = HOSTILE.map(({ title, bytes, code }) => ({
  ...bad(title, bytes, ...new Set([code, ...(ALSO[title] ?? [])])),
  limits: LARGE,
}));

const zeros = (count: number): Buffer => Buffer.alloc(count);
const inner = (name: string, ...blocks: readonly Block[]): Buffer =>
  rawPackage({ name: `${name}/Chart.yaml`, body: chartFile(name) }, ...blocks);
const nested = (bytes: Buffer): Buffer => rawPackage(CHART, { name: 'web/charts/db.tgz', body: bytes });

const bombs: readonly HostileCase[] = [
  large(
    'gzip of gzip of zeros',
    () => gzipSync(gzipSync(zeros(200 * MIB))),
    // Inflated once it begins with what could be a header, and is no whole tar.
    'package-trailing-data',
  ),
  large('gzip of gzip of a tar', async () => gzipSync(gzipSync(await tarOf(webChart())))),
  large('200 MiB of zeros', () => gzipSync(zeros(200 * MIB)), 'package-unpacks-too-large'),
  large(
    'a file of 60 MiB of zeros',
    () => rawPackage(CHART, { name: 'web/files/zeros', body: zeros(60 * MIB) }),
    'package-unpacks-too-large',
  ),
  large(
    'fourteen files of 4 MiB',
    () =>
      rawPackage(
        CHART,
        ...Array.from({ length: 14 }, (_, at) => ({ name: `web/files/${at}`, body: zeros(4 * MIB) })),
      ),
    'package-unpacks-too-large',
  ),
  large(
    '60,000 folders',
    () =>
      rawPackage(
        CHART,
        ...Array.from({ length: 60_000 }, (_, at) => ({ name: `web/files/${at}/`, type: '5' })),
      ),
    'package-too-many-entries',
  ),
  large(
    'many small entries, shared by nested packages',
    () => {
      const many = inner(
        'db',
        ...Array.from({ length: 2000 }, (_, at) => ({ name: `db/files/${at}`, body: 'x' })),
      );
      return rawPackage(
        CHART,
        ...['a', 'b', 'c'].map((name) => ({ name: `web/charts/${name}.tgz`, body: many })),
      );
    },
    'package-too-many-entries',
  ),
  large('a bomb as a dependency', () => nested(gzipSync(zeros(60 * MIB))), 'package-unpacks-too-large'),
  large(
    'a name of 2 MiB by pax',
    () => rawPackage(CHART, pax(['path', `web/${'a'.repeat(2 * MIB)}`]), { name: 'web/a', body: 'x' }),
    'entry-path-too-long',
    'entry-path-invalid',
  ),
  large(
    'a name of 2 MiB by GNU',
    () =>
      rawPackage(
        CHART,
        { name: '././@LongLink', type: 'L', body: `web/${'a/'.repeat(MIB)}x\0` },
        { name: 'web/a', body: 'x' },
      ),
    'entry-path-too-long',
    'entry-path-too-deep',
  ),
  large(
    '4,000 names of 10,000 bytes',
    () =>
      rawPackage(
        CHART,
        ...Array.from({ length: 4000 }, (_, at) => [
          pax(['path', `web/${at}-${'a'.repeat(10_000)}`]),
          { name: 'web/a', body: 'x' },
        ]).flat(),
      ),
    'entry-path-too-long',
    'entry-path-invalid',
  ),
  fine('45 MiB of zeros in files of 4 MiB, by the limits', async () => {
    const files = Array.from({ length: 11 }, (_, at) => ({ name: `web/files/${at}`, body: zeros(4 * MIB) }));
    return rawPackage(CHART, { name: 'web/templates/a.yaml', body: OWN_CONFIG_MAP }, ...files);
  }),
];

const extensions: readonly HostileCase[] = [
  bad(
    'a pax path that leads out',
    () => rawPackage(CHART, pax(['path', 'web/../../etc/passwd']), { name: 'web/a', body: 'x' }),
    'entry-path-invalid',
  ),
  bad(
    'a pax path with NUL',
    () => rawPackage(CHART, pax(['path', 'web/a\0.yaml']), { name: 'web/a', body: 'x' }),
    'entry-path-invalid',
  ),
  bad('a pax size', () => rawPackage(CHART, pax(['size', '1']), { name: 'web/a', body: 'x'.repeat(600) })),
  bad('a pax charset', () => rawPackage(CHART, pax(['hdrcharset', 'BINARY']), { name: 'web/a', body: 'x' })),
  bad('a global pax path', () =>
    rawPackage({ name: 'g', type: 'g', body: pax(['path', 'web/.git/config']).body as Buffer }, CHART, {
      name: 'web/a',
      body: 'x',
    }),
  ),
  bad('a global pax size', () =>
    rawPackage({ name: 'g', type: 'g', body: pax(['size', '0']).body as Buffer }, CHART),
  ),
  bad('pax records that are none', () =>
    rawPackage(CHART, { name: 'p', type: 'x', body: '99999 path=web/b\n' }, { name: 'web/a', body: 'x' }),
  ),
  bad(
    'a pax header of two paths',
    () =>
      rawPackage(CHART, pax(['path', 'web/a'], ['path', 'web/.gitattributes']), { name: 'web/c', body: 'x' }),
    'entry-forbidden-name',
  ),
  bad('two pax headers for one entry', () =>
    rawPackage(CHART, pax(['path', 'web/a']), pax(['path', 'web/b']), { name: 'web/c', body: 'x' }),
  ),
  bad('a pax header and a GNU name for one entry', () =>
    rawPackage(
      CHART,
      pax(['path', 'web/a']),
      { name: '././@LongLink', type: 'L', body: 'web/.git/config\0' },
      { name: 'web/c', body: 'x' },
    ),
  ),
  bad('a pax header without an entry', () => rawPackage(CHART, pax(['path', 'web/a']))),
  bad('a sparse file by pax', () =>
    rawPackage(
      CHART,
      pax(['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', 'web/.git/config']),
      { name: 'web/a', body: '1\n0\n1\n'.padEnd(512, '\0') },
    ),
  ),
  bad(
    'a sparse file by old GNU',
    () => rawPackage(CHART, { name: 'web/a', type: 'S', magic: 'ustar  \0', body: 'x' }),
    'entry-not-a-file',
  ),
  bad('a sparse file of a terabyte', () =>
    rawPackage(
      CHART,
      pax(['GNU.sparse.size', '1099511627776'], ['GNU.sparse.numblocks', '1'], ['GNU.sparse.map', '0,1']),
      { name: 'web/a', body: 'x' },
    ),
  ),
  bad(
    'a symbolic link with a pax target',
    () => rawPackage(CHART, pax(['linkpath', '/etc/passwd']), { name: 'web/a', type: '2', linkname: 'b' }),
    'entry-not-a-file',
  ),
  bad(
    'a hard link to outside',
    () => rawPackage(CHART, { name: 'web/a', type: '1', linkname: '../../etc/shadow' }),
    'entry-not-a-file',
  ),
  bad(
    'a folder that is a link, and a file in it',
    () =>
      rawPackage(
        CHART,
        { name: 'web/templates', type: '2', linkname: '/tmp' },
        { name: 'web/templates/a.yaml', body: OWN_CONFIG_MAP },
      ),
    'entry-not-a-file',
  ),
  bad(
    'an entry of an unknown kind',
    () => rawPackage(CHART, { name: 'web/a', type: 'Z', body: 'x' }),
    'entry-not-a-file',
  ),
  bad(
    'a part of several volumes',
    () => rawPackage(CHART, { name: 'web/a', type: 'M', body: 'x' }),
    'entry-not-a-file',
  ),
  bad('an old GNU long name', () =>
    rawPackage(CHART, { name: 'web/a', type: 'N', body: 'Rename web/a to web/.git\n' }),
  ),
  bad('a header of Schily’s tar', () =>
    rawPackage(CHART, { name: 'a', body: 'x', over: { at: 508, bytes: 'tar\0' } }),
  ),
  bad('a size in base 256', () =>
    rawPackage(CHART, {
      name: 'web/a',
      body: 'x',
      size: Buffer.concat([Buffer.from([0x80]), Buffer.alloc(10), Buffer.from([1])]),
    }),
  ),
  bad('a negative size in base 256', () =>
    rawPackage(CHART, { name: 'web/a', body: 'x', size: Buffer.alloc(12, 0xff) }),
  ),
  bad('a size that is no number', () =>
    rawPackage(CHART, { name: 'web/a', body: 'x', size: '0x000000001\0' }),
  ),
  bad('a size beyond the end', () =>
    gzipSync(rawTar(CHART, { name: 'web/a', body: 'x', size: '77777777777\0' })),
  ),
  bad('a wrong header checksum', () => rawPackage(CHART, { name: 'web/a', body: 'x', checksum: 1 })),
  bad('no end of the tar', async () => gzipSync(rawTar(CHART).subarray(0, 1024))),
  bad(
    'data after the end of the tar',
    () => gzipSync(Buffer.concat([rawTar(CHART), Buffer.from('#!/bin/sh\n')])),
    'package-trailing-data',
  ),
  bad(
    'a mode that calls a file a folder',
    () => rawPackage(CHART, { name: 'web/a', body: 'x', mode: '040755\0\0' }),
    'entry-mode',
  ),
];

const framing: readonly HostileCase[] = [
  bad('a tar without gzip', () => rawTar(CHART)),
  bad('a gzip of another method', () => withByte(rawPackage(CHART), 2, 0)),
  bad('a gzip with reserved flags', () => withByte(rawPackage(CHART), 3, 0xe0)),
  bad('a gzip that says another length', () => {
    const bytes = rawPackage(CHART);
    bytes.writeUInt32LE(7, bytes.length - 4);
    return bytes;
  }),
  bad('random bytes behind the magic', () =>
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), randomBytes(5000)]),
  ),
  bad(
    'an empty gzip member behind the package',
    () => Buffer.concat([rawPackage(CHART), gzipSync('')]),
    'package-trailing-data',
  ),
  bad(
    'zeros behind the gzip',
    () => Buffer.concat([rawPackage(CHART), Buffer.alloc(512)]),
    'package-trailing-data',
  ),
  bad('a zip', () => Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(100)])),
  bad('a dependency that is no package', () => nested(Buffer.from('not gzip')), 'package-unreadable'),
  bad(
    'garbage behind a dependency',
    () => nested(Buffer.concat([inner('db'), Buffer.from('x')])),
    'package-trailing-data',
  ),
  bad(
    'a dependency whose name Go and tar-stream read differently',
    () => nested(inner('db', { name: 'g', type: 'g', body: pax(['path', 'db/x']).body as Buffer })),
    'package-unreadable',
  ),
  fine('5 MiB of file name in the gzip header', () => {
    const bytes = rawPackage(CHART, { name: 'web/templates/a.yaml', body: OWN_CONFIG_MAP });
    return Buffer.concat([
      withByte(Buffer.from(bytes.subarray(0, 10)), 3, 8),
      Buffer.alloc(5 * MIB, 'a'),
      Buffer.from([0]),
      bytes.subarray(10),
    ]);
  }),
];

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt8(value, at);
  return bytes;
}

export const archives: readonly HostileCase[] = [...fromTable, ...bombs, ...extensions, ...framing];
