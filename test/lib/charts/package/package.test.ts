import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openPackage } from '../../../../lib/charts/package/package.ts';
import { packExample } from '../../../../local/example/pack.ts';
import { HOSTILE } from './hostile-packages.ts';
import { chartFile, packageOf, webChart } from './packages.ts';

describe('a hostile package is refused', () => {
  for (const { title, bytes, code, file } of HOSTILE) {
    test(title, async () => {
      const opened = await openPackage(await bytes(), 'web-1.0.0.tgz');
      assert.equal(opened.kind, 'refused');
      const found = opened.reasons.find((reason) => reason.code === code);
      assert.ok(found, `${code} among ${opened.reasons.map((reason) => reason.code).join(', ')}`);
      if (file !== undefined) assert.equal(found.place?.file, file);
      for (const { message, place } of opened.reasons)
        assert.doesNotMatch(`${message}${place?.file ?? ''}`, /[\p{Cc}\p{Cf}]/u, 'reasons are safe to print');
    });
  }
});

describe('a package that helm takes is opened', () => {
  const accepted = [
    {
      title: 'the example chart',
      bytes: async () => (await packExample()).bytes,
      fileName: 'hello-0.1.0.tgz',
    },
    {
      title: 'a chart of the first format, without type',
      bytes: () =>
        packageOf([{ name: 'old/Chart.yaml', data: 'name: old\nversion: 0.1.0\napiVersion: v1\n' }]),
      fileName: 'old-0.1.0.tgz',
    },
    {
      title: 'a name in upper case, a version with v and build metadata',
      bytes: () =>
        packageOf([
          { name: 'Jenkins_X/Chart.yaml', data: 'name: Jenkins_X\nversion: v1.2.0-rc.1+7\napiVersion: v2\n' },
        ]),
      fileName: 'Jenkins_X-v1.2.0-rc.1+7.tgz',
    },
    {
      title: 'folders as entries of their own, a program, a vendored library',
      bytes: () =>
        packageOf([
          { name: 'web/', type: 'directory' },
          {
            name: 'web/Chart.yaml',
            data: chartFile('web', 'dependencies: [{name: common, version: 1.x.x}]\n'),
          },
          { name: 'web/files/run.sh', mode: 0o755, data: '#!/bin/sh\n' },
          { name: 'web/charts/common/Chart.yaml', data: chartFile('common', 'type: library\n') },
        ]),
      fileName: 'web-1.0.0.tgz',
    },
  ];
  for (const { title, bytes, fileName } of accepted) {
    test(title, async () => {
      const opened = await openPackage(await bytes(), fileName);
      assert.equal(opened.kind, 'opened', JSON.stringify(opened));
      assert.ok(opened.tree.has('Chart.yaml'), 'paths are relative to the chart');
    });
  }
});

test('all reasons against a package are reported together', async () => {
  const opened = await openPackage(
    await packageOf([
      {
        name: 'web/Chart.yaml',
        data: 'apiVersion: v2\nname: web\nversion: 2.0.0\ntype: library\ndependencies: [{name: db}]\n',
      },
      { name: 'web/.gitattributes', data: '' },
      { name: 'web/run', mode: 0o777, data: '' },
      { name: 'web/link', type: 'symlink', linkname: '/' },
    ]),
    'web-1.0.0.tgz',
  );
  assert.equal(opened.kind, 'refused');
  assert.deepEqual(opened.reasons.map(({ code }) => code).sort(), [
    'chart-dependency-missing',
    'chart-disagrees-with-name',
    'chart-library',
    'entry-forbidden-name',
    'entry-mode',
    'entry-not-a-file',
  ]);
});

test('the same chart packed twice is one tree, whatever the archive looks like', async () => {
  const [first, second] = await Promise.all([
    packageOf(webChart({ name: 'web/a', data: '1' })),
    packageOf([{ name: 'web/a', data: '1' }, ...webChart()]),
  ]);
  assert.notDeepEqual(first, second);
  const trees = await Promise.all([first, second].map((bytes) => openPackage(bytes, 'web-1.0.0.tgz')));
  const { digestOfTree } = await import('../../../../lib/content/tree.ts');
  const digests = trees.map((opened) => (opened.kind === 'opened' ? digestOfTree(opened.tree) : opened.kind));
  assert.equal(digests[0], digests[1]);
});
