import { createHash, createHmac } from 'node:crypto';
import { stsHostOf } from '../aws/regions.ts';

/**
 * A bearer token for EKS: a presigned STS GetCallerIdentity that the cluster sends on our behalf, in base64url
 * (github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster"). Signing happens
 * here, without a call to STS; EKS accepts the token for 15 minutes from its date.
 */
const PREFIX = 'k8s-aws-v1.';
const EXPIRES_SECONDS = 60;
const ALGORITHM = 'AWS4-HMAC-SHA256';
const SIGNED_HEADERS = 'host;x-k8s-aws-id';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function eksToken(cluster: string, region: string, credentials: AwsCredentials, now: Date): string {
  return PREFIX + Buffer.from(presign(cluster, region, credentials, now)).toString('base64url');
}

/** AWS General Reference, "Create a signed AWS API request" (query parameters). */
function presign(cluster: string, region: string, credentials: AwsCredentials, now: Date): string {
  const host = stsHostOf(region);
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/sts/aws4_request`;
  const query = Object.entries({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(EXPIRES_SECONDS),
    ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': SIGNED_HEADERS,
  })
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    'GET',
    '/',
    query,
    `host:${host}\nx-k8s-aws-id:${cluster}\n`,
    SIGNED_HEADERS,
    sha256(''),
  ];
  const toSign = [ALGORITHM, time, scope, sha256(canonical.join('\n'))].join('\n');
  const key = [date, region, 'sts', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return `https://${host}/?${query}&X-Amz-Signature=${signature}`;
}

/** As SigV4 encodes: everything but the unreserved characters of RFC 3986. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
