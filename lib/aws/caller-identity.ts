import * as z from 'zod';
import { printable } from '../charts/reasons.ts';
import { PROOF_SECONDS, type Proof } from '../commands/command.ts';
import { COMMAND_HEADER, headerOf, PROOF_QUERY, type Proven, type Sts } from '../commands/proof.ts';
import type { Environment } from './environment.ts';
import { regionOf, stsEndpoint } from './sts-endpoint.ts';

/** STS answers within a tenth of a second. */
const ANSWER_MILLISECONDS = 10_000;
const ANSWER_BYTES = 16 * 1024;

const ACCOUNT = /^\d{12}$/;
const ARN = /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):[\x21-\x7e]{1,2048}$/;

/** STS API, GetCallerIdentity, as JSON. */
const answerOf = z.object({
  GetCallerIdentityResponse: z.object({
    GetCallerIdentityResult: z.object({
      Account: z.string().regex(ACCOUNT),
      Arn: z.string().regex(ARN),
    }),
  }),
});
/** STS API, "Common Error Types". */
const errorOf = z.object({ Error: z.object({ Code: z.string() }) });
const NOT_NOW = /Throttl|TooMany|RequestLimit|ServiceUnavailable|Internal/i;

/** Shows proofs to the STS of this function's region; of what a command brings, no word says where to. */
export function stsOfRegion(environment: Environment): Sts {
  const region = regionOf(environment) ?? 'us-east-1';
  const endpoint = stsEndpoint(region, environment);
  return {
    async callerOf(proof, digest) {
      if (proof.region !== region)
        return unproven(`it is signed for region ${proof.region}, and the installation is in ${region}`);
      const { status, text } = await ask(urlOf(endpoint, proof), {
        [COMMAND_HEADER]: headerOf(digest),
        accept: 'application/json',
      });
      if (status === 200) return ofAnswer(text);
      const code = codeOf(text);
      // Whatever is no refusal of STS's own (a proxy's page, a redirect) says nothing about the proof.
      if (status < 400 || status >= 500 || status === 429 || code === undefined || NOT_NOW.test(code))
        throw new Error(`STS did not say who gives a command: ${status} ${code ?? ''}`.trim());
      return unproven(SAYS[code] ?? `AWS does not accept it (${printable(code, 60)})`);
    },
  };
}

const unproven = (why: string): Proven => ({ kind: 'unproven', why });

const SAYS: Readonly<Record<string, string>> = {
  SignatureDoesNotMatch:
    'AWS computes another signature: it is for another command or target, has run out, or was altered',
  InvalidClientTokenId: 'AWS does not know the credentials that signed it',
  ExpiredToken: 'the credentials that signed it have run out',
  ExpiredTokenException: 'the credentials that signed it have run out',
};

function ofAnswer(text: string): Proven {
  const { Account: account, Arn: arn } = answerOf.parse(JSON.parse(text)).GetCallerIdentityResponse
    .GetCallerIdentityResult;
  if (ARN.exec(arn)?.[1] !== account) throw new Error('STS names an account that is not the caller’s');
  return { kind: 'proven', arn, account };
}

function codeOf(text: string): string | undefined {
  try {
    return errorOf.parse(JSON.parse(text)).Error.Code;
  } catch {
    return undefined;
  }
}

function urlOf(endpoint: URL, { region, date, accessKeyId, signature, token }: Proof): URL {
  const url = new URL('/', endpoint);
  const query = {
    ...PROOF_QUERY,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${date.slice(0, 8)}/${region}/sts/aws4_request`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(PROOF_SECONDS),
    ...(token === undefined ? {} : { 'X-Amz-Security-Token': token }),
    'X-Amz-SignedHeaders': `host;${COMMAND_HEADER}`,
    'X-Amz-Signature': signature,
  };
  url.search = Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  return url;
}

/** @throws where there is no answer, or none that is short enough; no word of the address, which holds a session's token */
async function ask(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const answer = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    });
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of answer.body ?? []) {
      size += part.byteLength;
      if (size > ANSWER_BYTES) throw new Error('the answer is too long');
      parts.push(part);
    }
    return { status: answer.status, text: Buffer.concat(parts).toString('utf8') };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : 'no answer';
    throw new Error(`STS at ${url.host} does not answer: ${why}`);
  }
}
