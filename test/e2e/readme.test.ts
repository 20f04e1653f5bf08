import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { requirement } from '../requirements.ts';

/** Every command of the README that is marked as a shell's is run: here, or by the script that runs this. */
const ROOT = join(import.meta.dirname, '..', '..');
/** For what is waited for; nothing is measured. */
const PATIENCE_MS = 120_000;
const POLL_MS = 300;

const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'npm ci by .ci/run; npm start below',
  'npm ci && npm test': '.ci/run',
  'npm run synth': '.ci/run',
};
const RUN_HERE = [
  'npx fairlead upload .local/example/hello-0.2.0.tgz staging/shop/hello/ --wait',
  'npx fairlead kubectl -n shop scale deployment hello --replicas=5',
  'npx fairlead diff shop/hello staging --repo .local/git/cluster.git --kubeconfig .local/kubeconfig',
];
/** What one has to see of a command that does not end with 0. */
const SEEN: Readonly<Record<string, { readonly code: number; readonly output: RegExp }>> = {
  [RUN_HERE[2] ?? '']: { code: 1, output: /^- {3}replicas: 2\n\+ {3}replicas: 5$/m },
};

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
);

test('every command of the README is run somewhere', () => {
  assert.deepEqual([...commands].sort(), [...Object.keys(RUN_ELSEWHERE), ...RUN_HERE].sort());
});

test('what the README says to do first works as it is written', requirement('control-plane'), async () => {
  const data = await mkdtemp(join(tmpdir(), 'fairlead-readme-'));
  const started = shell(`npm start -- --port 0 --data ${data}`, {});
  after(async () => {
    await ended(started.child);
    await rm(data, { recursive: true, force: true });
  });
  const environment = { FAIRLEAD_DATA: data };
  await until('the example is in the cluster', started, async () => {
    const { code } = await finished(shell('npx fairlead kubectl -n shop get deployment hello', environment));
    return code === 0;
  });
  for (const command of RUN_HERE) {
    // In a folder of the test's own, so that an installation of who runs it is left alone.
    const { code, output } = await finished(shell(command.replaceAll('.local', data), environment));
    const seen = SEEN[command] ?? { code: 0, output: /(?:)/ };
    assert.equal(code, seen.code, `${command}\n${output}`);
    assert.match(output, seen.output, command);
    // "seconds later the cluster has it": a person sees that before going on.
    if (command.includes(' upload '))
      await until('the new version is in the cluster', started, async () => {
        const look = 'npx fairlead kubectl -n shop get deployment hello -o yaml';
        return (await finished(shell(look, environment))).output.includes('hello-0.2.0');
      });
  }
});

interface Started {
  readonly child: ChildProcess;
  output(): string;
}

/** As a person's shell in the repository would run it. */
function shell(command: string, environment: Readonly<Record<string, string>>): Started {
  const child = spawn('bash', ['-c', command], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...environment,
      PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

async function finished(started: Started): Promise<{ code: number | null; output: string }> {
  const code = await new Promise<number | null>((resolve) => started.child.once('exit', resolve));
  return { code, output: started.output() };
}

/** Ctrl-C, as a terminal gives it to the whole group. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGINT');
  await gone;
}

async function until(what: string, started: Started, seen: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await seen())) {
    assert.equal(started.child.exitCode, null, `it ended:\n${started.output()}`);
    assert.ok(Date.now() < deadline, `${what} was not seen in time:\n${started.output()}`);
    await sleep(POLL_MS);
  }
}
