import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../lib/alerts/alert.ts';
import { incidentItem } from '../../lib/alerts/incident-items.ts';
import { writeReport } from '../../lib/alerts/report.ts';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { parsePart } from '../../lib/config/config.ts';
import { finding } from '../fixtures/findings.ts';
import { fairlead, type Running, running } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

/** `npx fairlead ui` as a process, over an installation on AWS's own wire protocols, found by its name. */
const SINCE = '2026-11-20T08:00:00.000Z';
const KEY = 'fairlead/staging/shop/web/drift/1';

let installation: StandIn;
/** Stands before the installation and writes down what is asked of it. */
let front: Server;
const asked = new Set<string>();
let denied: (action: string) => boolean = () => false;
let page: Running;
let url: URL;

/** The IAM action of a call, as far as this command makes any. */
function actionOf({ method, url = '', headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.replace(/_\d+/, '').replace('AmazonSSM', 'ssm');
  const { pathname, searchParams } = new URL(url, 'http://s3');
  if (method !== 'GET') return `s3:${method}`;
  if (searchParams.has('versions')) return 's3:ListBucketVersions';
  if (searchParams.has('tagging')) return 's3:GetObjectVersionTagging';
  return searchParams.has('list-type') ? 's3:ListBucket' : `s3:GetObject ${pathname.split('/')[2]}`;
}

before(async () => {
  installation = await standIn();
  const state = s3Store(clients.s3(installation.aws.environment), 'state');
  const config = parsePart(
    {
      installation: 'fairlead',
      repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
      targets: [
        { name: 'staging', repository: 'cluster', branch: 'main', deployer: 'flux', namespaces: ['shop'] },
      ],
    },
    'test',
  );
  await writeCheckConfig(state, config, 'staging');
  const findings = [finding('spec.replicas', { desired: 2, live: 5 })];
  await installation.table.put(
    incidentItem(
      undefined,
      'staging',
      'shop/web#drift',
      {
        opening: 1,
        sequence: 1,
        kind: 'drifting',
        since: SINCE,
        told: ['warning'],
        toldAt: SINCE,
        fingerprints: ['a'],
        findings,
      },
      SINCE,
    ),
    'absent',
  );
  const alert: Alert = {
    schema: 1,
    installation: 'fairlead',
    target: 'staging',
    scope: 'shop/web',
    incident: KEY,
    sequence: 1,
    at: SINCE,
    severity: 'warning',
    kind: 'drift',
    commit: '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567',
    repository: 'https://git.example.com/team/cluster.git',
    root: 'fairlead/staging',
    deployer: 'flux',
    findings,
    since: SINCE,
  };
  await writeReport(state, alert);
  await installation.store.put('staging/shop/web/values.yaml', 'replicas: 1\n');

  front = createServer((incoming, outgoing) => {
    const action = actionOf(incoming);
    asked.add(action);
    if (denied(action)) {
      incoming.resume();
      const isJson = incoming.headers['x-amz-target'] !== undefined;
      outgoing.writeHead(isJson ? 400 : 403, {
        'content-type': isJson ? 'application/x-amz-json-1.0' : 'application/xml',
      });
      outgoing.end(
        isJson
          ? JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized' })
          : '<Error><Code>AccessDenied</Code><Message>not authorized</Message></Error>',
      );
      return;
    }
    const onward = httpRequest(
      `${installation.aws.url}${incoming.url}`,
      { method: incoming.method, headers: { ...incoming.headers, host: new URL(installation.aws.url).host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  page = running(['ui', '--installation', 'test', '--port', '0'], environment());
  url = await addressOf(page);
});
after(async () => {
  page.child.kill('SIGINT');
  await page.ended;
  await new Promise((resolve) => front.close(resolve));
  await installation.stop();
});

const environment = () => ({
  ...installation.environment,
  FAIRLEAD_DATA: '/nowhere',
  FAIRLEAD_TABLE: '',
  FAIRLEAD_STATE_BUCKET: '',
  AWS_ENDPOINT_URL: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
});

const addressOf = ({ child, ended }: Running): Promise<URL> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString('utf8');
      const found = /http:\/\/\S+/.exec(text);
      if (found !== null) resolve(new URL(found[0]));
    });
    ended.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)), reject);
  });

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request with whatever headers, as no browser's script can make it: `Host` too. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const made = httpRequest({ host: '127.0.0.1', port: url.port, path, method, headers }, async (answer) => {
      let body = '';
      for await (const part of answer) body += part;
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    });
    made.once('error', reject);
    made.end();
  });
const token = () => ({ authorization: `Bearer ${url.searchParams.get('token')}` });

