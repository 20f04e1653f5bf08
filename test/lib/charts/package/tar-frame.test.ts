import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openPackage } from '../../../../lib/charts/package/package.ts';
import { CONFIG_MAP, chartFile, packageOf, webChart } from './packages.ts';

interface RawHeader {
  readonly type?: string;
  readonly mode?: string;
  readonly magic?: string;
  readonly prefix?: string;
  readonly ending?: string;
}

/** One entry, each field as it is given: what tar-stream itself would never write. */
function raw(name: string, data: string, header: RawHeader = {}): Buffer {
  const { type = '0', mode = '0000644', magic = 'ustar\x0000', prefix = '', ending = '' } = header;
  const block = Buffer.alloc(512);
  const size = Buffer.byteLength(data);
  block.write(name, 0);
  block.write(mode, 100, 'latin1');
  block.write(size.toString(8).padStart(11, '0'), 124, 'latin1');
  block.write('00000000000', 136, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(magic, 257, 'latin1');
  block.write(prefix, 345);
  block.write(ending, 508, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const body = Buffer.alloc(Math.ceil(size / 512) * 512);
  body.write(data);
  return Buffer.concat([block, body]);
}

const record = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  const digits = String(Buffer.byteLength(rest) + 2).length;
  return `${Buffer.byteLength(rest) + digits}${rest}`;
};
const pax = (records: Readonly<Record<string, string>>, type = 'x'): Buffer =>
  raw(
    'pax',
    Object.entries(records)
      .map(([key, value]) => record(key, value))
      .join(''),
    { type },
  );
const longName = (name: string, type = 'L'): Buffer =>
  raw('././@LongLink', `${name}\0`, { type, magic: 'ustar  \0' });

const SEEN = 'db/notes.txt';
const HIDDEN = 'db/values.schema.json';
const DATA = '{}';

const within = async (...entries: readonly Buffer[]): Promise<Buffer> => {
  const inner = gzipSync(
    Buffer.concat([raw('db/Chart.yaml', chartFile('db')), ...entries, Buffer.alloc(1024)]),
  );
  return packageOf(webChart({ name: 'web/charts/db.tgz', data: inner }));
};
const open = async (...entries: readonly Buffer[]) => openPackage(await within(...entries), 'web-1.0.0.tgz');

describe('a package in charts/ that helm would read as another one is refused', () => {
  const twofold: readonly [string, readonly Buffer[], string?][] = [
    ['the long name of an old GNU tar, which Go takes for a file', [longName(SEEN, 'N'), raw(HIDDEN, DATA)]],
    ['a long name and a pax path', [longName(HIDDEN), pax({ path: SEEN }), raw('db/x', DATA)]],
    ['a pax path and a long name', [pax({ path: SEEN }), longName(HIDDEN), raw('db/x', DATA)]],
    ['two pax headers', [pax({ path: HIDDEN }), pax({ mtime: '1' }), raw(SEEN, DATA)]],
    ['a long name with another behind it', [longName(`${HIDDEN}\0x`), raw(SEEN, DATA)]],
    [
      'a sparse file by pax, first form',
      [
        pax({
          'GNU.sparse.major': '0',
          'GNU.sparse.minor': '1',
          'GNU.sparse.name': HIDDEN,
          'GNU.sparse.size': '2',
          'GNU.sparse.numblocks': '1',
          'GNU.sparse.map': '0,2',
        }),
        raw(SEEN, DATA),
      ],
    ],
    [
      'a sparse file by pax, second form',
      [
        pax({
          'GNU.sparse.major': '1',
          'GNU.sparse.minor': '0',
          'GNU.sparse.name': HIDDEN,
          'GNU.sparse.realsize': '2',
        }),
        raw(SEEN, `1\n0\n2\n`.padEnd(512, '\0') + DATA),
      ],
    ],
    ['a path for all entries', [pax({ path: SEEN }, 'g'), pax({ mtime: '1' }), raw(HIDDEN, DATA)]],
    ['a size beside the size', [pax({ size: '512' }), raw(SEEN, DATA)]],
    ['a size for all entries', [pax({ size: '0' }, 'g'), pax({ mtime: '1' }), raw(SEEN, DATA)]],
    ['names in no character set', [pax({ hdrcharset: 'BINARY', path: HIDDEN }), raw(SEEN, DATA)]],
    ['a pax record of a wrong length', [raw('pax', '9 path=db/x\n', { type: 'x' }), raw(SEEN, DATA)]],
    ['a pax header without an entry', [pax({ path: HIDDEN })]],
    ["Schily's tar", [raw('x', DATA, { prefix: 'db/templates', ending: 'tar\0' })]],
    ['a file whose mode says that it is a folder', [raw(HIDDEN, DATA, { mode: '0040644' })], 'entry-mode'],
    ['a file whose mode says that it is a link', [raw(HIDDEN, DATA, { mode: '0120644' })], 'entry-mode'],
  ];
  for (const [title, entries, code = 'package-unreadable'] of twofold) {
    test(title, async () => {
      const opened = await open(...entries);
      assert.equal(opened.kind, 'refused');
      assert.deepEqual(
        opened.reasons.map((reason) => reason.code),
        [code],
      );
      assert.match(opened.reasons[0]?.place?.file ?? '', /^charts\/db\.tgz/);
    });
  }
});

describe('what archivers write and all read alike is opened', () => {
  const long = `db/files/${'a'.repeat(120)}`;
  const plain: readonly [string, readonly Buffer[]][] = [
    ['a long name by GNU tar', [longName(long), raw('db/cut', CONFIG_MAP)]],
    ['a long name by pax, with times', [pax({ path: long, mtime: '1.5' }), raw('db/cut', CONFIG_MAP)]],
    ["git archive's comment for all entries", [pax({ comment: 'a'.repeat(40) }, 'g'), raw(SEEN, DATA)]],
    ['a mode with the bit for a plain file', [raw(SEEN, DATA, { mode: '0100644' })]],
  ];
  for (const [title, entries] of plain) {
    test(title, async () => {
      const opened = await open(...entries);
      assert.equal(opened.kind, 'opened', JSON.stringify(opened));
    });
  }
});
