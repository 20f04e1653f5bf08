import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/** One request as the API server itself tells it (audit.k8s.io/v1, Event). */
export interface AuditedRequest {
  readonly user: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string;
  readonly uri: string;
  /** Absent for what is no resource: `/version`, `/apis`. */
  readonly resource?: string;
  readonly status: number;
  /** Microseconds since the epoch: when the request came in. */
  readonly at: number;
}

const event = z.object({
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z.object({ resource: z.string().optional(), apiGroup: z.string().optional() }).optional(),
  responseStatus: z.object({ code: z.number().optional() }).optional(),
  requestReceivedTimestamp: z.string(),
});

/** Every request that was answered so far. A line that is being written is not there yet. */
export async function readAudit(file: string): Promise<readonly AuditedRequest[]> {
  const text = await readFile(file, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => event.parse(JSON.parse(line)))
    .filter(({ stage }) => stage === 'ResponseComplete' || stage === 'Panic')
    .map(({ verb, requestURI, user, objectRef, responseStatus, requestReceivedTimestamp }) => ({
      user: user.username,
      verb,
      uri: requestURI,
      ...(objectRef?.resource === undefined ? {} : { resource: objectRef.resource }),
      status: responseStatus?.code ?? 0,
      at: microseconds(requestReceivedTimestamp),
    }));
}

/** `2026-01-01T00:00:00.123456Z` */
function microseconds(time: string): number {
  const fraction = /\.(\d{1,6})/.exec(time)?.[1] ?? '';
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0'));
}
