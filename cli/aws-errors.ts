/** The installation, or something of it, cannot be used from here: who calls ends with EXIT_UNAVAILABLE. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** The IAM action that a call needs, and on what. */
export interface Right {
  readonly action: string;
  readonly on: string;
}

export const formatRight = ({ action, on }: Right): string => `${action} on ${on}`;

/** Whether AWS knows who calls, and says no. */
export function isDenied(error: unknown): boolean {
  const name = nameOf(error);
  return name === 'AccessDenied' || name === 'AccessDeniedException' || name === 'Forbidden';
}

/** What went wrong with a call to AWS, for the person who must act. */
export function refusal(error: unknown, right: Right): Unavailable {
  return new Unavailable(sentence(error, right), { cause: error });
}

function sentence(error: unknown, right: Right): string {
  const name = nameOf(error);
  const says = error instanceof Error ? error.message : String(error);
  if (isDenied(error)) return `not allowed: it needs ${formatRight(right)} (${says})`;
  switch (name) {
    case 'CredentialsProviderError':
      return `there are no AWS credentials here: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; in a CI job, assume a role first (${says})`;
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return `the AWS credentials have expired: get new ones (${says})`;
    case 'InvalidAccessKeyId':
    case 'UnrecognizedClientException':
    case 'SignatureDoesNotMatch':
      return `AWS does not accept these credentials (${says})`;
    case 'NoSuchBucket':
      return `there is no bucket for ${right.on}: is --bucket or --installation right? (${says})`;
    case 'ResourceNotFoundException':
      return `there is no ${right.on}: is ${right.on.startsWith('table') ? 'FAIRLEAD_TABLE' : '--installation'} right? (${says})`;
  }
  if (/Region is missing/.test(says)) return 'no AWS region is set: set AWS_REGION';
  if (isNetwork(error)) return `AWS cannot be reached from here: ${says || nameOf(error)}`;
  return `${right.action} failed: ${says}`;
}

const NETWORK = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|TimeoutError)$/;

function isNetwork(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return NETWORK.test(typeof code === 'string' ? code : nameOf(error));
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
