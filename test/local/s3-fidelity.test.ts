import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import * as clients from '../../lib/aws/clients.ts';
import type { Environment } from '../../lib/aws/environment.ts';
import { ObjectTooLarge, s3Store } from '../../lib/aws/objects.ts';
import { BUCKETS, type LocalAws, startAws } from '../../local/aws/aws.ts';
import { pythonProgram, requirement } from '../requirements.ts';

const Bucket = BUCKETS.upload;

/** Every S3 call that we make, and what S3 answers: run against our front, and against moto as an independent S3. */
const CHECKS: Readonly<Record<string, (s3: S3Client) => Promise<void>>> = {
  'an object keeps its bytes, type and metadata, and has a version id': async (s3) => {
    const Key = 'staging/shop/web/web-1.0.0.tgz';
    const body = randomBytes(2048);
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: body,
        ContentType: 'application/gzip',
        Metadata: { 'source-commit': 'abc' },
      }),
    );
    assert.ok(put.VersionId);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId: put.VersionId }));
    assert.deepEqual(Buffer.from(await (got.Body?.transformToByteArray() ?? [])), body);
    assert.equal(got.ContentType, 'application/gzip');
    assert.deepEqual(got.Metadata, { 'source-commit': 'abc' });
    assert.equal(got.VersionId, put.VersionId);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    assert.deepEqual([head.ContentLength, head.ETag], [body.length, put.ETag]);
  },
  'each version is read by its id': async (s3) => {
    const Key = 'versions/one.yaml';
    const first = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first' }));
    const second = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }));
    const read = async (VersionId?: string) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
      return await Body?.transformToString();
    };
    assert.equal(await read(first.VersionId), 'first');
    assert.equal(await read(second.VersionId), 'second');
    assert.equal(await read(), 'second');
  },
  'tagging a version changes neither its bytes nor another version': async (s3) => {
    const Key = 'tags/one.yaml';
    const first = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first' }));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }));
    const VersionId = first.VersionId ?? '';
    const store = s3Store(s3, Bucket);
    await store.mergeTags(Key, VersionId, { 'fairlead-outcome': 'delivered' });
    await store.mergeTags(Key, VersionId, { 'fairlead-commit': 'abc, "d"' });
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
    assert.deepEqual(
      new Map(TagSet?.map((tag) => [tag.Key, tag.Value])),
      new Map([
        ['fairlead-outcome', 'delivered'],
        ['fairlead-commit', 'abc_ _d_'],
      ]),
    );
    assert.equal((await store.get(Key, { versionId: VersionId }))?.body.toString(), 'first');
    const newest = await s3.send(new GetObjectTaggingCommand({ Bucket, Key }));
    assert.deepEqual(newest.TagSet, []);
    await store.mergeTags(Key, VersionId, { 'fairlead-commit': undefined, 'fairlead-outcome': 'failed' });
    const after = await s3.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
    assert.deepEqual(after.TagSet, [{ Key: 'fairlead-outcome', Value: 'failed' }]);
  },
  'a set of tags that S3 does not take is refused': async (s3) => {
    const Key = 'tags/refused.yaml';
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const eleven = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
    await assert.rejects(
      s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: eleven } })),
      (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 400,
    );
  },
  'If-None-Match: * writes once': async (s3) => {
    const store = s3Store(s3, Bucket);
    assert.equal(await store.putOnce('once/a', 'one'), 'written');
    assert.equal(await store.putOnce('once/a', 'two'), 'present');
    assert.equal((await store.get('once/a'))?.body.toString(), 'one');
  },
  'what is not there is undefined, what is too large is refused before it is read': async (s3) => {
    const store = s3Store(s3, Bucket);
    assert.equal(await store.get('no/such/key'), undefined);
    await store.put('large', Buffer.alloc(100));
    await assert.rejects(store.get('large', { maxBytes: 99 }), ObjectTooLarge);
  },
  'a key comes back as it was given, whatever it holds': async (s3) => {
    const store = s3Store(s3, Bucket);
    const keys = ['odd/a b+c%20d', 'odd/ü/ß.tgz', 'odd/<&>"\'', 'odd/../up', 'odd//double'];
    for (const key of keys) await store.put(key, key);
    for (const key of keys) assert.equal((await store.get(key))?.body.toString(), key);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'odd/' }));
    assert.deepEqual(Contents?.map(({ Key }) => Key).sort(), [...keys].sort());
  },
  'all versions are listed, newest first, over several pages': async (s3) => {
    const store = s3Store(s3, Bucket);
    for (const key of ['pages/a', 'pages/b']) {
      for (let round = 0; round < 2; round++) {
        await store.put(key, `${key} ${round}`);
        // Some servers order by time alone.
        await sleep(10);
      }
    }
    const seen: string[] = [];
    for await (const { key, versionId } of store.versions('pages/')) {
      seen.push((await store.get(key, { versionId }))?.body.toString() ?? '');
    }
    assert.deepEqual(seen, ['pages/a 1', 'pages/a 0', 'pages/b 1', 'pages/b 0']);
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'pages/', MaxKeys: 3 }));
    assert.equal(page.IsTruncated, true);
    assert.equal(page.Versions?.length, 3);
  },
  'a deleted object is gone, and its versions are not': async (s3) => {
    const Key = 'deleted/a';
    const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'kept' }));
    const gone = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    assert.equal(gone.DeleteMarker, true);
    const store = s3Store(s3, Bucket);
    assert.equal(await store.get(Key), undefined);
    assert.equal((await store.get(Key, { versionId: put.VersionId ?? '' }))?.body.toString(), 'kept');
    const { DeleteMarkers, Versions } = await s3.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: 'deleted/' }),
    );
    assert.deepEqual([DeleteMarkers?.length, Versions?.length], [1, 1]);
  },
  'an upload in parts is one object': async (s3) => {
    const Key = 'parts/a';
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(1000)];
    const Parts = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    assert.match(done.ETag ?? '', /-2"$/);
    const ranged = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=5242880-5242889' }));
    assert.deepEqual(
      Buffer.from(await (ranged.Body?.transformToByteArray() ?? [])),
      parts[1]?.subarray(0, 10),
    );
    assert.equal((await s3Store(s3, Bucket).get(Key))?.body.length, 5 * 1024 * 1024 + 1000);
  },
};

describe('the local S3', () => {
  let aws: LocalAws;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-s3-'));
    aws = await startAws({
      folder,
      port: 0,
      contents: { functions: new Map(), parameters: new Map(), secrets: new Map(), onEvent: () => {} },
      onTableWrite: () => {},
    });
  });
  after(async () => {
    await aws.stop();
    await rm(folder, { recursive: true, force: true });
  });
  for (const [name, check] of Object.entries(CHECKS)) {
    test(name, async () => await check(clients.s3(aws.environment)));
  }
});

describe("moto's S3 answers the same", requirement('moto'), () => {
  let stop: () => Promise<void>;
  let environment: Environment;
  before(async () => {
    const port = await freePort();
    const server = spawn(pythonProgram('moto_server') ?? '', ['-H', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
    });
    stop = async () => {
      if (server.exitCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    };
    environment = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    while (server.exitCode === null) {
      const up = await fetch(`http://127.0.0.1:${port}/moto-api/`).then(
        () => true,
        () => false,
      );
      if (up) break;
      await sleep(100);
    }
    const s3 = clients.s3(environment);
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  });
  after(async () => await stop());
  for (const [name, check] of Object.entries(CHECKS)) {
    test(name, async () => await check(clients.s3(environment)));
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
