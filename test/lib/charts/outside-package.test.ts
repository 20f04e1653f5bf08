import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { openedChart } from '../../../lib/charts/render/outside-package.ts';
import type { RenderSubject } from '../../../lib/charts/render-request.ts';
import { digestOf, treeOfFile } from '../../../lib/content/tree.ts';
import { chartPackage } from '../../fixtures/chart-hosts.ts';

type Release = Extract<RenderSubject, { kind: 'release' }>;
const subject = (more: Partial<Release> = {}): Release => ({
  kind: 'release',
  namespace: 'shop',
  release: 'web',
  chart: digestOf('chart'),
  form: 'package',
  values: [],
  ...more,
});
const FILES = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'values.yaml': 'a: 1\n',
  'values-prod.yaml': 'a: 2\nb: {c: 3, d: 4}\n',
  'values-eu.yaml': 'b: {c: 5}\n',
  '.helmignore': 'templates/hidden.yaml\n',
  '.gitignore': '*.swp\n',
  'templates/hidden.yaml': 'kind: ConfigMap\n',
};
const open = async (bytes: Buffer, more: Partial<Release> = {}, deployer: 'flux' | 'argocd' = 'flux') =>
  await openedChart(subject(more), treeOfFile('chart.tgz', bytes), deployer);
async function opened(...given: Parameters<typeof open>) {
  const chart = await open(...given);
  assert.ok(chart.kind === 'opened', JSON.stringify(chart));
  return chart;
}
async function codes(...given: Parameters<typeof open>): Promise<readonly string[]> {
  const chart = await open(...given);
  return chart.kind === 'refused' ? chart.reasons.map(({ code }) => code) : [];
}

describe('a package from outside', () => {
  test('modes and names that would do harm in Git do none here', async () => {
    const { tree } = await opened(await chartPackage('web', FILES, 0o600), {}, 'argocd');
    assert.deepEqual([...tree.keys()].sort(), Object.keys(FILES).sort());
  });

  test('Flux renders the package, in which .helmignore says nothing any more; Argo CD the folder', async () => {
    const bytes = await chartPackage('web', FILES);
    assert.equal((await opened(bytes)).tree.has('.helmignore'), false);
    assert.equal((await opened(bytes, {}, 'argocd')).tree.has('.helmignore'), true);
  });

  test('its own files as its values, merged in their order, instead of values.yaml', async () => {
    const chartValues = [
      { chartFile: 'values-prod.yaml', ifMissing: 'fail' as const },
      { chartFile: 'gone.yaml', ifMissing: 'skip' as const },
      { chartFile: 'values-eu.yaml', ifMissing: 'fail' as const },
    ];
    const { tree } = await opened(await chartPackage('web', FILES), { chartValues });
    assert.equal(tree.get('values.yaml')?.data.toString(), '{"a":2,"b":{"c":5,"d":4}}');
  });

  test('a file that is missing is said, or left out where it may be', async () => {
    const bytes = await chartPackage('web', FILES);
    const missing = { chartFile: 'gone.yaml', ifMissing: 'fail' as const };
    assert.deepEqual(await codes(bytes, { values: [missing] }), ['chart-values-missing']);
    assert.deepEqual(await codes(bytes, { chartValues: [missing] }), ['chart-values-missing']);
    const { values } = await opened(bytes, { values: [{ ...missing, ifMissing: 'skip' }, digestOf('x')] });
    assert.deepEqual(values, [digestOf('x')]);
  });

  test('what leads out of it, links, bombs and what is no package are refused as in an upload', async () => {
    const archive = async (...entries: Parameters<ReturnType<typeof pack>['entry']>[0][]) => {
      const made = pack();
      for (const entry of entries) made.entry(entry, entry.type === 'symlink' ? '' : 'x');
      made.finalize();
      const chunks: Buffer[] = [];
      for await (const chunk of made as AsyncIterable<Buffer>) chunks.push(chunk);
      return gzipSync(Buffer.concat(chunks));
    };
    assert.deepEqual(await codes(await archive({ name: 'web/../../x' })), ['entry-path-invalid']);
    assert.deepEqual(
      await codes(await archive({ name: 'web/x', type: 'symlink', linkname: '/etc/passwd' })),
      ['entry-not-a-file'],
    );
    assert.deepEqual(await codes(gzipSync(Buffer.alloc(60 * 1024 * 1024))), ['package-unpacks-too-large']);
    assert.deepEqual(await codes(Buffer.from('<html>')), ['package-unreadable']);
  });
});
