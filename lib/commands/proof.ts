import type { Digest } from '../content/tree.ts';
import { type Caller, type Command, PROOF_SECONDS, type Proof } from './command.ts';

/**
 * Who gives a command: a presigned STS GetCallerIdentity that names the command's digest in a signed header, as
 * aws-iam-authenticator binds its tokens to a cluster. Only the caller's keys can make it, STS alone can tell whose they
 * are, and it is good for this command and for a quarter of an hour.
 */

/** The header that binds the proof to its command: the digest's hex digits. */
export const COMMAND_HEADER = 'x-fairlead-command';

export const headerOf = (digest: Digest): string => digest.slice('sha256:'.length);

/** The request that is presigned, but for its signature: the same words on both sides. */
export const PROOF_QUERY = { Action: 'GetCallerIdentity', Version: '2011-06-15' } as const;

export type Proven =
  | ({ readonly kind: 'proven' } & Caller)
  /** `why`: for people; the command is refused for good. */
  | { readonly kind: 'unproven'; readonly why: string };

export interface Sts {
  /** @throws where STS does not answer now: asked again, it may */
  callerOf(proof: Proof, digest: Digest): Promise<Proven>;
}

/** Clocks of people's machines, against ours. */
const CLOCK_SECONDS = 5 * 60;

/**
 * Why a proof need not be shown to STS, if so: it is not of the time at which its command was given.
 * @param putAt when S3 says that the command was put
 */
export function whyUntimely({ proof, at }: Command, putAt: Date, now: Date): string | undefined {
  const signed = timeOf(proof.date);
  if (signed === undefined) return 'its date is none';
  const seconds = (later: Date, earlier: Date) => (later.getTime() - earlier.getTime()) / 1000;
  if (Math.abs(seconds(new Date(at), signed)) > CLOCK_SECONDS)
    return `it was signed at ${signed.toISOString()} for a command of ${at}`;
  if (seconds(signed, now) > CLOCK_SECONDS)
    return `it is of ${signed.toISOString()}, which is still to come: the clock of the machine that signed it is ahead`;
  if (seconds(putAt, signed) > PROOF_SECONDS)
    return `it was signed at ${signed.toISOString()}, more than ${PROOF_SECONDS / 60} minutes before it was put into the bucket, at ${putAt.toISOString()}: it is an old one, or the clock of the machine that signed it is behind`;
  if (seconds(now, signed) > PROOF_SECONDS)
    return `it was good until ${PROOF_SECONDS / 60} minutes after ${signed.toISOString()}, and could not be shown to AWS in time`;
  return undefined;
}

/** `20261122T041500Z` */
function timeOf(text: string): Date | undefined {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
