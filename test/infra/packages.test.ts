import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import example from '../../fairlead.config.ts';
import { BESIDE, bundle } from '../../infra/bundle.ts';
import { GIT_FUNCTIONS, ZIP_FUNCTIONS } from '../../infra/packages.ts';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import type { RenderRequest, RenderResponse } from '../../lib/charts/render-request.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { putTree } from '../../lib/content/store.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { tools } from '../../local/tools.ts';
import { testAws } from '../fixtures/local-aws.ts';
import { chartPackage } from '../lib/uploads/pipeline.ts';
import { synthesised } from './example.ts';

// With all functions that there are.
const { run } = synthesised({ backup: true });
const folder = mkdtempSync(join(tmpdir(), 'fairlead-packages-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Calls the bundle's handler with an event that says nothing, and prints the name and message of what it throws. */
const PROGRAM = `
const { handler } = await import(process.argv[1]);
try { console.log(JSON.stringify({ answer: await handler({}) ?? null })); }
catch (error) { console.log(JSON.stringify({ name: error.name, message: error.message })); }
process.exit(0);
`;

/** The file of a function, made once. */
function bundled(name: (typeof ZIP_FUNCTIONS | typeof GIT_FUNCTIONS)[number]): string {
  const file = join(folder, name, 'index.mjs');
  if (!existsSync(file)) bundle(name, join(folder, name));
  return file;
}

function callOf(
  name: (typeof ZIP_FUNCTIONS | typeof GIT_FUNCTIONS)[number],
  environment: Record<string, string>,
) {
  const out = execFileSync(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM, pathToFileURL(join(folder, name, 'index.mjs')).href],
    // No network: whatever it might want to reach is not there.
    {
      env: { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:9', ...environment },
      encoding: 'utf8',
    },
  );
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as { name?: string; message?: string };
}

for (const name of [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS]) {
  test(`${name} is one file that runs alone, and finds every variable that it asks for`, () => {
    bundled(name);
    const without = callOf(name, {});
    assert.equal(without.name, 'MissingVariables', without.message);

    const [provisioned] = Object.values(run.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.FunctionName === `fairlead-${name}`,
    );
    const variables = Object.keys(provisioned?.Properties.Environment.Variables);
    // An ARN for all of them: some are taken apart.
    const given = callOf(
      name,
      Object.fromEntries(variables.map((variable) => [variable, 'arn:aws:sns:eu-central-1:123456789012:x'])),
    );
    assert.notEqual(given.name, 'MissingVariables', given.message);
  });
}

/** Bytes. What is loaded at a cold start, nearly all of it: a library that comes in whole is seen here. */
const MIB = 1024 * 1024;
test('no bundle has grown past two MiB', () => {
  for (const name of [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS]) {
    const { size } = statSync(bundled(name));
    assert.ok(size <= 2 * MIB, `${name}: ${size} bytes`);
  }
});

test('no bundle loads undici before it asks for something by fetch', () => {
  for (const name of [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS]) {
    const loaded = execFileSync(
      process.execPath,
      [
        ...['--input-type=module', '--eval'],
        'await import(process.argv[1]); console.log(process.moduleLoadList.join()); process.exit(0);',
        pathToFileURL(bundled(name)).href,
      ],
      { encoding: 'utf8' },
    );
    assert.match(loaded, /NativeModule crypto\b/, name);
    assert.doesNotMatch(loaded, /deps\/undici/, name);
  }
});

test('what signs and verifies with OpenPGP lies beside the functions that do, unchanged, and is in nothing else', async () => {
  const all = [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS];
  const inside = all.filter((name) => readFileSync(bundled(name), 'utf8').includes('BEGIN PGP SIGNATURE'));
  assert.deepEqual(inside, []);
  const beside = all.filter((name) => existsSync(join(dirname(bundled(name)), BESIDE.as)));
  // One holds a package against its provenance, the other signs commits.
  assert.deepEqual(beside, ['receive-upload', 'deliver-uploads']);
  const published = readFileSync(join(import.meta.dirname, '..', '..', BESIDE.file));
  for (const name of ['receive-upload', 'deliver-uploads'] as const) {
    assert.deepEqual(readFileSync(join(dirname(bundled(name)), BESIDE.as)), published);
    assert.match(readFileSync(bundled(name), 'utf8'), /import\("\.\/openpgp\.mjs"\)/);
  }
  const file = join(dirname(bundled('deliver-uploads')), BESIDE.as);
  const { sign, readPrivateKey } = await import(pathToFileURL(file).href);
  assert.deepEqual([typeof sign, typeof readPrivateKey], ['function', 'function']);
});

/** Calls the bundle's handler as Lambda does, and prints its answer. */
const LAMBDA = `
const { handler } = await import(process.argv[1]);
if (process.argv[3] === 'gone') (await import('node:fs')).rmSync(new URL(process.argv[1]));
console.log(JSON.stringify({ answer: await handler(JSON.parse(process.argv[2]), { awsRequestId: 'request' }) }));
process.exit(0);
`;

/** The bundle lies alone in a folder outside the repository, with nothing beside it to resolve. */
async function answerOf(
  name: (typeof ZIP_FUNCTIONS)[number],
  event: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  file: 'kept' | 'gone' = 'kept',
): Promise<unknown> {
  const alone = join(folder, 'alone', name);
  bundle(name, alone);
  const url = pathToFileURL(join(alone, 'index.mjs')).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', LAMBDA, url, JSON.stringify(event), file],
    { cwd: alone, env: { ...environment, HOME: folder }, encoding: 'utf8' },
  );
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { answer: unknown }).answer;
}

