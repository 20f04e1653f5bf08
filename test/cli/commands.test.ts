import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseArgs } from 'node:util';
import { COMMANDS, GROUPS } from '../../cli/commands.ts';
import { spoken } from '../../cli/completion.ts';
import type { Form } from '../../cli/form.ts';
import { usageOf } from '../../cli/form.ts';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { parsePart } from '../../lib/config/config.ts';
import { called } from './in-process.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const all = await spoken();

/** Commands that print no document: a page, files of their own form, a script. */
const NO_DOCUMENT = new Set(['ui', 'baseline', 'bootstrap', 'completion']);

/** As a shell splits a line of ours: quotes, and nothing after a pipe, a redirection or a comment. */
function words(line: string): readonly string[] {
  const [typed = ''] = line.replace(/^source <\((.*)\)$/, '$1').split(/\s+[|>#]/);
  return [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

describe('every command', () => {
  for (const { name, form } of all) {
    test(`${name}: --help has two examples or more, and tells every option, argument and exit code`, async () => {
      const { code, stdout } = await called([name, '--help']);
      assert.equal(code, 0);
      assert.equal(stdout, `${usageOf(form)}\n`);
      assert.ok(form.examples.length >= 2);
      assert.ok(form.typed.every((typed) => typed.startsWith(name)));
      assert.equal((await called(['help', name])).stdout, stdout);
      for (const line of stdout.split('\n'))
        assert.ok(line.length <= 120 || line.startsWith('  npx'), `${line.length}: ${line}`);
    });

    for (const example of form.examples) {
      test(`its example "${example}" is one`, () => {
        const typed = words(example);
        assert.deepEqual(typed.slice(0, 3), ['npx', 'fairlead', name]);
        const options: Form['options'] = form.options;
        // A bare --wait is taken as one with its default.
        const args = typed.slice(3).flatMap((word, at) => {
          const next = typed[at + 4];
          const isBare =
            word === '--wait' &&
            options.wait?.type === 'string' &&
            (next === undefined || next.startsWith('-'));
          return isBare ? ['--wait=delivered'] : [word];
        });
        const { positionals } = parseArgs({ args, options, allowPositionals: true });
        assert.ok(positionals.length === 0 || form.arguments.length > 0);
      });
    }

    test(`${name}: an option that there is not is answered with its usage, and nothing on stdout`, async () => {
      const { code, stdout, stderr } = await called([name, '--no-such-option']);
      assert.equal(code, 64);
      assert.equal(stdout, '');
      assert.match(stderr, /^there is no option --no-such-option.*\nnpx fairlead .* --help tells/);
    });
  }

  test('has a table, a group and a summary; those of day two are there', () => {
    const names = Object.keys(COMMANDS);
    assert.deepEqual(all.map(({ name }) => name).sort(), [...names].sort());
    for (const { group, summary } of Object.values(COMMANDS)) {
      assert.ok(group in GROUPS);
      assert.notEqual(summary, '');
    }
  });

  test('is in the list of commands, by what one wants to do', async () => {
    const { stdout } = await called(['help']);
    for (const title of Object.values(GROUPS)) assert.ok(stdout.includes(`\n${title}:\n`), title);
    for (const name of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^ {2}${name} +\\S`, 'm'));
    assert.equal((await called(['help', 'uplaod'])).code, 64);
  });

  test('but for those that print a page or a script has -o json', () => {
    const without = all.filter(({ form }) => !`${form.options.output?.value}`.includes('json'));
    assert.deepEqual(new Set(without.map(({ name }) => name)), NO_DOCUMENT);
  });
});

describe('under -o json', () => {
  let installation: StandIn;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-json-'));
    process.env.XDG_CACHE_HOME = folder;
    installation = await standIn();
    const config = parsePart(
      {
        installation: 'fairlead',
        repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
        targets: ['production', 'staging'].map((name) => ({
          name,
          ...{ repository: 'cluster', deployer: 'flux', namespaces: ['shop'] },
        })),
      },
      'test',
    );
    const state = s3Store(clients.s3(installation.aws.environment), 'state');
    for (const { name } of config.targets) await writeCheckConfig(state, config, name);
    // Checked, and well: an example with --exit-code is to end with 0.
    for (const scope of ['shop/web', 'target'])
      await installation.table.put(
        {
          ...{ pk: 'target#staging', sk: `verdict#${scope}`, schema: 1, version: 1 },
          ...{ commit: 'c0ffee', at: new Date().toISOString(), verdict: 'in-sync', findings: 0, unready: 0 },
        },
        'absent',
      );
  });
  after(async () => {
    await installation.stop();
    await rm(folder, { recursive: true });
  });

  const CALLS: readonly (readonly string[])[] = [
    ['status'],
    ['uploads'],
    ['incidents'],
    ['snooze'],
    ['redrive'],
    ['drill', '--end'],
    ['replay', 'staging/', '--dry-run'],
  ];
  for (const argv of CALLS) {
    test(`"${argv.join(' ')}" prints one document and nothing else`, async () => {
      const { code, stdout, stderr } = await called([...argv, '-o', 'json', '--data', installation.folder]);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).schema, 1);
    });
  }

  /** Those that only look; what the others would change, their own tests do. */
  const LOOKING = new Set(['status', 'history', 'uploads', 'incidents', 'replay']);
  for (const { name, form } of all.filter(({ name }) => LOOKING.has(name))) {
    for (const example of form.examples) {
      test(`the example "${example}" runs`, async () => {
        const argv = words(example).slice(2);
        const at = argv.indexOf('--installation');
        const here = at < 0 ? argv : [...argv.slice(0, at), ...argv.slice(at + 2)];
        const { code, stdout, stderr } = await called([...here, '--data', installation.folder]);
        // There is no incident of that key, and nothing to wait for.
        assert.ok(code === 0 || (name === 'incidents' && code === 1), `${code}: ${stderr}`);
        if (argv.includes('json')) assert.equal(JSON.parse(stdout).schema, 1);
      });
    }
  }

  for (const { name, form } of all.filter(({ name }) => !NO_DOCUMENT.has(name))) {
    test(`${name} keeps stdout free where it fails before it has a document`, async () => {
      const data = 'data' in form.options ? ['--data', '/nowhere'] : [];
      const ran = await called([name, 'no-such/thing', '-o', 'json', '--no-such-option', ...data]);
      assert.notEqual(ran.code, 0);
      assert.equal(ran.stdout, '');
      assert.notEqual(ran.stderr, '');
    });
  }
});
