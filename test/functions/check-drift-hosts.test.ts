import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { bundle } from '../../infra/bundle.ts';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { renderKey } from '../../lib/charts/render-request.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { httpClient } from '../../lib/cluster/http.ts';
import { readKubeconfig } from '../../lib/cluster/kubeconfig.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { type DesiredState, desiredKey } from '../../lib/desired/state.ts';
import { close, listen } from '../../lib/loopback/listen.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { type Authority, openAuthority } from '../../local/control-plane/pki.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { requirement } from '../requirements.ts';

const REGION = 'eu-central-1';
const CLUSTER = 'production';
const ROLE = 'arn:aws:iam::111122223333:role/fairlead-check';
const COMMIT = 'c'.repeat(40);
const OBJECT = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'default' },
  data: { key: 'value' },
};

/**
 * The bundle that is deployed, in a process that reaches three addresses: that of S3, that of DynamoDB and its cluster's.
 * What stands in a VPC with two gateway endpoints and no other way out has no more.
 */
describe('check-drift in the VPC of a private cluster', requirement('control-plane'), () => {
  let aws: TestAws;
  let plane: TestControlPlane;
  let folder: string;
  let authority: Authority;
  let front: Server;
  let port: number;
  /** Tokens that the cluster was shown. */
  const tokens: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-hosts-'));
    bundle('check-drift', join(folder, 'bundle'));
    authority = await openAuthority(folder, 'eks');
    [aws, plane] = await Promise.all([testAws({}), testControlPlane()]);
    await plane.apply([OBJECT]);
    front = await eksFront();
    port = await listen(front, 0, 'the cluster', '');
  });
  after(async () => {
    await close(front);
    await Promise.all([aws.end(), plane.end()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** What EKS puts before the API server: who calls is known by a token that STS would have to answer for. */
  async function eksFront(): Promise<Server> {
    const { server, headers, tls } = await readKubeconfig([plane.kubeconfig], undefined);
    const behind = httpClient({ name: 'plane', url: server, headers, tls });
    const { certificate, key } = await authority.server();
    return createServer({ cert: certificate, key }, (request, response) => {
      tokens.push(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
      behind.get(request.url ?? '', request.headers.accept ?? '').then(
        ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
        () => response.writeHead(502).end(),
      );
    }).on('close', () => behind.close());
  }

  async function check(target: string, cluster: object) {
    const state = s3Store(clients.s3(aws.environment), BUCKETS.state);
    const config = parseConfig({
      repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
      targets: [
        {
          name: target,
          repository: 'cluster',
          deployer: 'none',
          namespaces: ['default'],
          cluster: { kind: 'eks', name: CLUSTER, region: REGION, ...cluster },
        },
      ],
    } as ConfigInput);
    await writeCheckConfig(state, config, target, {
      kind: 'endpoint',
      endpoint: {
        url: `https://127.0.0.1:${port}`,
        certificateAuthority: Buffer.from(authority.certificate).toString('base64'),
      },
    });
    const entry = { object: OBJECT, role: 'applied', source: 'web.yaml', unstable: [], usesLookup: false };
    const render = JSON.stringify({ schema: 1, objects: [entry] });
    await state.put(renderKey(digestOf(render)), render);
    const desired: DesiredState = {
      schema: 1,
      target,
      commit: COMMIT,
      committedAt: '2026-11-21T11:00:00Z',
      releases: [
        {
          namespace: 'default',
          name: 'web',
          suspended: false,
          rendering: { kind: 'rendered', render: digestOf(render) },
        },
      ],
    };
    const text = JSON.stringify(desired);
    await state.put(desiredKey(digestOf(text)), text);
    const body = { schema: 1, target, commit: COMMIT, sequence: 1, desired: digestOf(text) };
    const event = join(folder, `${target}.json`);
    await writeFile(event, JSON.stringify({ Records: [{ messageId: 'm', body: JSON.stringify(body) }] }));

    const outgoing = join(folder, `${target}.outgoing.json`);
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = aws.environment;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--import',
        join(import.meta.dirname, 'outgoing.mjs'),
        join(import.meta.dirname, 'call.mjs'),
        join(folder, 'bundle', 'index.mjs'),
        event,
      ],
      {
        env: {
          HOME: folder,
          AWS_REGION: REGION,
          AWS_ACCESS_KEY_ID,
          AWS_SECRET_ACCESS_KEY,
          AWS_MAX_ATTEMPTS: '1',
          AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${aws.port}`,
          AWS_ENDPOINT_URL_DYNAMODB: `http://localhost:${aws.port}`,
          REACHABLE: `127.0.0.1:${aws.port},localhost:${aws.port},127.0.0.1:${port}`,
          OUTGOING: outgoing,
          [VARIABLES.installation]: 'test',
          [VARIABLES.table]: TABLE,
          [VARIABLES.stateBucket]: BUCKETS.state,
        },
      },
    );
    assert.equal(stdout.trim().split('\n').at(-1), '{"batchItemFailures":[]}', stdout);
    const verdict = async (scope: string) =>
      await aws.table.get({ pk: `target#${target}`, sk: `verdict#${scope}` });
    return { verdict, asked: JSON.parse(await readFile(outgoing, 'utf8')) as string[] };
  }

  test('asks S3, DynamoDB and the cluster, and nobody else: no STS, EKS, SSM, KMS or CloudWatch', async () => {
    const { verdict, asked } = await check('private', {
      vpc: { id: 'vpc-0a1b2c3d4e5f67890', subnets: ['subnet-0a1b2c3d4e5f67890'] },
    });
    assert.equal((await verdict('default/web'))?.verdict, 'in-sync');
    assert.deepEqual(asked, [`127.0.0.1:${aws.port}`, `127.0.0.1:${port}`, `localhost:${aws.port}`].sort());
  });

  test('shows the cluster a token that is signed here, for the STS of its region and for itself alone', async () => {
    const [token = ''] = tokens;
    assert.match(token, /^k8s-aws-v1\./);
    const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8'));
    assert.equal(url.host, `sts.${REGION}.amazonaws.com`);
    assert.equal(url.searchParams.get('Action'), 'GetCallerIdentity');
    assert.equal(url.searchParams.get('X-Amz-SignedHeaders'), 'host;x-k8s-aws-id');
    assert.match(
      url.searchParams.get('X-Amz-Credential') ?? '',
      new RegExp(`^${aws.environment.AWS_ACCESS_KEY_ID}/`),
    );
  });

  test('a cluster in another account is what STS is asked for; unreached, the target is unknown with the reason', async () => {
    const { verdict, asked } = await check('elsewhere', { role: ROLE });
    assert.deepEqual(
      asked.filter((host) => host.endsWith(':443')),
      [`sts.${REGION}.amazonaws.com:443`],
    );
    const seen = await verdict('target');
    assert.equal(seen?.verdict, 'unknown');
    assert.match(String(seen?.reason), /AWS does not give the credentials of arn:aws:iam::111122223333/);
  });
});
