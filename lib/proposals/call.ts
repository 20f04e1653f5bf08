import type { IncomingHttpHeaders } from 'node:http';
import type * as z from 'zod';
import { type Answered, AnswerTooLong, ask } from '../outward/ask.ts';
import { isUntrusted, type Outward, OutwardUnusable } from '../outward/outward.ts';
import { CredentialUnusable } from '../repository/credentials/credential.ts';
import type { ApiCredential, ApiPass } from './credentials.ts';
import { ProposalHostFailed } from './proposals.ts';
import { nextCall } from './rate-limit.ts';
import { wordsOf } from './words.ts';

/** From the first byte asked for to the last one read. */
const CALL_MILLISECONDS = 20_000;
/** A page of pull requests is some hundred KiB; more is no answer to anything that is asked here. */
const ANSWER_BYTES = 2 * 1024 * 1024;

/** A host's API, and one repository in it. */
export interface HostApi {
  /** As people know it. */
  readonly host: string;
  /** Without a slash at its end. */
  readonly api: string;
  /** As the host calls the repository. */
  readonly project: string;
  readonly credential: ApiCredential;
  readonly headers: Readonly<Record<string, string>>;
  readonly outward: Outward;
  readonly now: () => Date;
  /** What to do about a refusal, in words that follow "GitHub, acme/cluster, opening a pull request: ". */
  advice(refused: Refused): string;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below the API; each part is encoded here. */
  readonly path: readonly string[];
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly body?: object;
  /** For people: `opening a pull request`. */
  readonly doing: string;
}

export interface Refused {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Who was not let in: `the token in secret "x"`. */
  readonly called: string;
}

export interface HostAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** The host has answered, and said no for good. */
export class HostSaidNo extends ProposalHostFailed {
  readonly status: number;
  /** In the host's own words, cleaned. */
  readonly words: string;
  constructor(message: string, status: number, words: string) {
    super('refused', message);
    this.status = status;
    this.words = words;
  }
}

/**
 * One call, and once more where the credential was rotated meanwhile.
 * @throws HostSaidNo for what the host answers other than 2xx, ProposalHostFailed
 */
export const call = (api: HostApi, made: Call): Promise<HostAnswer> => callAt(api, urlOf(api, made), made);

/** The same at an address that the host has given, which must be in its own API. @throws HostSaidNo, ProposalHostFailed */
export async function follow(api: HostApi, url: string, doing: string): Promise<HostAnswer> {
  if (!isBelow(url, api.api))
    throw new ProposalHostFailed(
      'refused',
      `${api.host}, ${api.project}, ${doing}: the next page is said to be elsewhere, and no credential is sent there`,
    );
  return callAt(api, url, { method: 'GET', path: [], doing });
}

/** What a host answered, in the form that its documentation says. @throws ProposalHostFailed */
export function read<Form extends z.ZodType>(
  api: HostApi,
  form: Form,
  body: unknown,
  doing: string,
): z.infer<Form> {
  const parsed = form.safeParse(body);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  throw new ProposalHostFailed(
    'refused',
    `${api.host}, ${api.project}, ${doing}: the answer is not as documented (at "${at}"): is ${api.api} the address of its API?`,
  );
}

async function callAt(api: HostApi, url: string, made: Call): Promise<HostAnswer> {
  const first = await answered(api, url, made);
  const last =
    first.answer.status === 401 && (await opened(api, made.doing, () => api.credential.renew())) === 'changed'
      ? await answered(api, url, made)
      : first;
  return accepted(api, made, last);
}

interface Heard {
  readonly answer: Answered;
  readonly pass: ApiPass;
}

async function answered(api: HostApi, url: string, made: Call): Promise<Heard> {
  const pass = await opened(api, made.doing, () => api.credential.pass());
  try {
    const answer = await ask(
      {
        url,
        method: made.method,
        headers: {
          accept: 'application/json',
          'user-agent': 'fairlead',
          ...api.headers,
          authorization: pass.authorization,
          ...(made.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(made.body === undefined ? {} : { body: JSON.stringify(made.body) }),
        milliseconds: CALL_MILLISECONDS,
        maxBytes: ANSWER_BYTES,
      },
      api.outward,
    );
    return { answer, pass };
  } catch (error) {
    throw unanswered(api, made.doing, error);
  }
}

async function opened<Value>(api: HostApi, doing: string, open: () => Promise<Value>): Promise<Value> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof CredentialUnusable)
      throw new ProposalHostFailed('refused', `${api.host}, ${api.project}, ${doing}: ${error.message}`);
    throw error;
  }
}

