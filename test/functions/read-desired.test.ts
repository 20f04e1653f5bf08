import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { readDesired } from '../../functions/read-desired.ts';
import { renderRelease } from '../../functions/render-release.ts';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { readCheckConfig, writeCheckConfig } from '../../lib/checks/check-config.ts';
import { type ConfigInput, parseConfig, type Target } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { type CheckRequest, checkRequest, doorbell } from '../../lib/messages/messages.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { type GitServer, startGit } from '../../local/git.ts';
import { tools } from '../../local/tools.ts';
import { type ChartHost, host } from '../fixtures/chart-hosts.ts';
import {
  type ClusterRepository,
  clusterRepository,
  deliveredRelease,
  targetOf,
} from '../fixtures/cluster-repository.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';

const TARGET = targetOf();
const REQUEST = {
  Records: [{ messageId: 'm', body: JSON.stringify({ schema: 1, target: 'staging', because: 'schedule' }) }],
};

describe('read-desired', () => {
  let aws: TestAws;
  let git: GitServer;
  let folder: string;
  let scratch: string;
  let repository: ClusterRepository;
  let read: (event: unknown) => Promise<unknown>;
  const parameters = new Map<string, string>();
  const rendered: unknown[] = [];

  type Changes = Partial<ConfigInput['repositories'][number]>;
  const configOf = (changes: Changes) =>
    parseConfig({
      repositories: [{ name: 'cluster', url: git.urlOf('cluster'), ...changes }],
      targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
      audiences: [{ name: 'people', form: 'email', address: 'people@example.com' }],
    });
  const configure = (changes: Changes = {}): void => {
    for (const [name, value] of toParameters(configOf(changes)))
      parameters.set(`/fairlead/test/${name}`, value);
    read = readDesired(environment());
  };
  const environment = () => ({
    ...aws.environment,
    [VARIABLES.table]: TABLE,
    [VARIABLES.contentBucket]: BUCKETS.content,
    [VARIABLES.stateBucket]: BUCKETS.state,
    [VARIABLES.checkQueue]: aws.queues.check,
    [VARIABLES.doorbellQueue]: aws.queues.doorbell,
    [VARIABLES.renderFunction]: 'render-release',
    [VARIABLES.configPath]: '/fairlead/test',
    [VARIABLES.scratch]: join(folder, 'scratch'),
  });

  before(async () => {
    const { folder: toolsFolder } = await tools();
    let render: ((request: unknown) => Promise<unknown>) | undefined;
    const recorded = async (request: unknown) => {
      rendered.push(request);
      render ??= renderRelease({
        ...environment(),
        [VARIABLES.contentBucket]: BUCKETS.content,
        [VARIABLES.tools]: toolsFolder,
        [VARIABLES.scratch]: scratch,
      });
      return await render(request);
    };
    scratch = await mkdtemp(join(tmpdir(), 'fairlead-render-'));
    aws = await testAws({ parameters, functions: new Map([['render-release', recorded]]) });
  });
  after(async () => {
    await aws.end();
    await rm(scratch, { recursive: true, force: true });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-read-'));
    git = await startGit({
      folder: join(folder, 'git'),
      port: 0,
      repositories: [{ name: 'cluster', branch: 'main' }],
      onPush: () => {},
    });
    repository = await clusterRepository(join(folder, 'git', 'cluster.git'));
    configure();
    rendered.length = 0;
  });
  afterEach(async () => {
    await git.stop();
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
    for (const pk of ['target#staging', 'incident#staging'])
      for await (const item of aws.table.query(pk)) await aws.table.remove(item, item.version);
  });

  const checks = async (): Promise<CheckRequest[]> =>
    (await aws.take(aws.queues.check)).map((body) => checkRequest.parse(JSON.parse(body)));
  const well = { batchItemFailures: [] };
  /** Without the time at which the branch was looked up. */
  const sameOf = ({ readAt: _, ...request }: Partial<CheckRequest> = {}) => request;

  test('asks for a check of what the tip declares; the sequence counts up with what it declares', async () => {
    const first = await repository.commit(deliveredRelease(TARGET));
    assert.deepEqual(await read(REQUEST), well);
    assert.deepEqual(await read(REQUEST), well);
    const [one, again] = await checks();
    assert.equal(one?.commit, first);
    assert.equal(one?.sequence, 1);
    assert.deepEqual(sameOf(again), sameOf(one), 'nothing new: the same is checked again');
    assert.ok(one.readAt !== undefined && again?.readAt !== undefined && again.readAt >= one.readAt);

    const second = await repository.commit(deliveredRelease(TARGET, { version: '1.1.0' }));
    await read(REQUEST);
    const [two] = await checks();
    assert.equal(two?.commit, second);
    assert.equal(two?.sequence, 2);
  });

  test('what a check needs lies in the state bucket, without people and credentials', async () => {
    await repository.commit(deliveredRelease(TARGET));
    await read(REQUEST);
    await checks();
    const state = s3Store(clients.s3(aws.environment), BUCKETS.state);
    const config = await readCheckConfig(state, 'staging');
    assert.equal(config?.target.name, 'staging');
    assert.equal(config?.repository.url, git.urlOf('cluster'));
    const stored = await state.get('config/checks/staging.json');
    assert.doesNotMatch(stored?.body.toString('utf8') ?? '', /people@example|token/);
  });

  test('a check finds its repository however that is opened: it holds no credential and needs none', async () => {
    const state = s3Store(clients.s3(aws.environment), BUCKETS.state);
    const hostKeys = [
      'git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
    ];
    for (const [url, credential, readCredential] of [
      [
        'ssh://git@git.example.com/example/cluster.git',
        { kind: 'ssh', secret: 'write', hostKeys },
        { kind: 'ssh', secret: 'read', hostKeys },
      ],
      [
        'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/cluster',
        { kind: 'codecommit' },
        { kind: 'codecommit' },
      ],
    ] as const) {
      await writeCheckConfig(state, configOf({ url, credential, readCredential }), 'staging');
      assert.equal((await readCheckConfig(state, 'staging'))?.repository.url, url);
    }
  });

  test('a person’s values.yaml rings the bell of the repository, for the ConfigMap to follow', async () => {
    await repository.commit(deliveredRelease(TARGET));
    await repository.commit({ 'fairlead/staging/releases/shop/web/values.yaml': 'replicas: 7\n' });
    await read(REQUEST);
    await checks();
    const bells = (await aws.take(aws.queues.doorbell)).map((body) => doorbell.parse(JSON.parse(body)));
    assert.deepEqual(bells, [{ schema: 1, repository: 'cluster', branch: 'main', because: 'values' }]);
  });

  test('where Git is down, what is known is checked all the same, and the message comes again', async () => {
    await repository.commit(deliveredRelease(TARGET));
    await read(REQUEST);
    const [known] = await checks();
    await git.stop();
    assert.deepEqual(await read(REQUEST), { batchItemFailures: [{ itemIdentifier: 'm' }] });
    assert.deepEqual(await checks(), [sameOf(known)], 'and does not say that Git was looked up');
  });

  describe('where the repository does not let us in', () => {
    /** A credential whose secret is not there: no server is asked. */
    const lockOut = () => configure({ readCredential: { kind: 'token', secret: 'gone' } });
    const unread = async () => (await aws.table.get({ pk: 'target#staging', sk: 'unread' }))?.reason;
    const alerts = async () => {
      const found: unknown[] = [];
      for await (const { untold } of aws.table.query('incident#staging'))
        if (untold !== undefined) found.push(untold);
      return found;
    };

    test('what is known is checked, with why Git was not read; the message does not come again', async () => {
      await repository.commit(deliveredRelease(TARGET));
      await read(REQUEST);
      const [known] = await checks();
      lockOut();
      assert.deepEqual(await read(REQUEST), well);
      assert.deepEqual(await checks(), [sameOf(known)]);
      assert.match(
        String(await unread()),
        /^Git cannot be read: the secret "gone" cannot be read .*does it exist/,
      );
      assert.deepEqual(await alerts(), [], 'the check tells');

      configure();
      assert.deepEqual(await read(REQUEST), well);
      assert.equal(await unread(), undefined, 'let in again');
      assert.equal((await checks()).length, 1);
    });

    test('where nothing is known yet the target is unknown, told once, at the third time', async () => {
      await repository.commit(deliveredRelease(TARGET));
      lockOut();
      for (const told of [0, 0, 1, 1]) {
        assert.deepEqual(await read(REQUEST), well);
        assert.equal((await alerts()).length, told);
      }
      assert.deepEqual(await checks(), []);
    });
  });

  describe('where AWS does not say where the cluster is', () => {
    let eks: ChartHost;
    let answer: { status: number; type: string; body: unknown };
    const EKS = { kind: 'eks', name: 'production', region: 'eu-central-1', access: 'group' } as const;
    before(async () => {
      eks = await host((_request, response) => {
        response.writeHead(answer.status, { 'x-amzn-errortype': answer.type });
        response.end(JSON.stringify(answer.body));
      });
    });
    after(() => eks.stop());
    const DENIED = { status: 403, type: 'AccessDeniedException', body: { message: 'no' } };
    const THROTTLED = { status: 429, type: 'ThrottlingException', body: { message: 'slowly' } };
    const FOUND = {
      status: 200,
      type: '',
      body: {
        cluster: { endpoint: 'https://x.eks.example.com', certificateAuthority: { data: 'Q0E=' } },
      },
    };
    const VPC = { id: 'vpc-0a1b2c3d4e5f67890', subnets: ['subnet-0a1b2c3d4e5f67890'] };
    async function readWith(
      given: typeof answer,
      cluster: Target['cluster'] = EKS,
      asked: () => Promise<readonly unknown[]> = checks,
    ) {
      answer = given;
      const config = configOf({});
      const [target] = config.targets;
      for (const [name, value] of toParameters({
        ...config,
        targets: target === undefined ? [] : [{ ...target, cluster }],
      }))
        parameters.set(`/fairlead/test/${name}`, value);
      read = readDesired({
        ...environment(),
        AWS_ENDPOINT_URL_EKS: eks.url,
        [VARIABLES.privateCheckQueues]: JSON.stringify({ [VPC.id]: aws.queues.inbox }),
      });
      assert.deepEqual(await read(REQUEST), well);
      assert.equal((await asked()).length, 1, 'it is checked: the check tells why nothing can be judged');
      const state = s3Store(clients.s3(aws.environment), BUCKETS.state);
      return await readCheckConfig(state, 'staging');
    }

    test('Git is read and a check asked for, with the reason; what passes does not take away what is known', async () => {
      await repository.commit(deliveredRelease(TARGET));
      assert.match((await readWith(THROTTLED))?.noEndpoint ?? '', /AWS does not say where .* asked again/);
      const found = await readWith(FOUND);
      assert.equal(found?.endpoint?.url, 'https://x.eks.example.com');
      assert.equal(found?.noEndpoint, undefined);
      assert.equal((await readWith(THROTTLED))?.endpoint?.url, 'https://x.eks.example.com');
      const denied = await readWith(DENIED);
      assert.match(denied?.noEndpoint ?? '', /allow its role eks:DescribeCluster/);
      assert.equal(denied?.endpoint, undefined);
    });

    test('a private cluster is asked for in the queue of its VPC; without one, it is said that the configuration lacks it', async () => {
      await repository.commit(deliveredRelease(TARGET));
      const { cluster } = FOUND.body;
      const resourcesVpcConfig = { endpointPublicAccess: false, endpointPrivateAccess: true };
      const PRIVATE = { ...FOUND, body: { cluster: { ...cluster, resourcesVpcConfig } } };
      const lost = await readWith(PRIVATE);
      assert.equal(lost?.endpoint, undefined);
      assert.match(lost?.noEndpoint ?? '', /endpoint .* is private: give the target's cluster its vpc/);

      const found = await readWith(PRIVATE, { ...EKS, vpc: VPC }, () => aws.take(aws.queues.inbox));
      assert.equal(found?.endpoint?.url, 'https://x.eks.example.com');
      assert.deepEqual(await checks(), [], 'nobody else is asked');
    });

    test('where a cluster of another account is, this function neither asks nor may', async () => {
      await repository.commit(deliveredRelease(TARGET));
      const role = 'arn:aws:iam::111122223333:role/fairlead-check';
      const found = await readWith(DENIED, { ...EKS, role });
      assert.deepEqual([found?.endpoint, found?.noEndpoint], [undefined, undefined]);
      assert.equal(found?.target.cluster?.kind === 'eks' && found.target.cluster.role, role);
    });
  });

  test('a target that is no longer configured is nothing to read, and neither is a message that is none', async () => {
    const gone = JSON.stringify({ schema: 1, target: 'gone', because: 'due' });
    const event = {
      Records: [
        { messageId: 'a', body: gone },
        { messageId: 'b', body: '{}' },
      ],
    };
    assert.deepEqual(await read(event), well);
  });

  test('a clone left broken by a killed run is made anew', async () => {
    await repository.commit(deliveredRelease(TARGET));
    await read(REQUEST);
    const [known] = await checks();
    await writeFile(join(folder, 'scratch', 'clones', 'cluster-main.git', 'HEAD'), 'nonsense');
    assert.deepEqual(await read(REQUEST), well);
    assert.deepEqual((await checks()).map(sameOf), [sameOf(known)]);
  });
});
