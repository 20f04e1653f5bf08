import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessKeys } from './keys.ts';

/** A request as its bytes came: nothing of it is believed before its signature is. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as in the first line of HTTP. */
  readonly url: string;
  /** By lower-case name; several of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** The codes that AWS answers with (IAM user guide, "Troubleshoot Signature Version 4 signing"). */
export type SignatureRefusal =
  | 'MissingAuthenticationToken'
  | 'IncompleteSignature'
  | 'InvalidClientTokenId'
  | 'SignatureDoesNotMatch';

export type Verified =
  | { readonly kind: 'verified' }
  | { readonly kind: 'refused'; readonly code: SignatureRefusal; readonly why: string };

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** A signature without a duration of its own, and a clock that is ahead (IAM user guide, as above). */
const CLOCK_MS = 5 * 60_000;
/** IAM user guide, "Elements of an AWS API request signature", X-Amz-Expires: seven days. */
const LONGEST_SECONDS = 604_800;

/**
 * Whether a request is signed by these keys for this service, now: the signature is computed again over the request as
 * it came, in a header or in the query (IAM user guide, "Create a signed AWS API request").
 */
export function verifySignature(
  request: SignedRequest,
  keys: AccessKeys,
  service: string,
  now: Date,
): Verified {
  const query = parametersOf(request.url);
  if (query === undefined) return refused('IncompleteSignature', 'The query cannot be decoded');
  const claim = claimOf(request, query);
  if ('kind' in claim) return claim;
  const [accessKeyId, date = '', region = '', claimedService, end, ...more] = claim.credential.split('/');
  if (end !== 'aws4_request' || more.length > 0 || !/^[a-z0-9-]+$/.test(region))
    return refused('IncompleteSignature', 'Credential must be KEY/DATE/REGION/SERVICE/aws4_request');
  if (accessKeyId !== keys.accessKeyId || claim.token !== undefined)
    return refused('InvalidClientTokenId', 'The security token included in the request is invalid.');
  if (claimedService !== service)
    return refused('SignatureDoesNotMatch', `Credential should be scoped to correct service: '${service}'.`);
  const time = timeOf(claim.time);
  if (time === undefined || !claim.time.startsWith(date))
    return refused('IncompleteSignature', 'X-Amz-Date is no time of the day that Credential names');
  if (now.getTime() + CLOCK_MS < time)
    return refused('SignatureDoesNotMatch', `Signature not yet current: ${claim.time} is still later`);
  if (now.getTime() > time + claim.goodForMs)
    return refused('SignatureDoesNotMatch', `Signature expired: ${claim.time} is now too long ago`);
  const names = claim.signedHeaders.split(';');
  if (!names.includes('host'))
    return refused('SignatureDoesNotMatch', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  const unsigned = Object.keys(request.headers).find(
    (name) => name.startsWith('x-amz-') && !names.includes(name),
  );
  if (unsigned !== undefined)
    return refused('SignatureDoesNotMatch', `There is a header which is not signed: ${unsigned}`);

  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = [ALGORITHM, claim.time, scope, sha256(canonical(request, query, claim.signedHeaders))];
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  const expected = createHmac('sha256', key).update(toSign.join('\n')).digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/.test(claim.signature) ? claim.signature : '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected)
    ? { kind: 'verified' }
    : refused(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
      );
}

interface Claim {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  /** `20261122T050000Z` */
  readonly time: string;
  readonly goodForMs: number;
  readonly token: string | undefined;
}

type Refused = Extract<Verified, { kind: 'refused' }>;
const refused = (code: SignatureRefusal, why: string): Refused => ({ kind: 'refused', code, why });

type Parameters = readonly (readonly [name: string, value: string])[];

/** What the request says of its signature, from its one place: a request that is signed in both is signed in neither. */
function claimOf({ headers }: SignedRequest, query: Parameters): Claim | Refused {
  const inQuery = (name: string): string | undefined => query.find(([each]) => each === `X-Amz-${name}`)?.[1];
  const { authorization } = headers;
  const presigned = inQuery('Algorithm');
  if (authorization === undefined && presigned === undefined)
    return refused('MissingAuthenticationToken', 'Request is missing Authentication Token');
  if (authorization !== undefined && presigned !== undefined)
    return refused('IncompleteSignature', 'The request is signed in its header and in its query');
  const given =
    authorization === undefined
      ? {
          algorithm: presigned,
          credential: inQuery('Credential'),
          signedHeaders: inQuery('SignedHeaders'),
          signature: inQuery('Signature'),
          time: inQuery('Date'),
          goodForMs: durationOf(inQuery('Expires')),
          token: inQuery('Security-Token'),
        }
      : {
          algorithm: authorization.split(' ', 1)[0],
          credential: /\bCredential=([^,\s]+)/.exec(authorization)?.[1],
          signedHeaders: /\bSignedHeaders=([^,\s]+)/.exec(authorization)?.[1],
          signature: /\bSignature=([^,\s]+)/.exec(authorization)?.[1],
          time: headers['x-amz-date'],
          goodForMs: CLOCK_MS,
          token: headers['x-amz-security-token'],
        };
  const { algorithm, credential, signedHeaders, signature, time, goodForMs, token } = given;
  if (
    algorithm !== ALGORITHM ||
    credential === undefined ||
    signedHeaders === undefined ||
    signature === undefined ||
    time === undefined ||
    goodForMs === undefined
  )
    return refused(
      'IncompleteSignature',
      `A signature has ${ALGORITHM}, Credential, SignedHeaders, Signature and X-Amz-Date; in a query, X-Amz-Expires, too`,
    );
  return { credential, signedHeaders, signature, time, goodForMs, token };
}

function durationOf(seconds: string | undefined): number | undefined {
  const number = /^[0-9]{1,6}$/.test(seconds ?? '') ? Number(seconds) : 0;
  return number >= 1 && number <= LONGEST_SECONDS ? number * 1000 : undefined;
}

/** Milliseconds since 1970. */
function timeOf(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function parametersOf(url: string): Parameters | undefined {
  const at = url.indexOf('?');
  if (at < 0) return [];
  try {
    return url
      .slice(at + 1)
      .split('&')
      .filter((each) => each !== '')
      .map((each) => {
        const [name = '', ...value] = each.split('=');
        return [decodeURIComponent(name), decodeURIComponent(value.join('='))];
      });
  } catch {
    return undefined;
  }
}

function canonical(
  { method, url, headers, body }: SignedRequest,
  query: Parameters,
  signedHeaders: string,
): string {
  const [path = '/'] = url.split('?', 1);
  const parameters = query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([name, value], [other, otherValue]) => compare(name, other) || compare(value, otherValue))
    .map((pair) => pair.join('='));
  // One that is named and did not come is signed as empty, and so matches nothing that any client signs.
  const lines = signedHeaders
    .split(';')
    .map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [method, path, parameters.join('&'), lines.join(''), signedHeaders, sha256(body)].join('\n');
}

/** In the order of bytes: what is encoded has ASCII alone. */
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** As SigV4 encodes: everything but the unreserved characters of RFC 3986. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