describe('npx fairlead ui', () => {
  test('shows the open incidents of an installation in AWS, and the alerts of one', async () => {
    const state = JSON.parse((await ask('/state.json', token())).body);
    assert.equal(state.installation, 'fairlead');
    assert.equal(state.incidents[0].key, KEY);
    assert.equal(state.incidents[0].headline, 'Deployment/web changed');
    assert.equal(state.targets[0].repository, 'cluster');
    const timeline = await ask(`/incident.json?key=${encodeURIComponent(KEY)}`, token());
    const [alert] = JSON.parse(timeline.body).alerts;
    assert.deepEqual(
      [alert.findings[0].at, alert.findings[0].desired, alert.findings[0].live],
      ['spec.replicas', '2', '5'],
    );
    assert.equal((await ask('/incident.json?key=nobody', token())).status, 404);
    assert.match((await ask('/', token())).body, /<title>Fairlead<\/title>/);
  });

  test('without the token nothing is told, whatever is asked', async () => {
    const wrong = { authorization: 'Bearer 0123', cookie: `fairlead-page-${url.port}=0123` };
    for (const path of ['/', '/state.json', '/events', `/incident.json?key=${KEY}`, '/page.js', '/?token=x'])
      for (const headers of [{}, wrong]) {
        const answer = await ask(path, headers);
        assert.equal(answer.status, 401, path);
        assert.match(answer.body, /Open the address that "npx fairlead ui" printed/);
      }
  });

  test('a page of another origin is refused, also where it has the token, and may not read', async () => {
    for (const foreign of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://localhost.evil.example:${url.port}` },
      { origin: `http://127.0.0.1:${Number(url.port) + 1}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      const answer = await ask('/state.json', { ...token(), ...foreign });
      assert.equal(answer.status, 403, JSON.stringify(foreign));
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.ok(!answer.body.includes('staging'));
    }
  });

  test('a name that was bound to this machine anew is refused: DNS rebinding', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${url.port}`,
      `127.0.0.1.nip.example:${url.port}`,
      '127.0.0.1',
    ])
      assert.equal((await ask('/state.json', { ...token(), host })).status, 403, host);
    assert.equal((await ask('/state.json', { ...token(), host: `localhost:${url.port}` })).status, 200);
  });

  test('nothing but looking is answered', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      assert.equal((await ask('/state.json', token(), method)).status, 405, method);
  });

  test('other machines do not reach it: it listens on the loopback address alone', async () => {
    const hex = Number(url.port).toString(16).toUpperCase().padStart(4, '0');
    const sockets =
      (await readFile('/proc/net/tcp', 'utf8').catch(() => '')) +
      (await readFile('/proc/net/tcp6', 'utf8').catch(() => ''));
    const listening = [...sockets.matchAll(/ ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A /g)]
      .filter(([, , port]) => port === hex)
      .map(([, address]) => address);
    assert.deepEqual(listening, sockets === '' ? [] : ['0100007F']);
  });

  test('deliveries come once somebody looks; then they rest', async () => {
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.write(
      `GET /events HTTP/1.1\r\nHost: 127.0.0.1:${url.port}\r\nAuthorization: ${token().authorization}\r\n\r\n`,
    );
    let seen = '';
    for await (const part of socket) {
      seen += part;
      if (seen.includes('values.yaml')) break;
    }
    assert.match(seen, /"key":"staging\/shop\/web\/values.yaml"/);
  });

  test('it has called for what docs/incidents.md allows it, and for nothing that writes', async () => {
    const documented = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'incidents.md'), 'utf8');
    for (const action of asked) {
      const [name = ''] = action.split(' ');
      const iam = name.replace('DynamoDB.', 'dynamodb:').replace('ssm.', 'ssm:');
      assert.ok(documented.includes(`"${iam}"`), iam);
    }
    assert.deepEqual([...asked].sort(), [
      'DynamoDB.GetItem',
      'DynamoDB.Query',
      's3:GetObject config',
      's3:GetObject reports',
      's3:ListBucket',
      's3:ListBucketVersions',
      'ssm.GetParametersByPath',
    ]);
  });

  test('what may not be read beside incidents is said on the page, which goes on', async () => {
    denied = (action) => action === 's3:ListBucketVersions';
    const other = running(['ui', '--installation', 'test', '--port', '0'], environment());
    const own = await addressOf(other);
    const answer = await fetch(`${own.origin}/events`, {
      headers: { authorization: `Bearer ${own.searchParams.get('token')}` },
    });
    let seen = '';
    for await (const part of answer.body ?? []) {
      seen += Buffer.from(part).toString('utf8');
      if (seen.includes('problems')) break;
    }
    assert.match(seen, /Deliveries could not be read.*s3:ListBucketVersions on bucket charts/);
    assert.ok(seen.includes(KEY));
    other.child.kill('SIGTERM');
    assert.equal((await other.ended).code, 0);
    denied = () => false;
  });

  test('of one target that is named, no other need be readable, nor the list of them', async () => {
    denied = (action) => action === 's3:ListBucket';
    const other = running(
      ['ui', '--installation', 'test', '--target', 'staging', '--port', '0'],
      environment(),
    );
    const own = await addressOf(other);
    const answer = await fetch(`${own.origin}/state.json`, {
      headers: { authorization: `Bearer ${own.searchParams.get('token')}` },
    });
    denied = () => false;
    assert.equal(((await answer.json()) as { targets: { name: string }[] }).targets[0]?.name, 'staging');
    other.child.kill('SIGTERM');
    assert.equal((await other.ended).code, 0);
  });

  test('without the right to read the table there is no page, and the right is named', async () => {
    denied = (action) => action === 'DynamoDB.Query';
    const ran = await fairlead(['ui', '--installation', 'test', '--port', '0'], environment());
    denied = () => false;
    assert.equal(ran.code, 69);
    assert.match(ran.stderr, /dynamodb:Query on table fairlead \(keys incident#staging\)/);
  });

  test('a taken port is named, with how to choose another', async () => {
    const ran = await fairlead(['ui', '--installation', 'test', '--port', url.port], environment());
    assert.equal(ran.code, 64);
    assert.match(ran.stderr, /choose another with "npx fairlead ui --port PORT"/);
  });
});
