import { Stack } from 'aws-cdk-lib';
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Uploads } from '../state/upload.ts';

/** S3 guide, "Bucket policies": 20 KB. */
const BUCKET_POLICY_BYTES = 20 * 1024;
/** What stands for a value that is known at the deployment only: the ARN of a bucket with the longest name. */
const LONGEST_ARN = `arn:aws-us-gov:s3:::${'b'.repeat(63)}`;

/** Who is named by ARN for a target, and below which prefix of the bucket. */
export interface Named {
  readonly target: string;
  readonly arns: readonly string[];
  readonly prefix: string;
}

/** What they may do there, and where that stands for people. */
export interface Admission {
  readonly actions: readonly string[];
  readonly entry: 'uploaders.arns' | 'operators.arns';
  /** The managed policy of a target without its region, for who may not write the bucket's. */
  readonly policyOf: (target: string) => string;
  readonly page: string;
}

/**
 * Says in the bucket's own policy who of this account or another may do what below which prefix.
 * @returns why that cannot be
 */
export function admitByBucketPolicy(
  { bucket, bucketIs }: Uploads,
  named: readonly Named[],
  { actions, entry, policyOf, page }: Admission,
): readonly string[] {
  if (named.length === 0) return [];
  if (bucketIs === 'existing')
    return named.map(
      ({ target }) =>
        `target "${target}": ${entry} are written into the bucket's policy, and that of a bucket which exists is its owner's. Take them out, and attach the policy ${policyOf(target)}-REGION, or see ${page} for the statement to add there`,
    );
  for (const { arns, prefix } of named) {
    bucket.addToResourcePolicy(
      new PolicyStatement({
        principals: [...new Set(arns)].sort().map((arn) => new ArnPrincipal(arn)),
        actions: [...actions],
        // In the bucket's own stack, which imports nothing.
        resources: [bucket.arnForObjects(`${prefix}/*`)],
      }),
    );
  }
  return problemsOf(bucket);
}

/**
 * What is wrong with the bucket's policy as it stands, if S3 would not take it: better now than in the middle of a
 * deployment.
 */
function problemsOf(bucket: IBucket): readonly string[] {
  if (!(bucket instanceof Bucket) || bucket.policy === undefined) return [];
  const bytes = Buffer.byteLength(JSON.stringify(written(Stack.of(bucket).resolve(bucket.policy.document))));
  if (bytes <= BUCKET_POLICY_BYTES) return [];
  return [
    `targets: their uploaders.arns and operators.arns make a bucket policy of ${bytes} bytes, of ${BUCKET_POLICY_BYTES} that S3 takes. Name the same ARNs for several targets (they share a statement), let those who upload assume one role, or attach the targets' managed policies to roles of this account`,
  ];
}

/** The policy as text of about its final length. */
function written(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(written);
  if (value === null || typeof value !== 'object') return value;
  const [[name, content] = [], ...more] = Object.entries(value);
  if (name === 'Fn::Join' && more.length === 0 && Array.isArray(content)) {
    const [separator, parts] = content;
    return Array.isArray(parts) ? parts.map(written).join(String(separator)) : LONGEST_ARN;
  }
  if ((name === 'Ref' || name?.startsWith('Fn::')) && more.length === 0) return LONGEST_ARN;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, written(inner)]));
}
