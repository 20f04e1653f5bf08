import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/**
 * A Git host in front of another one, that answers 500 to what `refuses` says: hosts differ in what they offer.
 * @param url of a repository
 */
export async function hostInFront(url: string, refuses: (body: string) => boolean) {
  const behind = new URL(url);
  const server = createServer(async (asked, response) => {
    const body = await buffer(asked);
    const plain = asked.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    if (refuses(plain.toString('latin1'))) {
      response.writeHead(500).end('no\n');
      return;
    }
    const headers = { ...asked.headers, host: behind.host };
    const passed = request(
      { host: behind.hostname, port: behind.port, method: asked.method, path: asked.url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    passed.on('error', () => response.destroy());
    passed.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}${behind.pathname}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
