import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { sweep } from '../../functions/sweep.ts';
import { withUntold } from '../../lib/alerts/outbox.ts';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { dynamoTable, type Table } from '../../lib/aws/table.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { recordItem } from '../../lib/uploads/record/record.ts';
import { addWaiting } from '../../lib/uploads/record/waiting.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { packExample } from '../../local/example/pack.ts';
import { CONFIG_PATH } from '../../local/functions.ts';
import { type Installation, startInstallation } from '../../local/installation.ts';
import { type Line, logged } from '../fixtures/logged.ts';
import { DRIFT_EXAMPLES } from '../lib/alerts/example-drift.ts';

/** What the functions wrote in a run of all of them, and what is known of it from elsewhere. */
export interface Followed {
  readonly lines: readonly Line[];
  /** Of the installation, and planted into what was uploaded. */
  readonly secrets: readonly string[];
  readonly delivered: { readonly upload: string; readonly commit: string };
}

const WAIT_MS = 180_000;
const POLL_MS = 100;
const ENDING_MS = 1_500;
const FAR_MS = 6 * 60_000;
const planted = () => `planted${randomBytes(12).toString('hex')}`;

/**
 * A real run of all functions on this machine: an upload that is delivered, one that is refused, one that waits, no
 * chart at all, a check, alerts of which one channel takes none, a message of yesterday, and then no Git any more.
 */
