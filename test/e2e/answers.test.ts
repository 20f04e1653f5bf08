import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type Connection, findConnection } from '../../local/connection.ts';
import { packExample } from '../../local/example/pack.ts';
import { fairlead } from '../cli/command-line.ts';
import { processesOn, ROOT, type Started, start } from '../local/running.ts';
import { requirement } from '../requirements.ts';

/** What a CI job is answered, by the real functions: outcome, reasons, what is taken again. No cluster is needed. */
const target = (name: string) => ({ name, repository: 'cluster', deployer: 'flux', namespaces: ['shop'] });
const config = (...names: string[]) =>
  JSON.stringify({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets: names.map(target),
  });
const NO_CLUSTER = 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-answers-'));
const data = join(folder, 'data');
let running: Started;
let connection: Connection;

async function begin(...targets: string[]): Promise<void> {
  await writeFile(join(folder, 'kubeconfig'), NO_CLUSTER);
  await writeFile(join(folder, 'config.json'), config(...targets));
  running = start([
    ...['--data', data, '--port', '0', '--config', join(folder, 'config.json')],
    ...['--kubeconfig', join(folder, 'kubeconfig')],
  ]);
  await running.says(/Try:/);
  const found = await findConnection(data);
  assert.ok(found);
  connection = found;
}

async function end(): Promise<void> {
  running.child.kill('SIGINT');
  assert.equal(await running.ended(), 0, running.output());
}

async function chart(version: string): Promise<string> {
  const { fileName, bytes } = await packExample(version);
  const file = join(folder, fileName);
  await writeFile(file, bytes);
  return file;
}

const run = (...argv: string[]) => fairlead([...argv, '--data', data]);

before(() => begin('staging'));
after(async () => {
  await end();
  assert.deepEqual(await processesOn(folder), []);
  await rm(folder, { recursive: true, force: true });
});

describe('a CI job', () => {
  test('is told the commit of what it uploads', async () => {
    const ran = await run('upload', await chart('1.0.0'), 'staging/shop/hello/', '--wait', '-o', 'json');
    assert.equal(ran.code, 0, ran.stderr);
    const [upload] = JSON.parse(ran.stdout).uploads;
    assert.match(upload.commit, /^[0-9a-f]{40}$/);
    assert.deepEqual(upload.chart, { name: 'hello', version: '1.0.0' });
  });

  test('sees what became of all that was uploaded', async () => {
    const values = join(folder, 'values.yaml');
    await writeFile(values, 'replicas: many\n');
    assert.equal((await run('upload', values, 'staging/shop/hello/', '--wait')).code, 1);
    const { stdout } = await run('uploads', '--target', 'staging', '--release', 'shop/hello');
    assert.match(stdout, /rejected +staging\/shop\/hello\/values\.yaml +values-/);
    assert.match(stdout, /delivered +staging\/shop\/hello\/hello-1\.0\.0\.tgz +[0-9a-f]{10}$/m);
  });

  test('has taken again what was rejected, once that is mended', async () => {
    const early = await run('upload', await chart('1.0.0'), 'prod/shop/hello/', '--wait');
    assert.equal(early.code, 1);
    assert.match(early.stdout, /key-unknown-target/);
    const inVain = await run('replay', 'prod/', '--wait');
    assert.equal(inVain.code, 1, `${inVain.stdout}${inVain.stderr}`);
    assert.match(inVain.stdout, /key-unknown-target/);

    await end();
    await begin('staging', 'prod');
    const again = await run('replay', 'prod/', '--wait');
    assert.equal(again.code, 0, `${again.stdout}${again.stderr}`);
    assert.match(again.stdout, /^prod\/shop\/hello\/hello-1\.0\.0\.tgz: delivered in commit [0-9a-f]{40}$/m);
    assert.match((await run('replay', 'prod/')).stdout, /nothing that ended badly/);
  });

  test('may wait with the AWS CLI alone, by the lines of docs/uploading.md', requirement('aws'), async () => {
    const docs = await readFile(join(ROOT, 'docs', 'uploading.md'), 'utf8');
    const lines = [...docs.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
      .map(([, block = '']) => block)
      .find((block) => block.includes('get-object-tagging'));
    assert.ok(lines);
    const shell = async (bytes: Buffer) => {
      const file = join(folder, 'hello-1.1.0.tgz');
      await writeFile(file, bytes);
      const settings = `FILE=${file} KEY=staging/shop/hello/hello-1.1.0.tgz BUCKET=charts`;
      // The variable alone is not known to every AWS CLI that distributions have.
      const ours = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }';
      const { HOME, PATH } = process.env;
      return promisify(execFile)('sh', ['-c', `${ours}\n${lines.replace(/^FILE=.*$/m, settings)}`], {
        cwd: folder,
        env: { HOME, PATH, ...connection.environment, AWS_EC2_METADATA_DISABLED: 'true' },
      }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      );
    };
    const delivered = await shell((await packExample('1.1.0')).bytes);
    assert.equal(delivered.code, 0, delivered.stdout);
    assert.match(delivered.stdout, /^fairlead-commit\s+[0-9a-f]{40}$/m);
    const other = new Map([['templates/more.yaml', '# the same version with other content\n']]);
    const rejected = await shell((await packExample('1.1.0', other)).bytes);
    assert.equal(rejected.code, 1, rejected.stdout);
    assert.match(rejected.stdout, /^fairlead-reason\s+version-immutable$/m);
  });
});
