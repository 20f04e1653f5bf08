import type { SQSClient } from '@aws-sdk/client-sqs';

/**
 * What time it is at AWS, by the `Date` of its last answer to this client: a laptop's clock may be minutes away, and
 * what functions write down has their time. To the second, rounded down; undefined before any answer.
 */
export function clockOf(client: Pick<SQSClient, 'middlewareStack'>): () => Date | undefined {
  let last: Date | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers } = answer.response as { readonly headers?: Readonly<Record<string, string>> };
      const at = Date.parse(headers?.date ?? '');
      if (!Number.isNaN(at)) last = new Date(at);
      return answer;
    },
    { step: 'deserialize', name: 'fairleadClock', priority: 'low' },
  );
  return () => last;
}
