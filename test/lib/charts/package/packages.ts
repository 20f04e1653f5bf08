import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

/** Packages for the tests, the hostile ones among them: entries exactly as they are given. */
export interface TestEntry extends Partial<Omit<Header, 'name'>> {
  readonly name: string;
  readonly data?: string | Buffer;
}

export async function tarOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { data = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file')
      archive.entry({ mode: 0o644, mtime: new Date(0), ...header }, data);
    else archive.entry({ mode: 0o755, mtime: new Date(0), ...header });
  }
  archive.finalize();
  return buffer(archive);
}

export const packageOf = async (entries: readonly TestEntry[]): Promise<Buffer> =>
  gzipSync(await tarOf(entries));

export const chartFile = (name = 'web', more = ''): string =>
  `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${more}`;

/** A chart called `web` of version 1.0.0: its Chart.yaml and what is added. */
export const webChart = (...more: readonly TestEntry[]): TestEntry[] => [
  { name: 'web/Chart.yaml', data: chartFile() },
  ...more,
];

export const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n';
