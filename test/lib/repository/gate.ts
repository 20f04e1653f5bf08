import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestGit } from './server.ts';

export interface Asked {
  readonly username: string;
  readonly password: string;
  readonly authorization: string;
  readonly host: string;
  readonly path: string;
  /** Reading is open to some who may not write. */
  readonly service: 'git-upload-pack' | 'git-receive-pack';
}

/**
 * A Git server over HTTP that asks `judge` about each request, and answers what is not allowed with all that it was
 * sent, as some servers do in their error pages.
 * @param path of the repository on it
 */
export async function gate(git: TestGit, path: string, judge: (asked: Asked) => 200 | 401 | 403 | 404) {
  const behind = new URL(git.url);
  const token = `Basic ${Buffer.from(`x-access-token:${git.credential.token}`).toString('base64')}`;
  const asked: Asked[] = [];
  const server = createServer((incoming, answer) => {
    const one = askedBy(incoming);
    asked.push(one);
    const status = incoming.headers.authorization === undefined ? 401 : judge(one);
    if (status !== 200 || !incoming.url?.startsWith(`${path}/`)) {
      incoming.resume();
      answer.writeHead(status === 200 ? 404 : status, {
        'content-type': 'text/plain',
        ...(status === 401 ? { 'www-authenticate': 'Basic realm="git"' } : {}),
      });
      answer.end(`you sent ${one.authorization}, which is ${one.username} and ${one.password}\n`);
      return;
    }
    const onward = request(
      {
        host: behind.hostname,
        port: behind.port,
        method: incoming.method,
        path: behind.pathname + incoming.url.slice(path.length),
        headers: { ...incoming.headers, host: behind.host, authorization: token },
      },
      (answered) => {
        answer.writeHead(answered.statusCode ?? 500, answered.headers);
        answered.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function askedBy({ headers, url = '' }: IncomingMessage): Asked {
  const authorization = headers.authorization ?? '';
  const decoded = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const colon = decoded.indexOf(':');
  return {
    authorization,
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1),
    host: headers.host ?? '',
    path: url,
    service: url.includes('git-receive-pack') ? 'git-receive-pack' : 'git-upload-pack',
  };
}
