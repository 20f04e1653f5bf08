import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as clients from '../../../lib/aws/clients.ts';
import { describeCluster } from '../../../lib/aws/eks.ts';
import { type ChartHost, host } from '../../fixtures/chart-hosts.ts';

const CLUSTER = { name: 'production', region: 'eu-central-1' };
const FOUND = {
  cluster: {
    status: 'ACTIVE',
    endpoint: 'https://x.eks.example.com',
    certificateAuthority: { data: 'Q0E=' },
  },
};

/** Status, `x-amzn-errortype` and body as AWS answers (Amazon EKS API, DescribeCluster, "Errors"). */
const CASES: readonly (readonly [
  what: string,
  status: number,
  type: string,
  body: unknown,
  why: 'standing' | 'passing',
  reason: RegExp,
])[] = [
  [
    'a cluster that is not there',
    404,
    'ResourceNotFoundException',
    { message: 'No cluster found' },
    'standing',
    /no EKS cluster production in eu-central-1: correct/,
  ],
  [
    'a role without the right',
    403,
    'AccessDeniedException',
    { message: 'not authorized' },
    'standing',
    /allow its role eks:DescribeCluster/,
  ],
  [
    'an impossible name',
    400,
    'InvalidParameterException',
    { message: 'no' },
    'standing',
    /no name of a cluster/,
  ],
  [
    'credentials that are none',
    403,
    'UnrecognizedClientException',
    { message: 'no' },
    'standing',
    /does not know the credentials/,
  ],
  ['throttling', 429, 'ThrottlingException', { message: 'Rate exceeded' }, 'passing', /asked again/],
  ['AWS’s own fault', 500, 'ServerException', { message: 'oops' }, 'passing', /asked again/],
  [
    'a service that is down',
    503,
    'ServiceUnavailableException',
    { message: 'down' },
    'passing',
    /asked again/,
  ],
  [
    'a cluster that is being made',
    200,
    '',
    { cluster: { status: 'CREATING' } },
    'passing',
    /no endpoint \(status CREATING\)/,
  ],
];

describe('where an EKS cluster is', () => {
  const hosts: ChartHost[] = [];
  after(() => Promise.all(hosts.map((each) => each.stop())));

  async function answering(status: number, type: string, body: unknown) {
    const aws = await host((_request, response) => {
      response.writeHead(status, { 'x-amzn-errortype': type, 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    hosts.push(aws);
    return environmentOf(aws.url);
  }
  const environmentOf = (url: string) => ({
    AWS_ENDPOINT_URL_EKS: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });

  test('AWS says it', async () => {
    const environment = await answering(200, '', FOUND);
    assert.deepEqual(await describeCluster(clients.eks(environment, CLUSTER.region), CLUSTER), {
      kind: 'described',
      endpoint: { url: 'https://x.eks.example.com', certificateAuthority: 'Q0E=' },
      reachable: 'publicly',
    });
  });

  for (const [what, status, type, body, why, reason] of CASES)
    test(`${what}: ${why}, and what to do`, async () => {
      const environment = await answering(status, type, body);
      const described = await describeCluster(clients.eks(environment, CLUSTER.region), CLUSTER);
      assert.ok(described.kind === 'not-described');
      assert.equal(described.why, why);
      assert.match(described.reason, reason);
    });

  test('an AWS that cannot be reached', async () => {
    const described = await describeCluster(
      clients.eks(environmentOf('http://127.0.0.1:1'), CLUSTER.region),
      CLUSTER,
    );
    assert.ok(described.kind === 'not-described');
    assert.equal(described.why, 'passing');
  });
});
