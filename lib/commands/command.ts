import * as z from 'zod';
import { NAMESPACE_LENGTH, TARGET_NAME_LENGTH } from '../config/config.ts';
import { type Digest, digestOf } from '../content/tree.ts';
import { canonicalJson } from '../objects/json.ts';
import { COMMAND_ID, isManifestPath, isReleaseName, LABEL } from '../uploads/record/keys.ts';

/**
 * A command is an upload with a proven name: one JSON document below `.commands/<target>/` in the upload bucket. It
 * asks for something that no upload can (a step back, a freeze), and says who asks in a way that AWS vouches for.
 */

/** Of a command's document: more is rejected unread. Bytes. */
export const COMMAND_BYTES = 64 * 1024;
/** What a person may say why. Characters. */
export const REASON_LENGTH = 500;
/** For how long a proof is good: what STS gives a presigned request. Seconds. */
export const PROOF_SECONDS = 900;

const target = z.string().max(TARGET_NAME_LENGTH).regex(LABEL);
const namespace = z.string().max(NAMESPACE_LENGTH).regex(LABEL);
const release = z.string().refine(isReleaseName, 'a release name');
const releaseRef = z.strictObject({ namespace, release });
const reason = z.string().min(1).max(REASON_LENGTH);

/** What a freeze or a removal is about. */
const inRelease = z.strictObject({ kind: z.literal('release'), namespace, release });
const inTarget = z.strictObject({ kind: z.literal('target') });
const scope = z.discriminatedUnion('kind', [inRelease, inTarget]);
export type CommandScope = z.output<typeof scope>;

export const verb = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rollback'),
    release: releaseRef,
    /** A chart version or a commit; absent: the delivery before the one that stands. */
    to: z.string().min(1).max(256).exactOptional(),
    reason: reason.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('freeze'), scope, reason: reason.exactOptional() }),
  z.strictObject({ kind: z.literal('unfreeze'), scope, reason: reason.exactOptional() }),
  z.strictObject({
    kind: z.literal('promote'),
    from: target,
    release: releaseRef,
    force: z.strictObject({ reason }).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('remove'),
    what: z.discriminatedUnion('kind', [
      inRelease,
      z.strictObject({
        kind: z.literal('manifest'),
        path: z.string().refine(isManifestPath, 'a manifest’s path'),
      }),
      inTarget,
    ]),
    reason: reason.exactOptional(),
  }),
]);
export type Verb = z.output<typeof verb>;
export type VerbKind = Verb['kind'];

/**
 * The parts of a presigned GetCallerIdentity that only the caller's keys can make; the rest of the request is made by
 * whoever checks it, and no host of it is taken from here.
 */
export const proof = z.strictObject({
  region: z.string().regex(/^[a-z]{2,8}(-[a-z]{1,12}){1,3}-\d{1,2}$/),
  /** `20261122T041500Z` */
  date: z.string().regex(/^\d{8}T\d{6}Z$/),
  accessKeyId: z.string().regex(/^[A-Za-z0-9]{4,128}$/),
  /** Hex. */
  signature: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of temporary credentials. */
  token: z
    .string()
    .max(16 * 1024)
    .regex(/^[\x21-\x7e]+$/)
    .exactOptional(),
});
export type Proof = z.output<typeof proof>;

const asked = {
  schema: z.literal(1),
  id: z.string().regex(COMMAND_ID),
  installation: z.string().min(1).max(63),
  target,
  /** When it was made (ISO). */
  at: z.iso.datetime(),
  verb,
};
/** A command as its document has it. */
export const command = z.strictObject({ ...asked, proof });
export type Command = z.output<typeof command>;
export type UnprovenCommand = Omit<Command, 'proof'>;

/** What the proof binds: the same for the same command, in whatever order and spacing its document is written. */
export const digestOfCommand = ({ schema, id, installation, target, at, verb }: UnprovenCommand): Digest =>
  digestOf(canonicalJson({ schema, id, installation, target, at, verb }));

/** Who asked, as AWS says. */
export const caller = z.strictObject({ arn: z.string(), account: z.string() });
export type Caller = z.output<typeof caller>;

/** What the record of a command's upload carries. */
export const carriedCommand = z.object({ id: z.string(), verb, by: caller, at: z.string() });
export type CarriedCommand = z.output<typeof carriedCommand>;
