/** What a call that only reads has given: an answer, or why there is none. Nothing here is thrown. */
export type Read<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  /** AWS answered that there is no such thing. */
  | { readonly kind: 'absent' }
  /** The caller may not. `action` as a policy names it. */
  | { readonly kind: 'denied'; readonly action: string }
  /** No credentials, not reached, throttled for long, or an answer that nobody expects: in AWS's words. */
  | { readonly kind: 'failed'; readonly action: string; readonly reason: string };

/** Names of errors, as the APIs of these services document them. */
const DENIED =
  /^(AccessDenied|AccessDeniedException|AuthorizationError|AuthorizationErrorException|UnauthorizedOperation|Forbidden|403)$/;
const ABSENT =
  /^(ResourceNotFoundException|NoSuchEntity|NoSuchEntityException|NotFoundException|NotFound|ParameterNotFound|NoSuchBucket|NoSuchResourceException|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/;
const LONGEST_REASON = 300;

/** @param action the IAM action that the call needs */
export async function reading<Value>(action: string, call: () => Promise<Value>): Promise<Read<Value>> {
  try {
    return { kind: 'read', value: await call() };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    // CloudFormation has no error of its own for a stack that is not there.
    if (ABSENT.test(name) || /^Stack .* does not exist$/.test(message)) return { kind: 'absent' };
    // KMS denies within another service's answer.
    if (DENIED.test(name)) return { kind: 'denied', action };
    return {
      kind: 'failed',
      action,
      reason: `${name}: ${message}`.replace(/\s+/g, ' ').slice(0, LONGEST_REASON),
    };
  }
}

/** What was read, or undefined: for whoever has said already why it was not. */
export const answerIn = <Value>(read: Read<Value>): Value | undefined =>
  read.kind === 'read' ? read.value : undefined;
