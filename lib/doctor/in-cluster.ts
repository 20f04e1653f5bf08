import { request } from 'node:https';
import * as z from 'zod';
import { CHECK_GROUP } from '../bootstrap/check-rights.ts';
import type { Connection } from '../cluster/connection.ts';

/**
 * The one thing that Fairlead ever creates in a cluster, and only here: a SelfSubjectAccessReview, which a server answers
 * and does not keep (Kubernetes API, authorization.k8s.io/v1). No function of an installation has this code.
 */
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
/** Nobody is called so: what is asked for is what the group may, and nothing else. */
const NOBODY = 'fairlead:doctor';
const PATIENCE_MS = 10_000;
const ANSWER_BYTES = 1024 * 1024;

export interface Right {
  /** '' is the core group. */
  readonly group: string;
  /** `deployments`. */
  readonly resource: string;
  readonly verb: 'get' | 'list';
  /** Undefined: of a kind without one, or in all of them. */
  readonly namespace?: string;
}

export type Reviewed =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied' }
  /** The caller may not act as the group (403), or is not known at all (401). */
  | { readonly kind: 'may-not-ask'; readonly status: number }
  | { readonly kind: 'failed'; readonly reason: string };

const review = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Whether the group of the check has a right, asked as a member of it (Kubernetes, "User impersonation"). */
export function reviewAsCheck(
  { url, headers, tls }: Connection,
  { group, resource, verb, namespace }: Right,
): Promise<Reviewed> {
  const body = JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: { group, resource, verb, ...(namespace === undefined ? {} : { namespace }) },
    },
  });
  // Its token and the answer are nobody else's: never without TLS.
  if (!url.startsWith('https:'))
    return Promise.resolve({ kind: 'failed', reason: 'its address is no https:// one' });
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ kind: 'failed', reason: error.message });
    const base = new URL(url);
    const asked = request(
      new URL(`${base.pathname.replace(/\/$/, '')}${REVIEWS}`, base),
      {
        ...tls,
        method: 'POST',
        timeout: PATIENCE_MS,
        headers: {
          ...Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [
              name,
              typeof value === 'string' ? value : [...value],
            ]),
          ),
          'impersonate-user': NOBODY,
          'impersonate-group': CHECK_GROUP,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          accept: 'application/json',
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES) asked.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        answer.once('error', failed);
        answer.once('end', () =>
          resolve(reviewed(answer.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))),
        );
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.once('error', failed);
    asked.end(body);
  });
}

function reviewed(status: number, text: string): Reviewed {
  if (status === 401 || status === 403) return { kind: 'may-not-ask', status };
  if (status !== 200 && status !== 201) return { kind: 'failed', reason: `the cluster answered ${status}` };
  try {
    const { allowed } = review.parse(JSON.parse(text)).status;
    return { kind: allowed ? 'allowed' : 'denied' };
  } catch {
    return { kind: 'failed', reason: 'the answer is not what a Kubernetes API server says' };
  }
}
