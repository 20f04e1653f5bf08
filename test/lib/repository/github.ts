import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As long as GitHub's installation tokens last. Milliseconds. */
const HOUR = 3_600_000;

/** An app's private key as GitHub gives it for download. */
export const appKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });

export interface Made {
  readonly token: string;
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly expiresAt: number;
}

/**
 * GitHub's "Create an installation access token for an app", as documented: the claim is checked for its signature,
 * its issuer and its times (no later than ten minutes from now, not made in the future).
 */
export async function gitHub(clock: () => number) {
  const app = { id: '4711', installation: 815, keys: [] as string[], repositories: ['cluster'] };
  const permissions: Record<string, string> = { contents: 'write', metadata: 'read' };
  const made: Made[] = [];
  const answers: { status?: number } = {};
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    let body = '';
    for await (const chunk of request) body += chunk;
    const claim = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const wrong = whatIsWrong(claim, app, clock() / 1000);
    if (wrong !== undefined) return answer(401, { message: wrong });
    if (answers.status !== undefined)
      return answer(answers.status, { message: `as the test says, ${claim}` });
    if (request.method !== 'POST' || request.url !== `/app/installations/${app.installation}/access_tokens`)
      return answer(404, { message: 'Not Found' });
    const asked = JSON.parse(body) as Pick<Made, 'repositories' | 'permissions'>;
    const missing = asked.repositories.filter((name) => !app.repositories.includes(name));
    const beyond = Object.entries(asked.permissions).filter(
      ([name, level]) =>
        permissions[name] === undefined || (level === 'write' && permissions[name] === 'read'),
    );
    if (missing.length > 0 || beyond.length > 0)
      return answer(422, { message: 'There is at least one repository that does not exist' });
    const token = `ghs_${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
    made.push({ ...asked, token, expiresAt: clock() + HOUR });
    answer(201, { token, expires_at: new Date(clock() + HOUR).toISOString().replace(/\.\d+Z/, 'Z') });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    app,
    permissions,
    made,
    answers,
    api: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function whatIsWrong(
  claim: string,
  app: { readonly id: string; readonly keys: readonly string[] },
  now: number,
): string | undefined {
  const [header = '', payload = '', signature = ''] = claim.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}');
  if (read(header).alg !== 'RS256') return 'the algorithm must be RS256';
  const signed = app.keys.some((key) =>
    verify(
      'RSA-SHA256',
      Buffer.from(`${header}.${payload}`),
      createPublicKey(key),
      Buffer.from(signature, 'base64url'),
    ),
  );
  if (!signed) return 'A JSON web token could not be decoded';
  const { iss, iat, exp } = read(payload);
  if (iss !== app.id) return "'Issuer' claim ('iss') must be the app's";
  if (iat > now - 30)
    return "'Issued at' claim ('iat') must be in the past, with a minute for clocks that differ";
  if (exp > now + 600) return "'Expiration time' claim ('exp') is too far in the future";
  if (exp <= now) return "'Expiration time' claim ('exp') must be in the future";
  return undefined;
}