test('a bundle is its own worker: alone in a folder, receive-upload opens a chart and render-release renders it', async () => {
  const config = parseConfig(example);
  const aws = await testAws({
    parameters: new Map(
      [...toParameters(config)].map(([name, value]) => [`/fairlead/fairlead/${name}`, value]),
    ),
  });
  try {
    const s3 = clients.s3(aws.environment);
    const environment = {
      ...aws.environment,
      PATH: process.env.PATH,
      [VARIABLES.installation]: config.installation,
      [VARIABLES.table]: TABLE,
      [VARIABLES.uploadBucket]: BUCKETS.upload,
      [VARIABLES.contentBucket]: BUCKETS.content,
      [VARIABLES.stateBucket]: BUCKETS.state,
      [VARIABLES.receiveQueue]: aws.queues.receive,
      [VARIABLES.doorbellQueue]: aws.queues.doorbell,
      [VARIABLES.configPath]: '/fairlead/fairlead',
      [VARIABLES.tools]: (await tools()).folder,
      [VARIABLES.scratch]: join(folder, 'scratch'),
    };

    const key = 'staging/shop/web/web-1.0.0.tgz';
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKETS.upload, Key: key, Body: await chartPackage('web', '1.0.0') }),
    );
    const [body] = await aws.take(aws.queues.receive);
    const event = { Records: [{ messageId: 'a', body }] };
    // A worker that cannot start is our failure: it must not reject what people upload.
    const broken = await answerOf('receive-upload', event, environment, 'gone');
    assert.deepEqual(broken, { batchItemFailures: [{ itemIdentifier: 'a' }] });
    const answer = await answerOf('receive-upload', event, environment);
    assert.deepEqual(answer, { batchItemFailures: [] });
    assert.equal((await aws.take(aws.queues.doorbell)).length, 1);

    const text = (data: string) => ({ mode: 0o644 as const, data: Buffer.from(data) });
    const content = s3Store(s3, BUCKETS.content);
    const chart = await putTree(
      content,
      new Map([
        ['Chart.yaml', text('apiVersion: v2\nname: web\nversion: 1.0.0\n')],
        ['templates/a.yaml', text('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n')],
      ]),
    );
    const request: RenderRequest = {
      schema: 1,
      purpose: 'judge',
      target: 'staging',
      deployer: 'none',
      capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
      boundary: { namespaces: ['shop'], allowKinds: [], allowPlainSecrets: false },
      subject: { kind: 'release', namespace: 'shop', release: 'web', chart, values: [] },
    };
    const rendered = (await answerOf('render-release', request, environment)) as RenderResponse;
    assert.equal(rendered.kind, 'rendered', JSON.stringify(rendered));
  } finally {
    await aws.end();
  }
});
