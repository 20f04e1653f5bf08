import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, noSuchKey, notImplemented, S3Error, xmlAnswer } from './answer.ts';
import { BadBody, readBody } from './body.ts';
import type { Bucket, NewObject, Version } from './bucket.ts';
import {
  type Call,
  checkedTags,
  described,
  existing,
  KNOWN_ON_OBJECT,
  METADATA_PREFIX,
  onlyListing,
} from './call.ts';
import { listObjects, listVersions } from './lists.ts';
import { assemble, multiparts, partEtag } from './multipart.ts';
import { errorXml, textsOf, xml } from './xml.ts';

export interface CreatedObject {
  readonly bucket: string;
  readonly version: Version;
  /** As S3's event names what wrote it. */
  readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';
  readonly requestId: string;
}

/**
 * S3 on its own protocol, path style, as far as Fairlead, the AWS CLI and the SDKs need it to copy, list and tag.
 * What is not here answers 501 with its name, and never a pretended success.
 * @param onCreated told after each object that was stored, before its writer is answered
 */
export function s3Front(
  buckets: ReadonlyMap<string, Bucket>,
  onCreated: (created: CreatedObject) => Promise<void>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const uploads = multiparts();

  return async (request, response) => {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    // Split by hand: URL resolves `..` in a path, and S3 takes the key as it is.
    const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
    let answer: Answer;
    try {
      answer = await dispatch(request, path, new URLSearchParams(search), requestId);
    } catch (error) {
      const known =
        error instanceof S3Error
          ? error
          : error instanceof BadBody
            ? new S3Error(400, error.code, error.message)
            : new S3Error(500, 'InternalError', error instanceof Error ? error.message : String(error));
      answer = {
        status: known.status,
        headers: { 'content-type': 'application/xml', ...known.headers },
        body: errorXml(known.code, known.message, path),
      };
    }
    const headers = Object.fromEntries(
      Object.entries({ 'x-amz-request-id': requestId, ...answer.headers }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as Record<string, string>;
    // What was not read of a refused request would be taken for the next one.
    if (!request.complete) headers.connection = 'close';
    const body = answer.body ?? '';
    if (headers['content-length'] === undefined && answer.status !== 204) {
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    response.writeHead(answer.status ?? 200, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  async function dispatch(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
    requestId: string,
  ): Promise<Answer> {
    const [, bucketName = '', ...rest] = path.split('/');
    const key = decodeURIComponent(rest.join('/'));
    if (bucketName === '') {
      const Bucket = [...buckets.keys()].map((Name) => ({ Name, CreationDate: new Date(0).toISOString() }));
      return xmlAnswer(xml('ListAllMyBucketsResult', { Buckets: { Bucket } }));
    }
    const bucket = buckets.get(decodeURIComponent(bucketName));
    if (bucket === undefined) {
      throw new S3Error(
        404,
        'NoSuchBucket',
        `The specified bucket does not exist; there is ${[...buckets.keys()].join(', ')}.`,
      );
    }
    const call: Call = { request, bucket, key, query, requestId };
    return key === '' ? await onBucket(call) : await onObject(call);
  }

  async function onBucket({ request, bucket, query }: Call): Promise<Answer> {
    switch (request.method) {
      case 'HEAD':
        return { headers: { 'x-amz-bucket-region': 'us-east-1' } };
      case 'GET':
        if (query.has('location')) return xmlAnswer(xml('LocationConstraint', {}));
        if (query.has('versioning')) {
          return xmlAnswer(
            xml('VersioningConfiguration', { Status: bucket.versioned ? 'Enabled' : undefined }),
          );
        }
        if (query.has('versions')) return xmlAnswer(listVersions(bucket, query));
        if (onlyListing(query)) return xmlAnswer(listObjects(bucket, query));
        break;
      case 'POST':
        if (query.has('delete')) return await deleteMany(bucket, (await readBody(request)).toString('utf8'));
        break;
    }
    throw notImplemented(request, query);
  }

  async function onObject(call: Call): Promise<Answer> {
    const { request, query, bucket, key } = call;
    if (query.has('tagging')) return await onTags(call);
    if (query.has('uploads') && request.method === 'POST') {
      const UploadId = uploads.begin({ bucket: bucket.name, ...described(call) });
      return xmlAnswer(xml('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId }));
    }
    const uploadId = query.get('uploadId');
    if (uploadId !== null) return await onMultipart(call, uploadId);
    if ([...query.keys()].some((name) => !KNOWN_ON_OBJECT.has(name))) throw notImplemented(request, query);
    switch (request.method) {
      case 'PUT':
        return request.headers['x-amz-copy-source'] === undefined ? await put(call) : await copy(call);
      case 'GET':
      case 'HEAD':
        return await get(call);
      case 'DELETE': {
        const gone = await bucket.remove(key, query.get('versionId') ?? undefined);
        return {
          status: 204,
          headers: {
            'x-amz-version-id': gone?.versionId,
            'x-amz-delete-marker': gone?.deleted ? 'true' : undefined,
          },
        };
      }
    }
    throw notImplemented(request, query);
  }

  async function put(call: Call): Promise<Answer> {
    const condition = call.request.headers['if-none-match'];
    if (condition !== undefined && condition !== '*') throw notImplemented(call.request, call.query);
    const body = await readBody(call.request);
    const version = await store(call, { ...described(call), body }, 'PutObject', condition === '*');
    return { headers: { etag: `"${version.etag}"`, 'x-amz-version-id': shownVersion(call.bucket, version) } };
  }

  async function store(call: Call, object: NewObject, reason: CreatedObject['reason'], onlyIfFree = false) {
    const version = await call.bucket.put(object, onlyIfFree);
    if (version === 'taken') {
      throw new S3Error(
        412,
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
      );
    }
    await onCreated({ bucket: call.bucket.name, version, reason, requestId: call.requestId });
    return version;
  }

  async function copy(call: Call): Promise<Answer> {
    const source = decodeURIComponent(String(call.request.headers['x-amz-copy-source'])).replace(/^\//, '');
    const [path = '', versionId] = source.split('?versionId=');
    const slash = path.indexOf('/');
    const from = buckets.get(path.slice(0, slash));
    const found = from?.find(path.slice(slash + 1), versionId);
    if (from === undefined || found === undefined || found.deleted) throw noSuchKey();
    const replaced = call.request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const { contentType, metadata } = replaced ? described(call) : found;
    const body = await from.read(found);
    const object = { key: call.key, body, contentType, metadata, tags: found.tags };
    const version = await store(call, object, 'CopyObject');
    return xmlAnswer(
      xml('CopyObjectResult', {
        ETag: `"${version.etag}"`,
        LastModified: new Date(version.at).toISOString(),
      }),
    );
  }

  async function get(call: Call): Promise<Answer> {
    const found = existing(call);
    const { request, bucket } = call;
    const headers = {
      'content-type': found.contentType,
      etag: `"${found.etag}"`,
      'last-modified': new Date(found.at).toUTCString(),
      'accept-ranges': 'bytes',
      'x-amz-version-id': shownVersion(bucket, found),
      'x-amz-tagging-count': tagCount(found),
      ...Object.fromEntries(
        Object.entries(found.metadata).map(([name, value]) => [`${METADATA_PREFIX}${name}`, value]),
      ),
    };
    if (request.method === 'HEAD') return { headers: { ...headers, 'content-length': String(found.size) } };
    const body = await bucket.read(found);
    const range = /^bytes=(\d+)-(\d*)$/.exec(String(request.headers.range ?? ''));
    if (range === null) return { headers, body };
    const from = Number(range[1]);
    const to = Math.min(range[2] === '' ? found.size - 1 : Number(range[2]), found.size - 1);
    if (from > to) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable');
    return {
      status: 206,
      headers: { ...headers, 'content-range': `bytes ${from}-${to}/${found.size}` },
      body: body.subarray(from, to + 1),
    };
  }

  async function onTags(call: Call): Promise<Answer> {
    const found = existing(call);
    const headers = { 'x-amz-version-id': shownVersion(call.bucket, found) };
    switch (call.request.method) {
      case 'GET': {
        const Tag = Object.entries(found.tags).map(([Key, Value]) => ({ Key, Value }));
        return xmlAnswer(xml('Tagging', { TagSet: { Tag } }), headers);
      }
      case 'PUT': {
        const document = (await readBody(call.request)).toString('utf8');
        const [names, values] = [textsOf(document, 'Key'), textsOf(document, 'Value')];
        await call.bucket.setTags(
          found,
          checkedTags(names.map((name, index) => [name, values[index] ?? ''])),
        );
        return { headers };
      }
      case 'DELETE':
        await call.bucket.setTags(found, {});
        return { status: 204, headers };
    }
    throw notImplemented(call.request, call.query);
  }

  async function onMultipart(call: Call, id: string): Promise<Answer> {
    const upload = uploads.find(id);
    if (upload === undefined || upload.bucket !== call.bucket.name || upload.key !== call.key) {
      throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    }
    switch (call.request.method) {
      case 'PUT': {
        const part = await readBody(call.request);
        upload.parts.set(Number(call.query.get('partNumber')), part);
        return { headers: { etag: `"${partEtag(part)}"` } };
      }
      case 'POST': {
        const document = (await readBody(call.request)).toString('utf8');
        const parts = textsOf(document, 'PartNumber').map((number) => upload.parts.get(Number(number)));
        if (parts.length === 0 || parts.some((part) => part === undefined)) {
          throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
        }
        const whole = { ...upload, ...assemble(parts as Buffer[]) };
        const version = await store(call, whole, 'CompleteMultipartUpload');
        uploads.end(id);
        return xmlAnswer(
          xml('CompleteMultipartUploadResult', {
            Bucket: call.bucket.name,
            Key: call.key,
            ETag: `"${version.etag}"`,
          }),
          { 'x-amz-version-id': shownVersion(call.bucket, version) },
        );
      }
      case 'DELETE':
        uploads.end(id);
        return { status: 204 };
    }
    throw notImplemented(call.request, call.query);
  }
}

async function deleteMany(bucket: Bucket, document: string): Promise<Answer> {
  const Deleted: { Key: string; VersionId?: string }[] = [];
  for (const object of document.matchAll(/<Object>([\s\S]*?)<\/Object>/g)) {
    const [Key = ''] = textsOf(object[1] ?? '', 'Key');
    const [VersionId] = textsOf(object[1] ?? '', 'VersionId');
    await bucket.remove(Key, VersionId);
    Deleted.push(VersionId === undefined ? { Key } : { Key, VersionId });
  }
  const shown = textsOf(document, 'Quiet')[0] === 'true' ? [] : Deleted;
  return xmlAnswer(xml('DeleteResult', { Deleted: shown as unknown as { Key: string }[] }));
}

const shownVersion = (bucket: Bucket, version: Version): string | undefined =>
  bucket.versioned ? version.versionId : undefined;

const tagCount = ({ tags }: Version): string | undefined =>
  Object.keys(tags).length === 0 ? undefined : String(Object.keys(tags).length);
