import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Environment } from '../../lib/aws/environment.ts';
import { openAuthority } from '../../local/control-plane/pki.ts';

/** Where CloudFormation is answered: a bucket of its own, by an address that is signed (test/lambda/events.ts). */
const HOST = 'cloudformation-custom-resource-response-useast1.s3.amazonaws.com';

export interface Answered {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Readonly<Record<string, string>>;
}

/**
 * Takes what a custom resource answers. The host's name leads nowhere here, so whoever asks is led by a proxy, and
 * trusts an authority of the test: both by Node's own variables, and the way of the answer stays what it is.
 */
export async function cloudFormation() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-cloudformation-'));
  const authority = await openAuthority(join(folder, 'keys'), 'test');
  const { certificate, key } = await authority.server([HOST]);
  const answers: Answered[] = [];
  const asked: string[] = [];
  /** Statuses of the next answers, before 200. */
  const statuses: number[] = [];
  const bucket = createHttps({ cert: certificate, key }, async (request, response) => {
    const body = await text(request);
    const status = statuses.shift() ?? 200;
    if (status === 200 && request.method === 'PUT')
      answers.push({
        path: request.url ?? '',
        contentType: request.headers['content-type'],
        body: JSON.parse(body),
      });
    response.writeHead(status, { connection: 'close' }).end();
  });
  const proxy = createHttp((_, response) => response.writeHead(405).end());
  proxy.on('connect', ({ url = '' }, client) => {
    asked.push(url);
    client.on('error', () => client.destroy());
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    bucket.emit('connection', client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;

  // As a layer, since a function sees nothing else of this machine.
  const layers = join(folder, 'layers');
  await mkdir(join(layers, 'authority'), { recursive: true });
  await writeFile(join(layers, 'authority', 'authority.pem'), authority.certificate);
  const environment: Environment = {
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
    NO_PROXY: '127.0.0.1',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: '/opt/authority/authority.pem',
  };
  return {
    answers,
    asked,
    statuses,
    layers,
    environment,
    async stop(): Promise<void> {
      proxy.closeAllConnections();
      proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
