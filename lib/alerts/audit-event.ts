import * as z from 'zod';
import type { Author } from '../drift/verdicts.ts';

/**
 * One event of the API server's audit log, as far as it says who wrote what (audit.k8s.io/v1, Event; for EKS,
 * `user.extra` holds what IAM knows). Its texts are the client's own words: `userAgent` above all.
 */
export interface AuditEvent {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  /** Empty where all objects of a kind were meant. */
  readonly name: string;
  readonly subresource?: string;
  /** As `managedFields` records it. */
  readonly manager: string;
  readonly author: Author;
}

const short = z
  .string()
  .transform((text) => text.slice(0, TEXT))
  .optional()
  .catch(undefined);
/** Characters of each text that is shown. */
const TEXT = 256;
const firstOf = z.array(z.string()).optional().catch(undefined);

const line = z.object({
  kind: z.literal('Event'),
  stage: z.literal('ResponseComplete'),
  stageTimestamp: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({
    username: z.string(),
    extra: z.object({ arn: firstOf, sessionName: firstOf }).optional().catch(undefined),
  }),
  impersonatedUser: z.object({ username: short }).optional().catch(undefined),
  sourceIPs: firstOf,
  userAgent: z.string().optional().catch(undefined),
  objectRef: z.object({
    resource: z.string(),
    namespace: z.string().default(''),
    name: z.string().default(''),
    apiGroup: z.string().default(''),
    subresource: z.string().optional(),
  }),
  responseStatus: z.object({ code: z.number() }),
  requestObject: z
    .object({ dryRun: z.array(z.string()).optional() })
    .optional()
    .catch(undefined),
});

/** The event that a line holds; undefined for what changed nothing: reads, dry runs, what was refused, what is none. */
export function auditEventOf(text: string): AuditEvent | undefined {
  const parsed = line.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { verb, requestURI, user, objectRef, responseStatus, requestObject, userAgent, ...rest } =
    parsed.data;
  if (!WRITES.has(verb) || responseStatus.code >= 400) return undefined;
  const query = queryOf(requestURI);
  if (query.has('dryRun') || (requestObject?.dryRun ?? []).length > 0) return undefined;
  if (Number.isNaN(Date.parse(rest.stageTimestamp))) return undefined;
  const { resource, namespace, name, apiGroup, subresource } = objectRef;
  return {
    verb,
    group: apiGroup,
    resource,
    namespace,
    name,
    ...(subresource === undefined ? {} : { subresource }),
    manager: query.get('fieldManager') || managerOf(userAgent ?? ''),
    author: authorOf(verb, user, userAgent, rest),
  };
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

type Line = z.output<typeof line>;

function authorOf(
  verb: string,
  { username, extra }: Line['user'],
  userAgent: string | undefined,
  {
    impersonatedUser,
    sourceIPs,
    stageTimestamp,
  }: Pick<Line, 'impersonatedUser' | 'sourceIPs' | 'stageTimestamp'>,
): Author {
  const session = extra?.sessionName?.[0];
  const arn = extra?.arn?.[0];
  const address = sourceIPs?.[0];
  const agent = userAgent?.split(' ')[0];
  const actingAs = impersonatedUser?.username;
  return {
    name: (session || username).slice(0, TEXT),
    ...(arn === undefined ? {} : { arn: arn.slice(0, TEXT) }),
    ...(actingAs === undefined ? {} : { actingAs }),
    ...(agent === undefined || agent === '' ? {} : { agent: agent.slice(0, AGENT) }),
    ...(address === undefined ? {} : { address: address.slice(0, ADDRESS) }),
    verb,
    at: new Date(stageTimestamp).toISOString(),
  };
}

const AGENT = 64;
/** The longest way to write an IPv6 address, with a zone. */
const ADDRESS = 64;
/** Kubernetes' limit of a manager's name (apimachinery, validation, FieldManagerMaxLength). */
const MANAGER = 128;

/** Without one in the request (apiserver, endpoints/handlers/create.go, managerOrUserAgent): the agent up to its "/". */
const managerOf = (userAgent: string): string => (userAgent.split('/')[0] ?? '').slice(0, MANAGER);

function queryOf(requestURI: string): URLSearchParams {
  const mark = requestURI.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : requestURI.slice(mark + 1));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
