import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, GetObjectTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { deliverUploads } from '../../functions/deliver-uploads.ts';
import { receiveUpload } from '../../functions/receive-upload.ts';
import { renderRelease } from '../../functions/render-release.ts';
import { sweep } from '../../functions/sweep.ts';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { dynamoTable } from '../../lib/aws/table.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { BUCKETS, type LocalAws, startAws, TABLE } from '../../local/aws/aws.ts';
import type { Handler } from '../../local/aws/services.ts';
import { pump } from '../../local/pump.ts';
import { tools } from '../../local/tools.ts';
import { gitServer, type TestGit } from '../lib/repository/server.ts';
import { chartPackage } from '../lib/uploads/pipeline.ts';

/** The handlers as they are deployed, over S3, SQS, DynamoDB and Lambda on the wire, with real git and helm. */
describe('an upload, on the wire', () => {
  let git: TestGit;
  let aws: LocalAws;
  const ending = new AbortController();
  const pumps: Promise<void>[] = [];
  const errors: unknown[] = [];
  let environment: Environment;

  before(async () => {
    git = await gitServer();
    const config = parseConfig({
      installation: 'wire',
      repositories: [{ name: 'cluster', url: git.url, credential: { kind: 'token', secret: 'write' } }],
      targets: [
        {
          name: 'staging',
          repository: 'cluster',
          deployer: 'flux',
          namespaces: ['shop'],
          judgeAgainSeconds: 0,
        },
      ],
    });
    const functions = new Map<string, Handler>();
    const parameters = new Map(
      [...toParameters(config)].map(([name, value]) => [`/fairlead/test/${name}`, value]),
    );
    aws = await startAws({
      folder: join(git.folder, 'aws'),
      port: 0,
      contents: {
        functions,
        parameters,
        secrets: new Map([['write', git.credential.token]]),
        onEvent: () => {},
      },
      onTableWrite: () => {},
    });
    environment = {
      ...aws.environment,
      [VARIABLES.installation]: 'wire',
      [VARIABLES.table]: TABLE,
      [VARIABLES.uploadBucket]: BUCKETS.upload,
      [VARIABLES.contentBucket]: BUCKETS.content,
      [VARIABLES.stateBucket]: BUCKETS.state,
      [VARIABLES.receiveQueue]: aws.queues.receive,
      [VARIABLES.doorbellQueue]: aws.queues.doorbell,
      [VARIABLES.readQueue]: aws.queues.read,
      [VARIABLES.renderFunction]: 'render-release',
      [VARIABLES.configPath]: '/fairlead/test',
      [VARIABLES.tools]: (await tools()).folder,
      [VARIABLES.scratch]: join(git.folder, 'scratch'),
    };
    functions.set('render-release', renderRelease(environment));
    const sqs = clients.sqs(environment);
    const start = (name: string, queueUrl: string, handler: Handler) =>
      pumps.push(
        pump(sqs, { name, queueUrl, batchSize: 1, handler }, (_, error) => errors.push(error), ending.signal),
      );
    start('receive-upload', aws.queues.receive, receiveUpload(environment));
    start('deliver-uploads', aws.queues.doorbell, deliverUploads(environment));
  });
  after(async () => {
    ending.abort();
    await Promise.allSettled(pumps);
    await aws.stop();
    await git.stop();
  });

  async function upload(key: string, body: Buffer | string) {
    const s3 = clients.s3(environment);
    const begun = performance.now();
    const { VersionId } = await s3.send(
      new PutObjectCommand({ Bucket: BUCKETS.upload, Key: key, Body: body, Metadata: { author: 'Ann' } }),
    );
    const version = { Bucket: BUCKETS.upload, Key: key, VersionId };
    for (;;) {
      const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(version));
      const tags = Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]));
      if (tags['fairlead-outcome'] !== undefined) {
        const { Body } = await s3.send(new GetObjectCommand(version));
        const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
        return { tags, bytes, versionId: VersionId ?? '', took: performance.now() - begun };
      }
      await sleep(10);
    }
  }

  test('becomes a commit, and the object keeps its bytes', async (context) => {
    const took: number[] = [];
    for (const version of ['1.0.0', '1.0.1', '1.0.2', '1.0.3']) {
      const body = await chartPackage('web', version);
      const ended = await upload(`staging/shop/web/web-${version}.tgz`, body);
      assert.equal(ended.tags['fairlead-outcome'], 'delivered');
      assert.equal(ended.tags['fairlead-commit'], git.tip());
      assert.equal(digestOf(ended.bytes), digestOf(body));
      took.push(Math.round(ended.took));
    }
    context.diagnostic(`upload to tag, ms: ${took.join(', ')}`);
    assert.match(git.show('fairlead/staging/releases/shop/web/chart/Chart.yaml'), /1\.0\.3/);
    assert.deepEqual(errors, []);
  });

  test('with a template error is rejected with file and line, in the record before the tag', async () => {
    const body = await chartPackage('web', '2.0.0', {
      'templates/broken.yaml': 'a: 1\nb: {{ .Values.x.y }}\n',
    });
    const ended = await upload('staging/shop/web/web-2.0.0.tgz', body);
    assert.equal(ended.tags['fairlead-outcome'], 'rejected');
    assert.equal(ended.tags['fairlead-reason'], 'template-failed');
    const table = dynamoTable(clients.dynamodb(environment), TABLE);
    const record = await table.get({ pk: 'upload#staging/shop/web/web-2.0.0.tgz', sk: ended.versionId });
    const [why] = (record?.reasons ?? []) as { place?: { file?: string; line?: number } }[];
    assert.deepEqual(why?.place, { file: 'templates/broken.yaml', line: 2 });
    const untold = await Array.fromAsync(table.untold());
    assert.equal(untold.length, 1);
  });

  test('leaves nothing for the sweep', async () => {
    const goRound = sweep(environment);
    const nothing = { receivedAgain: 0, bells: 0, reads: 0, silent: 0, announced: 0 };
    assert.deepEqual(await goRound({ schema: 1, sweep: 'minutes' }), nothing);
    assert.deepEqual(await goRound({ schema: 1, sweep: 'hours' }), nothing);
    await assert.rejects(goRound({ sweep: 'never' }));
  });
});
