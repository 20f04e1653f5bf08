import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateClusterCommand } from '@aws-sdk/client-eks';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as clients from '../../lib/aws/clients.ts';
import type { Environment } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { readVerdict } from '../../lib/checks/verdict-items.ts';
import type { QueueAnswer } from '../../lib/messages/messages.ts';
import { BUCKETS } from '../../local/aws/aws.ts';
import { startMoto } from '../moto.ts';
import { requirement } from '../requirements.ts';
import { poll } from './events.ts';
import { type Bundled, lambdaWorld } from './world.ts';

const REGION = 'eu-central-1';
const NAME = 'apps';

const needed = [requirement('mount-namespace'), requirement('moto')].find(({ skip }) => skip !== false) ?? {};

describe('the bundles ask AWS where an EKS cluster is', needed, () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  let account: Environment;
  before(async () => {
    moto = await startMoto();
    account = { AWS_ENDPOINT_URL_EKS: moto.url, AWS_ENDPOINT_URL_STS: moto.url };
    const environment = { ...account, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    await clients.eks(environment, REGION).send(
      new CreateClusterCommand({
        name: NAME,
        roleArn: 'arn:aws:iam::123456789012:role/eks',
        resourcesVpcConfig: { subnetIds: [] },
      }),
    );
  });
  after(() => moto?.stop());

  const inWorld = async (
    cluster: { readonly name: string; readonly role?: string },
    work: (world: Awaited<ReturnType<typeof lambdaWorld>>) => Promise<void>,
  ) => {
    const world = await lambdaWorld({ cluster: { kind: 'eks', region: REGION, ...cluster } });
    try {
      await work(world);
    } finally {
      await world.end();
    }
  };

  /** One message of its queue, worked off by a function that reaches the account. */
  async function workOff(
    { aws, start }: Awaited<ReturnType<typeof lambdaWorld>>,
    name: Bundled,
    queue: 'read' | 'check',
  ): Promise<void> {
    const one = await start(name, account);
    const worked = await poll(clients.sqs(aws.environment), aws.queues[queue], async (event) => {
      const invoked = await one.invoke(event);
      assert.equal(invoked.kind, 'response', `${JSON.stringify(invoked)}\n${one.log()}`);
      const { answer } = invoked as { answer: QueueAnswer };
      assert.deepEqual(answer, { batchItemFailures: [] }, one.log());
      return answer;
    });
    assert.equal(worked, 1);
  }

  async function readTarget(
    world: Awaited<ReturnType<typeof lambdaWorld>>,
  ): Promise<Record<string, unknown>> {
    const { aws } = world;
    await world.lambda('render-release');
    const MessageBody = JSON.stringify({ schema: 1, target: 'staging', because: 'schedule' });
    await clients
      .sqs(aws.environment)
      .send(new SendMessageCommand({ QueueUrl: aws.queues.read, MessageBody }));
    await workOff(world, 'read-desired', 'read');
    const kept = await s3Store(clients.s3(aws.environment), BUCKETS.state).get('config/checks/staging.json');
    return JSON.parse(kept?.body.toString() ?? '{}');
  }

  test('read-desired leaves for the check what EKS says; a cluster that is not there is said, in words', async () => {
    await inWorld({ name: NAME }, async (world) => {
      const { endpoint } = (await readTarget(world)) as {
        endpoint?: { url: string; certificateAuthority: string };
      };
      assert.match(endpoint?.url ?? '', /^https:\/\/.*\.eks\.amazonaws\.com/);
      assert.ok((endpoint?.certificateAuthority ?? '').length > 0);
    });
    await inWorld({ name: 'gone' }, async (world) => {
      const { noEndpoint } = await readTarget(world);
      assert.equal(
        noEndpoint,
        `there is no EKS cluster gone in ${REGION}: correct its name or region in the configuration`,
      );
    });
  });

  test('check-drift assumes the role of a cluster in another account, and asks there as that role', async () => {
    const role = 'arn:aws:iam::210987654321:role/fairlead-check';
    await inWorld({ name: NAME, role }, async (world) => {
      // Only the check knows that account.
      const { endpoint, noEndpoint } = await readTarget(world);
      assert.deepEqual([endpoint, noEndpoint], [undefined, undefined]);
      await workOff(world, 'check-drift', 'check');
      const verdict = await readVerdict(world.aws.table, 'staging', 'target');
      assert.equal(verdict?.verdict, 'unknown');
      // moto keeps an account's clusters apart: this one is not in the role's.
      assert.match(verdict?.reason ?? '', new RegExp(`there is no EKS cluster ${NAME} in ${REGION}`));
    });
  });
});
