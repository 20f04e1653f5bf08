import * as z from 'zod';
import type { Trail } from '../aws/trail.ts';
import type { Digest } from '../content/tree.ts';

/**
 * What passes between functions: references, never contents, and nothing that says where to connect to.
 * Every message carries its schema; a function reads n and n−1.
 */

export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .transform((text) => text as Digest);

export const commitId = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

/** "Something waits for this branch." What waits lies in the table. */
export const doorbell = z.object({
  schema: z.literal(1),
  repository: z.string(),
  branch: z.string(),
  /** `values`: a person changed a values.yaml, and what the deployer reads must follow it. Absent: an upload waits. */
  because: z.enum(['upload', 'values']).optional(),
});
export type Doorbell = z.output<typeof doorbell>;

/** "Read what this target's branch declares now." */
export const readRequest = z.object({
  schema: z.literal(1),
  target: z.string(),
  because: z.enum(['schedule', 'delivery', 'due', 'request']),
});
export type ReadRequest = z.output<typeof readRequest>;

/** "Compare the cluster of this target with this desired state." */
export const checkRequest = z.object({
  schema: z.literal(1),
  target: z.string(),
  commit: commitId,
  /** Counts up with each desired state of the target: an older one is dropped. */
  sequence: z.number().int().nonnegative(),
  desired: digest,
  /** From when on the branch was looked up (ISO): what was pushed before is in it. Absent: Git could not be read. */
  readAt: z.string().optional(),
});
export type CheckRequest = z.output<typeof checkRequest>;

/** What S3 tells through EventBridge (S3 user guide, "EventBridge event message structure"); the key is raw here. */
export const objectCreated = z.object({
  'detail-type': z.literal('Object Created'),
  time: z.iso.datetime(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      size: z.number().optional(),
      'version-id': z.string(),
      sequencer: z.string().regex(/^[0-9A-Fa-f]{1,32}$/),
    }),
    requester: z.string().optional(),
  }),
});
export type ObjectCreated = z.output<typeof objectCreated>;

/**
 * "Take this version again": in the shape of S3's event, sent by a person (`fairlead replay`), who needs no more for it
 * than to send to this queue. `time` is when they asked: the same time twice is the same request told twice.
 * `sequencer` is not read.
 */
export const replayRequested = z.object({
  'detail-type': z.literal('Replay Requested'),
  time: z.iso.datetime(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), 'version-id': z.string(), sequencer: z.string().optional() }),
  }),
});
export type ReplayRequested = z.output<typeof replayRequested>;

/** What `receive-upload` is told. */
export const uploadMessage = z.discriminatedUnion('detail-type', [objectCreated, replayRequested]);
export type UploadMessage = z.output<typeof uploadMessage>;

/** What passes through the queues that functions of ours work off. */
export type Message = UploadMessage | Doorbell | ReadRequest | CheckRequest;

/** What a message says of the upload or commit that it is about, for the log. */
export function trailOf(message: Message): Trail {
  if ('detail' in message) {
    const { key, 'version-id': upload } = message.detail.object;
    return { upload, key };
  }
  if ('repository' in message) return { repository: message.repository, branch: message.branch };
  return 'commit' in message
    ? { target: message.target, commit: message.commit }
    : { target: message.target };
}

/** An SQS event as Lambda delivers it, as far as we read it. */
export const queueEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      receiptHandle: z.string().optional(),
      attributes: z.object({ ApproximateReceiveCount: z.coerce.number().int().min(1).optional() }).optional(),
    }),
  ),
});

/** Partial batch answer: these messages come again. */
export interface QueueAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}
