import * as z from 'zod';
import { type RemoteFunction, RemoteFunctionError } from '../aws/functions.ts';
import type { RenderRequest } from '../charts/render-request.ts';
import { writtenReason } from '../charts/written-reason.ts';
import { digest } from '../messages/messages.ts';
import type { RenderAnswer } from './desired.ts';

/** What `render-release` answers, as far as a desired state needs it. */
const answer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rendered'), render: digest, renderer: digest.exactOptional() }),
  z.object({
    kind: z.literal('rejected'),
    reasons: z.array(writtenReason),
  }),
]);

/** `render-release` called as a function. One that runs out of time or memory is the release's failure, not ours. */
export const remoteRender =
  (renderFunction: RemoteFunction) =>
  async (request: RenderRequest): Promise<RenderAnswer> => {
    try {
      const parsed = answer.parse(await renderFunction.invoke(request));
      return parsed.kind === 'rendered' ? { schema: 1, ...parsed, warnings: [] } : { schema: 1, ...parsed };
    } catch (error) {
      if (!(error instanceof RemoteFunctionError)) throw error;
      return { kind: 'failed', reason: 'rendering it did not end: out of time or memory' };
    }
  };
