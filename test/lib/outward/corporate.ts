import { once } from 'node:events';
import { createServer as createHttp, request } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { openAuthority } from '../../../local/control-plane/pki.ts';

/**
 * A name that the certificates made by local/control-plane/pki.ts are good for, and that no resolver of this machine
 * knows: whoever reaches it has asked the proxy.
 */
export const INSIDE = 'kubernetes.default.svc';

/** An authority that nobody trusts by himself, and servers with its certificates in front of plain ones. */
export async function privateAuthority(folder: string, name = 'private') {
  const authority = await openAuthority(join(folder, name), name);
  return {
    pem: authority.certificate,
    /** https in front of what listens at that http address. */
    async inFrontOf(url: string) {
      const behind = new URL(url);
      const { certificate, key } = await authority.server();
      const server = createHttps({ cert: certificate, key }, (asked, response) => {
        const passed = request(
          {
            host: behind.hostname,
            port: behind.port,
            method: asked.method,
            path: asked.url,
            headers: { ...asked.headers, host: behind.host },
          },
          (answer) => {
            response.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(response);
          },
        );
        passed.on('error', () => response.destroy());
        asked.pipe(passed);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const at = (host: string) => `https://${host}:${port}${behind.pathname}`.replace(/\/$/, '');
      return {
        port,
        /** As only the proxy finds it. */
        inside: at(INSIDE),
        /** As this machine finds it. */
        here: at('127.0.0.1'),
        async stop() {
          server.closeAllConnections();
          server.close();
          await once(server, 'close');
        },
      };
    },
  };
}

/** A proxy that knows CONNECT alone (RFC 9110, 9.3.6), to this machine alone, and remembers what it was asked for. */
export async function connectProxy() {
  const asked: string[] = [];
  const refuses: { status?: number | 'hangs up' } = {};
  const server = createHttp((_, response) => response.writeHead(405).end());
  const open = new Set<import('node:stream').Duplex>();
  server.on('connect', (message, client) => {
    asked.push(message.url ?? '');
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => {});
    if (refuses.status !== undefined) {
      client.end(refuses.status === 'hangs up' ? '' : `HTTP/1.1 ${refuses.status} No\r\n\r\n`);
      return;
    }
    const port = Number((message.url ?? '').split(':').at(-1));
    const server = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.pipe(client);
      client.pipe(server);
    });
    open.add(server);
    server.on('close', () => client.destroy()).on('error', () => client.destroy());
    client.on('close', () => server.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    refuses,
    async stop() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
