import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { UploadState } from '../../lib/uploads/record/record.ts';
import { fairlead } from './command-line.ts';
import { AT, type StandIn, standIn } from './stand-in-installation.ts';

/** What each right is for: with one taken away, a command does with the others, or names it. */
const PLACE = 'staging/shop/web/';
const KEY = `${PLACE}values.yaml`;
const REJECTED: UploadState = {
  state: 'rejected',
  reasons: [{ code: 'yaml-invalid', message: 'It is not valid YAML: line 7.', whatToDo: 'Correct it.' }],
  endedAt: AT,
};
const TAGS = { 'fairlead-outcome': 'rejected', 'fairlead-reason': 'yaml-invalid' };

let installation: StandIn;
let values: string;
/** The right that is taken away now. */
let denied: (request: IncomingMessage) => boolean = () => false;
let front: Server;

const DENIED = {
  's3:PutObject': ({ method, url = '' }: IncomingMessage) => method === 'PUT' && !url.includes('tagging'),
  's3:GetObjectVersionTagging': ({ url = '' }: IncomingMessage) => url.includes('tagging'),
  's3:ListBucketVersions': ({ url = '' }: IncomingMessage) => url.includes('versions'),
  'dynamodb:GetItem': ({ headers }: IncomingMessage) =>
    String(headers['x-amz-target']).startsWith('DynamoDB_'),
  'sqs:SendMessage': ({ headers }: IncomingMessage) =>
    String(headers['x-amz-target']).startsWith('AmazonSQS'),
  'ssm:GetParametersByPath': ({ headers }: IncomingMessage) =>
    String(headers['x-amz-target']).startsWith('AmazonSSM'),
} as const;

before(async () => {
  installation = await standIn();
  values = join(installation.folder, 'values.yaml');
  await writeFile(values, 'replicas: 2\n');
  await installation.store.put(KEY, 'replicas: 1\n');
  await installation.end(KEY, REJECTED, TAGS);
  front = createServer((incoming, outgoing) => {
    if (denied(incoming)) {
      const json = incoming.headers['x-amz-target'] !== undefined;
      const says = 'User: someone is not authorized';
      incoming.resume();
      outgoing.writeHead(json ? 400 : 403, {
        'content-type': json ? 'application/x-amz-json-1.1' : 'application/xml',
      });
      outgoing.end(
        json
          ? JSON.stringify({ __type: 'AccessDeniedException', message: says })
          : `<Error><Code>AccessDenied</Code><Message>${says}</Message></Error>`,
      );
      return;
    }
    const { host } = new URL(installation.aws.url);
    const onward = httpRequest(
      `${installation.aws.url}${incoming.url}`,
      { method: incoming.method, headers: { ...incoming.headers, host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  await new Promise((resolve) => front.close(resolve));
  await installation.stop();
});

async function without(rights: readonly (keyof typeof DENIED)[], ...argv: string[]) {
  denied = (request) => rights.some((right) => DENIED[right](request));
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  return fairlead(argv, {
    ...installation.environment,
    FAIRLEAD_DATA: '/nowhere',
    AWS_ENDPOINT_URL: url,
    FAIRLEAD_RECEIVE_QUEUE_URL: installation.aws.queues.receive.replace(installation.aws.url, url),
  });
}

describe('without the right to', () => {
  test('upload, nothing is uploaded, and it is named', async () => {
    const ran = await without(['s3:PutObject'], 'upload', values, PLACE, '--wait');
    assert.equal(ran.code, 69);
    assert.match(
      ran.stderr,
      /not allowed: it needs s3:PutObject on s3:\/\/charts\/staging\/shop\/web\/values/,
    );
  });

  test('read the table, tags do; what they do not say is named', async () => {
    const ran = await without(['dynamodb:GetItem'], 'uploads', PLACE, '-o', 'json');
    assert.equal(ran.code, 0, ran.stderr);
    const [upload] = JSON.parse(ran.stdout).uploads;
    assert.equal(upload.source, 'tags');
    assert.equal(upload.reasons[0].message, 'It is not valid YAML: ….');
    const shown = await without(['dynamodb:GetItem'], 'uploads', PLACE);
    assert.match(shown.stdout, /records say more: dynamodb:GetItem on table fairlead\)/);
  });

  test('read tags, the record does', async () => {
    const [ran] = await Promise.all([
      without(['s3:GetObjectVersionTagging'], 'upload', values, PLACE, '--wait'),
      installation.endNext(KEY, REJECTED, TAGS),
    ]);
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stdout, /line 7/);
  });

  test('read either, it is said that it was uploaded, and what is missing', async () => {
    const neither = ['s3:GetObjectVersionTagging', 'dynamodb:GetItem'] as const;
    const ran = await without(neither, 'upload', values, PLACE, '--wait', '-o', 'json');
    assert.equal(ran.code, 69);
    const [upload] = JSON.parse(ran.stdout).uploads;
    assert.equal(upload.outcome, 'unreadable');
    assert.match(upload.message, /s3:GetObjectVersionTagging on bucket charts, or dynamodb:GetItem on table/);
  });

  test('read the table, no rollout is waited for, and nothing is uploaded', async () => {
    const before = installation.aws.buckets.upload.find(KEY)?.versionId;
    const ran = await without(['dynamodb:GetItem'], 'upload', values, PLACE, '--wait', 'rolled-out');
    assert.equal(ran.code, 69);
    assert.match(ran.stderr, /dynamodb:GetItem on table fairlead/);
    assert.equal(installation.aws.buckets.upload.find(KEY)?.versionId, before);
  });

  test('list versions, nothing is listed', async () => {
    const ran = await without(['s3:ListBucketVersions'], 'uploads', PLACE);
    assert.equal(ran.code, 69);
    assert.match(ran.stderr, /s3:ListBucketVersions on bucket charts/);
  });

  test('send to the queue, nothing is taken again; showing needs no such right', async () => {
    await installation.store.put(`${PLACE}web-1.0.0.tgz`, 'a chart');
    await installation.end(`${PLACE}web-1.0.0.tgz`, REJECTED, TAGS);
    const ran = await without(['sqs:SendMessage'], 'replay', PLACE);
    assert.equal(ran.code, 69);
    assert.match(ran.stderr, /sqs:SendMessage on queue http/);
    assert.equal((await without(['sqs:SendMessage'], 'replay', PLACE, '--dry-run')).code, 0);
  });

  test('find it by its name, it is named', async () => {
    const ran = await without(['ssm:GetParametersByPath'], 'uploads', '--installation', 'test');
    assert.equal(ran.code, 69);
    assert.match(ran.stderr, /ssm:GetParametersByPath on parameter\/fairlead\/test\/addresses/);
  });
});
