import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commitFiles } from '../../../../lib/desired/flux/commit-files.ts';
import { type SourceIgnoreFile, sourceIgnore } from '../../../../lib/desired/flux/source-ignore.ts';
import { commitInMemory } from './commit-in-memory.ts';

describe('what source-controller leaves out', () => {
  const cases: readonly [what: string, rules: readonly SourceIgnoreFile[], path: string, ignored: boolean][] =
    [
      ['by itself: pictures', [], 'docs/a.png', true],
      ['by itself: its own configuration', [], 'apps/.sops.yaml', true],
      ['by itself: no manifest', [], 'apps/web.yaml', false],
      ['a name anywhere', [{ folder: '', text: 'secret.yaml' }], 'a/b/secret.yaml', true],
      ['a comment is none', [{ folder: '', text: '# web.yaml\n\n' }], 'web.yaml', false],
      ['a folder and what is in it', [{ folder: '', text: 'docs/' }], 'docs/a/b.yaml', true],
      ['a folder is no file of its name', [{ folder: '', text: 'docs/' }], 'docs', false],
      ['from the root alone', [{ folder: '', text: '/docs' }], 'apps/docs/a.yaml', false],
      ['all but one folder', [{ folder: '', text: '/*\n!/apps' }], 'clusters/a.yaml', true],
      ['that one folder', [{ folder: '', text: '/*\n!/apps' }], 'apps/a.yaml', false],
      ['below its own folder only', [{ folder: 'apps', text: '*.yaml' }], 'clusters/a.yaml', false],
      ['in its own folder', [{ folder: 'apps', text: '*.yaml' }], 'apps/x/a.yaml', true],
      ['any folders between', [{ folder: '', text: 'apps/**/test.yaml' }], 'apps/a/b/test.yaml', true],
      ['a class of characters', [{ folder: '', text: 'v[0-9].yaml' }], 'v3.yaml', true],
      ['what is malformed matches nothing', [{ folder: '', text: 'v[0-9.yaml' }], 'v[0-9.yaml', false],
      [
        'stars without end',
        [{ folder: '', text: `${'*a'.repeat(500)}b` }],
        `${'a'.repeat(4000)}.yaml`,
        false,
      ],
    ];
  for (const [what, rules, path, ignored] of cases)
    test(what, () => {
      assert.equal(sourceIgnore(rules)(path), ignored);
    });

  const files = {
    '.sourceignore': '/drafts\n',
    'apps/web.yaml': 'a: 1',
    'apps-old/web.yaml': 'a: 1',
    'drafts/web.yaml': 'a: 1',
    'clusters/prod.yaml': 'a: 1',
    'cloudbuild.yaml': 'a: 1',
  };
  const seen = async (view: object) =>
    (await commitFiles(commitInMemory(files), 'tip', 'as-source-controller')).through(view).below('');

  test('spec.ignore of a GitRepository goes before the files', async () => {
    assert.deepEqual(await seen({}), [
      '.sourceignore',
      'apps-old/web.yaml',
      'apps/web.yaml',
      'clusters/prod.yaml',
    ]);
    assert.deepEqual(await seen({ ignore: '/*\n!/apps\n!/drafts\n' }), ['apps/web.yaml', 'drafts/web.yaml']);
  });

  test('spec.sparseCheckout takes what begins so', async () => {
    assert.deepEqual(await seen({ sparseCheckout: ['apps/', 'clusters'] }), [
      'apps/web.yaml',
      'clusters/prod.yaml',
    ]);
  });

  test('Argo CD knows none of it', async () => {
    const all = await commitFiles(commitInMemory(files), 'tip', 'everything');
    assert.deepEqual(all.below(''), Object.keys(files).sort());
  });
});
