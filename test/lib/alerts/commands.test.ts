import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { remediesOf } from '../../../lib/alerts/what-to-do.ts';
import { EXAMPLES } from './examples.ts';
import { HOSTILE, withTexts } from './hostile-alert.ts';

const run = promisify(execFile);
const PROGRAMS = ['kubectl', 'helm', 'argocd', 'npx'] as const;
const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Commands are given to a real shell, in which each program only writes down how it was called. */
describe('commands that alerts tell people to paste', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-commands-'));
    for (const program of PROGRAMS) {
      const stub = `#!/bin/sh\nprintf '%s\\037' ${program} "$@" >> "$RECORD"\nprintf '\\036' >> "$RECORD"\n`;
      await writeFile(join(folder, program), stub);
      await chmod(join(folder, program), 0o755);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What was called, in order, by a person who pastes all of them one after the other. */
  async function calls(commands: readonly string[]): Promise<readonly (readonly string[])[]> {
    const record = join(folder, 'record');
    await writeFile(record, '');
    // `date` is the system's; in an empty folder, which must stay so.
    const empty = await mkdtemp(join(folder, 'empty-'));
    await run('/bin/sh', ['-eu', '-c', commands.join('\n')], {
      cwd: empty,
      env: { PATH: `${folder}:/usr/bin:/bin`, RECORD: record },
    });
    // Fails where a word was run that makes a file.
    await rmdir(empty);
    const text = await readFile(record, 'utf8');
    return text
      .split('\u001e')
      .slice(0, -1)
      .map((call) => call.split('\u001f').slice(0, -1));
  }
  const commandsOf = (alert: Alert): readonly string[] =>
    remediesOf(alert).flatMap(({ commands }) => commands);
  const example = (name: string): Alert => {
    const alert = EXAMPLES[name];
    assert.ok(alert, name);
    return alert;
  };
  /** The first thing to do: without the edits, snoozes and reports that follow it. */
  const firstOf = async (name: string): Promise<readonly string[]> =>
    (await calls(remediesOf(example(name))[0]?.commands ?? [])).map((words) =>
      words.join(' ').replaceAll(/\b\d{10}\b/g, 'NOW'),
    );

  const ANNOTATE = 'kubectl annotate --overwrite -n';
  const FORCE = 'reconcile.fluxcd.io/requestedAt=NOW reconcile.fluxcd.io/forceAt=NOW';
  const KUSTOMIZATION = 'kustomization.kustomize.toolkit.fluxcd.io';
  const REQUEST = 'reconcile.fluxcd.io/requestedAt=NOW';
  const EXPECTED: Readonly<Record<string, readonly string[]>> = {
    drift: [`${ANNOTATE} fairlead-staging helmrelease/shop.web ${FORCE}`],
    'drift-suspended': [
      'kubectl patch -n fairlead-staging helmrelease/shop.web --type merge -p {"spec":{"suspend":false}}',
      `${ANNOTATE} fairlead-staging helmrelease/shop.web ${FORCE}`,
    ],
    'drift-foreign': [`${ANNOTATE} team-a helmrelease/frontend ${FORCE}`],
    'drift-foreign-unseen': [],
    'drift-through-deployer': [`${ANNOTATE} fairlead-staging ${KUSTOMIZATION}/fairlead ${REQUEST}`],
    'drift-object-gone': [`${ANNOTATE} fairlead-staging ${KUSTOMIZATION}/fairlead ${REQUEST}`],
    'drift-manifests': [`${ANNOTATE} fairlead-staging ${KUSTOMIZATION}/fairlead ${REQUEST}`],
    'drift-burst-by-hand': [
      `${ANNOTATE} fairlead-staging helmrelease/bank.web helmrelease/blog.web helmrelease/chat.web helmrelease/desk.web helmrelease/feed.web helmrelease/gate.web helmrelease/help.web helmrelease/jobs.web helmrelease/mail.web helmrelease/news.web ${FORCE}`,
      `${ANNOTATE} fairlead-staging helmrelease/play.web helmrelease/shop.web ${FORCE}`,
    ],
    'drift-argocd': ['argocd app sync argocd/staging.shop.web'],
    'drift-none': [
      'helm upgrade -n shop web fairlead/staging/releases/shop/web/chart -f fairlead/staging/releases/shop/web/values.yaml --force-conflicts',
    ],
    'drift-none-manifests': ['kubectl apply --server-side --force-conflicts -R -f fairlead/staging/apply'],
    stalled: ['kubectl describe -n fairlead-staging helmrelease/shop.web', 'kubectl get pods -n shop'],
    'stalled-argocd': ['kubectl describe -n argocd application.argoproj.io/staging.shop.web'],
    'stalled-none': ['helm history -n shop web', 'kubectl get pods -n shop'],
    failed: ['npx fairlead replay staging/shop/ --installation fairlead'],
  };
  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(`${name} is put back, or looked at, by these`, async () => {
      assert.deepEqual(await firstOf(name), expected);
    });
  }

  test('every example has only commands that a shell takes, each of one program, and shows them whole', async () => {
    for (const [name, alert] of Object.entries(EXAMPLES)) {
      const commands = commandsOf(alert);
      const body = emailOf(alert).body.split('\n');
      for (const command of commands) assert.ok(body.includes(`  ${command}`), `${name}: ${command}`);
      const called = await calls(commands);
      assert.equal(called.length, commands.filter((command) => !command.startsWith('#')).length, name);
    }
  });

  test('what people are called must not reach the shell: no program but these runs, with those words', async () => {
    for (const text of HOSTILE) {
      for (const [name, alert] of Object.entries(EXAMPLES)) {
        const commands = commandsOf(withTexts(alert, text));
        if (commands.length === 0) continue;
        for (const words of await calls(commands))
          assert.ok(
            PROGRAMS.some((program) => program === words[0]),
            `${name} ${text}: ${words.join(' ')}`,
          );
      }
    }
  });

  test('the commands of Fairlead itself are such that it takes', async () => {
    const local: Alert = { ...example('drift'), installation: 'local' };
    const snooze = commandsOf(local).find((command) => command.startsWith('npx fairlead snooze'));
    const report = /npx fairlead (incidents \S+)\n/.exec(emailOf(local).body)?.[1];
    assert.ok(snooze !== undefined && report !== undefined);
    for (const typed of [...(await calls([snooze, `npx fairlead ${report}`]))]) {
      const env = { PATH: process.env.PATH, HOME: folder, FAIRLEAD_DATA: join(folder, 'none') };
      const { stderr } = await run(process.execPath, [join(ROOT, 'cli/main.ts'), ...typed.slice(2)], {
        env,
      }).then(
        () => assert.fail('there is no installation here'),
        (error: unknown) => error as { stderr: string },
      );
      // It was understood: what is missing is only somebody to ask.
      assert.match(stderr, /no local installation runs on/);
    }
  });
});
