import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { reachByRole } from '../../../lib/cluster/in-another-account.ts';
import { close, listen } from '../../../lib/loopback/listen.ts';

const ROLE = 'arn:aws:iam::111122223333:role/platform/fairlead-check';
const CLUSTER = { name: 'production', region: 'eu-west-1', role: ROLE };

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const ASSUMED = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAOTHERACCOUNT</AccessKeyId><SecretAccessKey>other-secret</SecretAccessKey>
<SessionToken>other-session</SessionToken><Expiration>2036-11-22T01:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
const stsError = (code: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
const found = (access: object): Answer => ({
  status: 200,
  body: JSON.stringify({
    cluster: {
      endpoint: 'https://abc.gr7.eu-west-1.eks.amazonaws.com',
      certificateAuthority: { data: 'Q0E=' },
      resourcesVpcConfig: access,
    },
  }),
});
const FOUND = found({ endpointPublicAccess: true });

/** One endpoint for STS and EKS, as AWS speaks with them; signatures are looked at, not verified. */
describe('a cluster of another account', () => {
  let server: Server;
  let port: number;
  let sts: Answer = { status: 200, body: ASSUMED };
  let eks: Answer = FOUND;
  const asked: { readonly service: 'sts' | 'eks'; readonly by: string; readonly said: URLSearchParams }[] =
    [];

  before(async () => {
    server = createServer((request, response) => {
      void (async () => {
        const said = await bodyOf(request);
        const service = request.method === 'POST' ? 'sts' : 'eks';
        const [, by = ''] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
        asked.push({ service, by, said: new URLSearchParams(said) });
        const { status, body, type = '' } = service === 'sts' ? sts : eks;
        response.writeHead(status, {
          'content-type': service === 'sts' ? 'text/xml' : 'application/json',
          'x-amzn-errortype': type,
        });
        response.end(body);
      })();
    });
    port = await listen(server, 0, 'AWS', '');
  });
  after(() => close(server));

  const reach = () =>
    reachByRole({
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'ASIACHECKDRIFT',
      AWS_SECRET_ACCESS_KEY: 'own',
      AWS_SESSION_TOKEN: 'own-session',
      AWS_MAX_ATTEMPTS: '1',
    });

  test('is reached as exactly the role that is configured, with the external id of the installation', async () => {
    asked.length = 0;
    const reached = await reach()(CLUSTER, 'fairlead');
    assert.deepEqual(reached, {
      kind: 'reached',
      endpoint: { url: 'https://abc.gr7.eu-west-1.eks.amazonaws.com', certificateAuthority: 'Q0E=' },
      credentials: {
        accessKeyId: 'ASIAOTHERACCOUNT',
        secretAccessKey: 'other-secret',
        sessionToken: 'other-session',
      },
    });
    assert.deepEqual(
      asked.map(({ service, by }) => [service, by]),
      [
        ['sts', 'ASIACHECKDRIFT'],
        ['eks', 'ASIAOTHERACCOUNT'],
      ],
    );
    const [{ said } = { said: new URLSearchParams() }] = asked;
    assert.equal(said.get('RoleArn'), ROLE);
    assert.equal(said.get('ExternalId'), 'fairlead:fairlead');
    assert.equal(said.get('RoleSessionName'), 'fairlead-check-drift');
    assert.equal(said.get('DurationSeconds'), '900');
  });

  test('whose role does not let us in is unknown, with what to do', async () => {
    sts = { status: 403, body: stsError('AccessDenied') };
    const reached = await reach()(CLUSTER, 'fairlead');
    sts = { status: 200, body: ASSUMED };
    assert.equal(reached.kind, 'not-reached');
    assert.match(
      reached.kind === 'not-reached' ? reached.reason : '',
      /trust check-drift's role.*"fairlead:fairlead"/,
    );
  });

  test('that the role may not describe, or whose endpoint is private, is unknown, with what to do', async () => {
    const reasonWith = async (answer: Answer) => {
      eks = answer;
      const reached = await reach()(CLUSTER, 'fairlead');
      eks = FOUND;
      return reached.kind === 'not-reached' ? reached.reason : 'reached';
    };
    assert.match(
      await reasonWith({ status: 403, type: 'AccessDeniedException', body: '{"message":"no"}' }),
      /does not let arn:aws:iam::111122223333:role\/platform\/fairlead-check describe/,
    );
    assert.match(
      await reasonWith(found({ endpointPublicAccess: false, endpointPrivateAccess: true })),
      /private and in another account: put an installation there/,
    );
  });

  test('is where it was, when AWS is only busy', async () => {
    const again = reach();
    assert.equal((await again(CLUSTER, 'fairlead')).kind, 'reached');
    eks = { status: 429, type: 'ThrottlingException', body: '{"message":"slowly"}' };
    const [kept, unknown] = [await again(CLUSTER, 'fairlead'), await reach()(CLUSTER, 'fairlead')];
    eks = FOUND;
    assert.equal(kept.kind, 'reached');
    assert.equal(unknown.kind, 'not-reached');
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
