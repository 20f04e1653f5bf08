import * as z from 'zod';

/** Hosts of AWS's own buckets: what CloudFormation is answered at, and nobody else. */
const ANSWERED_AT = /^https:\/\/[a-z0-9.-]+\.amazonaws\.(com|com\.cn|eu)\//;
/** CloudFormation reads an answer of at most 4,096 bytes (CloudFormation guide, "Custom resource response objects"). */
const REASON_CHARACTERS = 1500;

/** What CloudFormation asks of a resource of our own (CloudFormation guide, "Custom resource request types"). */
export const resourceRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.string().regex(ANSWERED_AT, 'an address of AWS'),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
  ResourceProperties: z.looseObject({}),
});
export type ResourceRequest = z.output<typeof resourceRequest>;

export type Outcome = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string };

/** The answer as CloudFormation reads it. Of a reason it shows so much in the stack's events. */
export function resourceAnswer(request: ResourceRequest, outcome: Outcome): string {
  const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = LogicalResourceId } = request;
  const common = { StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  switch (outcome.kind) {
    case 'done':
      return JSON.stringify({ ...common, Status: 'SUCCESS' });
    case 'failed':
      return JSON.stringify({
        ...common,
        Status: 'FAILED',
        Reason: outcome.reason.replace(/[^\x20-\x7e]+/g, ' ').slice(0, REASON_CHARACTERS),
      });
  }
}
