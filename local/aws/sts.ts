import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { AccessKeys } from './keys.ts';
import type { ServiceAnswer } from './services.ts';
import { type SignedRequest, verifySignature } from './signature.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/**
 * Security Token Service: who signed a request. The one service here that computes signatures again, since its answer
 * is what a command is believed by. XML, or JSON where that is asked for, as AWS's has it (STS API, GetCallerIdentity).
 */
export function answerSts(
  request: SignedRequest,
  keys: AccessKeys,
  account: string,
  now: Date = new Date(),
): ServiceAnswer {
  const json = request.headers.accept === 'application/json';
  const found = verifySignature(request, keys, 'sts', now);
  if (found.kind === 'refused')
    return failure(found.code === 'IncompleteSignature' ? 400 : 403, found.code, found.why, json);
  const action = actionOf(request);
  if (action !== 'GetCallerIdentity')
    return failure(400, 'InvalidAction', `Could not find operation ${action} for version 2011-06-15`, json);
  const result = {
    Arn: `arn:aws:iam::${account}:user/${localUser()}`,
    UserId: 'AIDALOCALINSTALLATION',
    Account: account,
  };
  const id = randomUUID();
  return json
    ? answer(200, id, 'application/json', {
        GetCallerIdentityResponse: {
          GetCallerIdentityResult: result,
          ResponseMetadata: { RequestId: id },
        },
      })
    : answer(
        200,
        id,
        'text/xml',
        `<GetCallerIdentityResponse xmlns="${NAMESPACE}">\n  <GetCallerIdentityResult>\n${Object.entries(
          result,
        )
          .map(([name, value]) => `    <${name}>${escaped(value)}</${name}>\n`)
          .join(
            '',
          )}  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    <RequestId>${id}</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n`,
      );
}

/** Of whoever runs the installation, with what IAM has no letters for as a hyphen (IAM guide, "IAM names": 64). */
export function localUser(): string {
  let name = '';
  try {
    name = userInfo().username;
  } catch {
    // A container's user may be in no list of users.
  }
  return name.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64) || 'local';
}

function actionOf({ method, url, body }: SignedRequest): string {
  const form = method === 'POST' ? body.toString('utf8') : url.slice(url.indexOf('?') + 1);
  return new URLSearchParams(form).get('Action') ?? '';
}

function failure(status: number, code: string, why: string, json: boolean): ServiceAnswer {
  const id = randomUUID();
  return json
    ? answer(status, id, 'application/json', {
        Error: { Type: 'Sender', Code: code, Message: why },
        RequestId: id,
      })
    : answer(
        status,
        id,
        'text/xml',
        `<ErrorResponse xmlns="${NAMESPACE}">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${escaped(why)}</Message>\n  </Error>\n  <RequestId>${id}</RequestId>\n</ErrorResponse>\n`,
      );
}

const answer = (status: number, id: string, type: string, body: string | object): ServiceAnswer => ({
  status,
  headers: { 'content-type': type, 'x-amzn-requestid': id },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