function unanswered(api: HostApi, doing: string, error: unknown): ProposalHostFailed {
  const where = `${api.host}, ${api.project}, ${doing}`;
  const { host } = new URL(api.api);
  if (error instanceof OutwardUnusable)
    return new ProposalHostFailed('refused', `${where}: ${error.message}`);
  if (error instanceof AnswerTooLong)
    return new ProposalHostFailed(
      'refused',
      `${where}: ${host} answers with more than ${ANSWER_BYTES / 1024 / 1024} MiB: is ${api.api} the address of its API?`,
    );
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (typeof code === 'string' && isUntrusted(code))
    return new ProposalHostFailed(
      'refused',
      `${where}: ${host} shows a certificate that is not trusted here: put its authority into the secret of gitNetwork.caBundle`,
    );
  const why =
    name === 'TimeoutError' || name === 'AbortError'
      ? `within ${CALL_MILLISECONDS / 1000} seconds`
      : typeof code === 'string'
        ? `(${code})`
        : '';
  return new ProposalHostFailed('unreached', `${where}: ${host} does not answer ${why}`.trim());
}

/** The answer of a host that has done what it was asked for. */
function accepted(api: HostApi, made: Call, { answer, pass }: Heard): HostAnswer {
  const { status, headers } = answer;
  const where = `${api.host}, ${api.project}, ${made.doing}`;
  const body = parsed(answer.body, pass.secrets);
  if (status >= 200 && status < 300) {
    if (body.kind === 'json') return { headers, body: body.value };
    throw new ProposalHostFailed(
      'refused',
      `${where}: the answer is no JSON (${status}): is ${api.api} the address of its API?`,
    );
  }
  const words = body.kind === 'json' ? wordsOf(body.value) : '';
  const says = words === '' ? '' : ` (it says: ${words})`;
  const retryAt = nextCall({ status, headers, words }, api.now());
  if (retryAt !== undefined)
    throw new ProposalHostFailed(
      'unreached',
      `${where}: it takes no more calls (${status}) until ${retryAt.toISOString()}${says}`,
      retryAt,
    );
  if (status >= 500 || status === 408)
    throw new ProposalHostFailed('unreached', `${where}: it has a fault (${status})${says}`);
  throw new HostSaidNo(
    `${where}: ${api.advice({ status, headers, called: api.credential.called })}${says}`,
    status,
    words,
  );
}

/** A server may print back what it was sent, in whatever way JSON writes it: looked for in what is read. */
function parsed(
  text: string,
  secrets: readonly string[],
): { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'other' } {
  const without = (value: unknown): unknown =>
    typeof value === 'string'
      ? secrets.reduce((said, secret) => said.replaceAll(secret, '***'), value)
      : value;
  try {
    return { kind: 'json', value: JSON.parse(text, (_name, value: unknown) => without(value)) };
  } catch {
    return { kind: 'other' };
  }
}

function urlOf({ api }: HostApi, { path, query = [] }: Call): string {
  const url = new URL(`${api}/${path.map(encodeURIComponent).join('/')}`);
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url.href;
}

/** Of the same origin and below the API's path. */
function isBelow(url: string, api: string): boolean {
  if (!URL.canParse(url)) return false;
  const [next, own] = [new URL(url), new URL(api)];
  return (
    next.origin === own.origin &&
    next.username === '' &&
    next.password === '' &&
    next.pathname.startsWith(`${own.pathname.replace(/\/$/, '')}/`)
  );
}

/** The address that a `Link` header has for a relation (RFC 8288). */
export function linked(headers: IncomingHttpHeaders, relation: string): string | undefined {
  const header = headers.link;
  const links = (Array.isArray(header) ? header.join(',') : (header ?? '')).slice(0, 8192);
  for (const [, url = '', parameters = ''] of links.matchAll(
    /<([^<>]*)>((?:\s*;\s*[a-z]+="?[^",;<>]*"?)*)/gi,
  )) {
    if (new RegExp(`;\\s*rel="?${relation}"?(?:\\s*(?:;|$))`, 'i').test(`${parameters} `)) return url;
  }
  return undefined;
}
