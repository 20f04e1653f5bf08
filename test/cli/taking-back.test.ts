import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_USAGE } from '../../cli/command.ts';
import { called } from './in-process.ts';

/** Nothing of these reaches an installation: what is typed makes no command. */
const WRONG: readonly (readonly [argv: string, says: RegExp])[] = [
  ['rollback', /one target and one release: TARGET NAMESPACE\/RELEASE/],
  ['rollback staging', /one target and one release/],
  ['rollback shop/web staging', /NAMESPACE\/RELEASE \(shop\/web\), not "staging"/],
  ['rollback staging shop/web shop/api', /one target and one release/],
  ['rollback staging shop/web --to=', /--to is a chart version/],
  ['rollback staging shop/web --too 1.4.1', /did you mean --to\?/],
  ['promote staging production', /two targets and one release: FROM TO/],
  ['promote staging staging shop/web', /FROM and TO are both staging/],
  ['promote staging production shop/web --force', /--force needs --reason/],
  ['promote staging production shop/web --reason x', /--reason says why it is promoted with --force/],
  ['remove staging', /name what is to go.*--all is everything of it/],
  ['remove staging shop/web --all', /--all is the whole target, and "shop\/web" one thing of it/],
  ['remove staging shop/web shop/api', /one release or manifest at a time/],
  ['remove staging manifests/../x.yaml', /a manifest is manifests\/PATH\.yaml/],
  ['remove staging manifests/x.json', /a manifest is manifests\/PATH\.yaml/],
  ['remove staging shop/web --wait soon', /--wait is delivered, rolled-out, no/],
];

test('what is typed wrong is said, and what to type instead', async () => {
  for (const [argv, says] of WRONG) {
    const { code, stdout, stderr } = await called(argv.split(' '));
    assert.equal(code, EXIT_USAGE, argv);
    assert.match(stderr, says, argv);
    assert.equal(stdout, '', argv);
  }
});

test('each tells how it is typed, with examples', async () => {
  for (const name of ['rollback', 'promote', 'remove']) {
    const { code, stdout } = await called([name, '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^npx fairlead ${name} `));
    assert.match(stdout, /Examples:\n {2}npx fairlead .*\n {2}npx fairlead /);
  }
});