export async function followedRun(): Promise<Followed> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-followed-'));
  const ending = new AbortController();
  let known: Omit<Followed, 'lines'> | undefined;
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n');
    const lines = await logged(async (soFar) => {
      const installation = await startInstallation(
        {
          dataFolder: join(folder, 'data'),
          ports: { aws: 0, page: 0, git: 0 },
          config: CONFIG,
          cluster: { kind: 'given', kubeconfig, standIn: 'off' },
          checkSeconds: 2,
          onNotice: () => {},
        },
        ending.signal,
      );
      try {
        known = await drive(installation, join(folder, 'data'), soFar);
      } finally {
        await installation.stop();
        // What was under way says that everything is gone.
        await sleep(ENDING_MS);
      }
    });
    assert.ok(known !== undefined);
    return { ...known, lines };
  } finally {
    ending.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

const CONFIG = parseConfig({
  installation: 'local',
  repositories: [{ name: 'cluster', url: 'http://127.0.0.1/cluster.git' }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
  // Nobody listens there.
  audiences: [
    { name: 'nobody', form: 'webhook', url: 'http://127.0.0.1:9/', secret: 'hook', network: 'private' },
  ],
});

async function drive(
  installation: Installation,
  dataFolder: string,
  soFar: readonly Line[],
): Promise<Omit<Followed, 'lines'>> {
  const says = (service: string, message: string, more: Line = {}) =>
    until(`${service} says "${message}"`, async () =>
      soFar.some(
        (line) =>
          line.service === service &&
          line.message === message &&
          Object.entries(more).every(([name, value]) => line[name] === value),
      ),
    );
  const { aws, git } = installation;
  const uploads = s3Store(clients.s3(aws.environment), BUCKETS.upload);
  const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
  const outcomeOf = (key: string) => aws.buckets.upload.find(key)?.tags['fairlead-outcome'];
  const secrets = { values: planted(), template: planted(), manifest: planted(), rubbish: planted() };

  const good = await packExample('1.0.0', new Map([['templates/token.yaml', tokenOf(secrets.values)]]));
  const bad = await packExample(
    '2.0.0',
    new Map([['templates/bad.yaml', `{{ fail "${secrets.template}" }}`]]),
  );
  const place = 'staging/shop/hello';
  const keys = {
    good: `${place}/${good.fileName}`,
    bad: `staging/shop/bad/${bad.fileName}`,
    rubbish: 'staging/shop/rubbish/hello-3.0.0.tgz',
    manifest: 'staging/manifests/secret.yaml',
    waits: 'staging/shop/waits/values.yaml',
  };
  await uploads.put(keys.good, good.bytes, 'application/gzip');
  await until('it is delivered', async () => outcomeOf(keys.good) === 'delivered');
  const version = aws.buckets.upload.find(keys.good);
  assert.ok(version !== undefined);
  const commit = version.tags['fairlead-commit'] ?? assert.fail('it names no commit');
  await says('read-desired', 'desired state read', { commit });
  await says('check-drift', 'checked', { commit });
  // It takes three checks to tell that a cluster cannot be judged.
  await says('send-alerts', 'alert told', { kind: 'unknown' });
  await uploads.put(keys.bad, bad.bytes, 'application/gzip');
  await uploads.put(keys.rubbish, Buffer.from(secrets.rubbish), 'application/gzip');
  await uploads.put(keys.manifest, Buffer.from(secretManifest(secrets.manifest)), 'application/yaml');
  await uploads.put(keys.waits, Buffer.from(`token: ${secrets.values}\n`), 'application/yaml');
  for (const key of [keys.bad, keys.rubbish, keys.manifest])
    await until(`${key} is refused`, async () => outcomeOf(key) === 'rejected');
  await says('send-alerts', 'alert told', { kind: 'rejected' });
  await says('send-alerts', 'an alert not told: it comes again');

  const sqs = clients.sqs(aws.environment);
  const yesterdays = { schema: 1, target: 'staging', commit, sequence: 0, desired: digestOf('') };
  await sqs.send(
    new SendMessageCommand({ QueueUrl: aws.queues.check, MessageBody: JSON.stringify(yesterdays) }),
  );
  await says('check-drift', 'check dropped');
  // What a cluster that answers would have brought.
  const at = new Date().toISOString();
  const example = DRIFT_EXAMPLES.drift;
  assert.ok(example?.kind === 'drift');
  const alert = { ...example, installation: 'local', at, commit };
  const drifting = { pk: 'incident#staging', sk: 'shop/web#drift', schema: 1, version: 1 };
  await table.put(withUntold(drifting, [alert], at), 'absent');
  await says('send-alerts', 'alert told', { kind: 'drift' });
  await leaveWithoutContent(table);
  await says('deliver-uploads', 'upload waits');
  // What the sweep measures next, without waiting for it.
  const measuring = sweep(
    {
      ...aws.environment,
      [VARIABLES.installation]: 'local',
      [VARIABLES.table]: TABLE,
      [VARIABLES.uploadBucket]: BUCKETS.upload,
      [VARIABLES.receiveQueue]: aws.queues.receive,
      [VARIABLES.doorbellQueue]: aws.queues.doorbell,
      [VARIABLES.readQueue]: aws.queues.read,
      [VARIABLES.configPath]: CONFIG_PATH,
    },
    () => new Date(Date.now() + FAR_MS),
  );
  await measuring({ schema: 1, sweep: 'minutes' });

  await git.stop();
  const last = await packExample('4.0.0');
  await uploads.put(`${place}/${last.fileName}`, last.bytes, 'application/gzip');
  await says('deliver-uploads', 'repository blocked');
  await says('read-desired', 'message not worked off: it comes again');
  return {
    delivered: { upload: version.versionId, commit },
    secrets: [...Object.values(secrets), ...(await installationsOwn(installation, dataFolder))],
  };
}

/** What only this installation knows: the password of pushes, the key of its AWS, what signs posts. */
async function installationsOwn({ connection }: Installation, dataFolder: string): Promise<string[]> {
  return [
    connection.gitToken,
    connection.environment.AWS_SECRET_ACCESS_KEY ?? assert.fail('there is no key'),
    await readFile(join(dataFolder, 'webhooks', 'nobody.key'), 'utf8'),
  ];
}

/** An upload whose content is gone, as after a bucket was emptied by hand. */
async function leaveWithoutContent(table: Table): Promise<void> {
  const line = { repository: 'cluster', branch: 'main' };
  const at = new Date().toISOString();
  const upload = {
    key: 'staging/shop/gone/hello-1.0.0.tgz',
    versionId: 'gone',
    sequencer: '1',
    eventTime: at,
    receivedAt: at,
  };
  const content = { ...line, target: 'staging', digest: digestOf('gone'), package: digestOf(''), claims: {} };
  await addWaiting(table, line, upload);
  await table.put(recordItem(upload, { ...content, state: 'checked', attempted: [] }, undefined), 'absent');
}

const tokenOf = (token: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: token\ndata:\n  token: ${token}\n`;

const secretManifest = (token: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: plain\n  namespace: shop\nstringData:\n  token: ${token}\n`;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `waited in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
