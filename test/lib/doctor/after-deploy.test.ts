import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressDigest, type Subscribed } from '../../../lib/alerts/subscribed.ts';
import type { Subscription } from '../../../lib/aws/account/account.ts';
import type { Read } from '../../../lib/aws/account/reading.ts';
import { judgeUploadBucket } from '../../../lib/doctor/bucket.ts';
import { judgeDeployer } from '../../../lib/doctor/deployer.ts';
import { examine, isWell } from '../../../lib/doctor/examine.ts';
import { judgePrivateWays } from '../../../lib/doctor/private-ways.ts';
import { judgeConcurrency, judgeQuota, judgeRoles } from '../../../lib/doctor/quotas.ts';
import { judgeAlarms, judgeDeadLetters, judgeStack, judgeVerdictAge } from '../../../lib/doctor/standing.ts';
import { judgeSubscriptions } from '../../../lib/doctor/subscriptions.ts';
import { judgeDeployed, judgeKubernetes, judgeNode } from '../../../lib/doctor/versions.ts';
import { ABSENT, DENIED, NOW, read, table } from './judging.ts';

const PAGER = 'https://pager.example.com/key';
const subscribed: Subscribed = {
  topics: { email: 'arn:e', pager: 'arn:p', chat: 'arn:c', operators: 'arn:o' },
  unheard: 'arn:u',
  audiences: [
    {
      name: 'platform',
      form: 'email',
      address: { kind: 'email', address: 'p@example.com' },
      filter: 'none',
      operators: true,
    },
    {
      name: 'on-call',
      form: 'pager',
      address: { kind: 'https', digest: addressDigest(PAGER) },
      filter: 'none',
      operators: false,
    },
  ],
};
const mail = (state: Subscription['state']): Subscription => ({
  protocol: 'email',
  endpoint: 'P@example.com',
  state,
});
const topics = (more: Partial<Record<keyof Subscribed['topics'], Read<readonly Subscription[]>>> = {}) => ({
  email: read([mail('confirmed')]),
  pager: read<readonly Subscription[]>([{ protocol: 'https', endpoint: PAGER, state: 'confirmed' }]),
  chat: read<readonly Subscription[]>([]),
  operators: read([mail('confirmed')]),
  ...more,
});
const asked = { installation: 'fairlead', subscribed, topics: topics(), channels: [] };
table('subscriptions', [
  ['are all there', () => judgeSubscriptions(asked), [/^ok/, /^ok/, /^ok/]],
  [
    'wait to be confirmed',
    () => judgeSubscriptions({ ...asked, topics: topics({ email: read([mail('pending')]) }) }),
    [/^wrong: .*not confirmed.*fairlead subscribe platform --installation fairlead/, /^ok/, /^ok/],
  ],
  [
    'vanished',
    () => judgeSubscriptions({ ...asked, topics: topics({ operators: read([]) }) }),
    [/^ok/, /^wrong: .*not subscribed \(any more\)/, /^ok/],
  ],
  [
    'may not be listed',
    () => judgeSubscriptions({ ...asked, topics: topics({ pager: DENIED }) }),
    [/^ok/, /^ok/, /^skipped/],
  ],
  [
    'are on a topic that is gone',
    () => judgeSubscriptions({ ...asked, topics: topics({ pager: ABSENT }) }),
    [/^ok/, /^ok/, /^wrong: there is no topic arn:p/],
  ],
  [
    'are nobody',
    () => judgeSubscriptions({ ...asked, subscribed: { ...subscribed, audiences: [] } }),
    [/^wrong: nobody is told/],
  ],
  [
    'lack Amazon Q Developer',
    () => judgeSubscriptions({ ...asked, channels: ['team'] }),
    [/^ok/, /^ok/, /^ok/, /^wrong: Amazon Q/],
  ],
  [
    'have Amazon Q Developer',
    () =>
      judgeSubscriptions({
        ...asked,
        channels: ['team'],
        topics: topics({
          chat: read([
            {
              protocol: 'https',
              endpoint: 'https://global.sns-api.chatbot.amazonaws.com',
              state: 'confirmed',
            },
          ]),
        }),
      }),
    [/^ok/, /^ok/, /^ok/, /^ok: Amazon Q/],
  ],
]);

const part = (status: string) => ({ logicalId: 'Queue', type: 'AWS::SQS::Queue', physicalId: 'q', status });
table('what stands', [
  ['a stack that is well', () => judgeStack('s', read([part('CREATE_COMPLETE')])), [/^ok: 1 resources/]],
  [
    'a stack with a resource that failed',
    () => judgeStack('s', read([part('UPDATE_FAILED')])),
    [/^wrong: Queue \(UPDATE_FAILED\)/],
  ],
  [
    'a stack under way',
    () => judgeStack('s', read([part('CREATE_IN_PROGRESS')])),
    [/^warning: it is being deployed/],
  ],
  ['no stack', () => judgeStack('s', ABSENT), [/^wrong: .*cdk deploy/]],
  ['an empty queue', () => judgeDeadLetters('fairlead', 'receive', read(0)), [/^ok: empty/]],
  [
    'a queue with one message',
    () => judgeDeadLetters('fairlead', 'receive', read(1)),
    [/^wrong: 1 message was given up.*redrive receive --installation fairlead/],
  ],
  ['no alarm', () => judgeAlarms(read([])), [/^ok/]],
  [
    'an alarm',
    () =>
      judgeAlarms(
        read([
          {
            name: 'a',
            description: 'Messages were given up. What to do: docs/runbook.md#dead-letters',
            since: NOW,
          },
        ]),
      ),
    [
      /^wrong: it rings since 2026-11-22T12:00:00\.000Z: Messages were given up => docs\/runbook\.md#dead-letters$/,
    ],
  ],
  [
    'a fresh verdict',
    () => judgeVerdictAge({ target: 't', checkEveryMinutes: 15, verdict: 'fresh', verdictAgeSeconds: 300 }),
    [/^ok: checked 5 minutes ago/],
  ],
  [
    'an old verdict',
    () =>
      judgeVerdictAge({ target: 't', checkEveryMinutes: 15, verdict: 'overdue', verdictAgeSeconds: 7200 }),
    [/^wrong: .*120 minutes old; it is checked every 15/],
  ],
  [
    'no verdict yet',
    () => judgeVerdictAge({ target: 't', checkEveryMinutes: 15, verdict: 'fresh' }),
    [/^warning: no check has finished yet/],
  ],
  [
    'no verdict for too long',
    () => judgeVerdictAge({ target: 't', checkEveryMinutes: 15, verdict: 'overdue' }),
    [/^wrong: no check/],
  ],
  [
    'no cluster',
    () => judgeVerdictAge({ target: 't', checkEveryMinutes: 15, verdict: 'none' }),
    [/^skipped/],
  ],
  [
    'a bucket that is right',
    () => judgeUploadBucket('b', read({ versioning: 'on', eventBridge: 'on' }), 'existing'),
    [/^ok/],
  ],
  [
    'a bucket that is not',
    () => judgeUploadBucket('b', read({ versioning: 'off', eventBridge: 'off' }), 'existing'),
    [/^wrong: versioning.*put-bucket-versioning --bucket b/, /^wrong: .*EventBridge/],
  ],
]);

const privatePlace = {
  cluster: 'inner',
  region: 'eu-central-1',
  vpc: 'vpc-1',
  subnets: ['a', 'b'],
  made: [],
};
const way = (service: string, routeTables: string[]) => ({
  service: `com.amazonaws.eu-central-1.${service}`,
  state: 'available',
  routeTables,
});
const routes = read(
  new Map([
    ['a', 'rtb-1'],
    ['b', 'rtb-2'],
  ]),
);
table('the network of a private cluster', [
  [
    'leads to both',
    () =>
      judgePrivateWays(
        privatePlace,
        read([way('s3', ['rtb-1', 'rtb-2']), way('dynamodb', ['rtb-1', 'rtb-2'])]),
        routes,
        'deployed',
      ),
    [/^ok/, /^ok/],
  ],
  [
    'lacks one',
    () => judgePrivateWays(privatePlace, read([way('s3', ['rtb-1', 'rtb-2'])]), routes, 'deployed'),
    [/^ok/, /^wrong: no gateway endpoint to dynamodb.*--route-table-ids rtb-1 rtb-2/],
  ],
  [
    'has one that not every subnet follows',
    () =>
      judgePrivateWays(
        privatePlace,
        read([way('s3', ['rtb-1']), way('dynamodb', ['rtb-1', 'rtb-2'])]),
        routes,
        'deployed',
      ),
    [/^wrong: .*not in the routes rtb-2/, /^ok/],
  ],
  [
    'gets them by the deploy',
    () => judgePrivateWays({ ...privatePlace, made: ['s3', 'dynamodb'] }, read([]), routes, 'not-deployed'),
    [/^ok/, /^ok/],
  ],
]);

const schedules = { service: 'scheduler', what: 'schedules', named: /schedules/i, needed: 150 };
table('quotas', [
  ['enough executions', () => judgeConcurrency(read({ all: 1000, unreserved: 900 })), [/^ok/]],
  [
    'a new account',
    () => judgeConcurrency(read({ all: 10, unreserved: 10 })),
    [/^warning: 10 of 10.*L-B99A9384/],
  ],
  ['no role left', () => judgeRoles(read({ used: 995, quota: 1000 }), 'not-deployed'), [/^wrong: 5 of 1000/]],
  [
    'hardly a role left, and all are made',
    () => judgeRoles(read({ used: 995, quota: 1000 }), 'deployed'),
    [/^warning: 995/],
  ],
  [
    'enough schedules',
    () => judgeQuota(schedules, read(new Map([['Number of schedules', 1_000_000]]))),
    [/^ok/],
  ],
  [
    'too few schedules',
    () => judgeQuota(schedules, read(new Map([['Number of schedules', 100]]))),
    [/^warning: .*150 of 100/],
  ],
  ['a quota that nobody names', () => judgeQuota(schedules, read(new Map())), [/^skipped/]],
]);

table('versions', [
  ['the same', () => judgeDeployed('0.2.0', '0.2.0'), [/^ok/]],
  ['older there', () => judgeDeployed('0.10.0', '0.9.1'), [/^warning: .*cdk deploy/]],
  ['newer there', () => judgeDeployed('0.9.1', '0.10.0'), [/^warning: .*npm install fairlead@0\.10\.0/]],
  ['one that does not say', () => judgeDeployed('0.2.0', undefined), [/^warning/]],
  ['Kubernetes that is tested', () => judgeKubernetes('c', 'v1.35.4-eks-113cf36'), [/^ok/]],
  ['Kubernetes too old', () => judgeKubernetes('c', '1.29'), [/^warning/]],
  ['Kubernetes too new', () => judgeKubernetes('c', 'v1.40.0'), [/^warning/]],
  ['what is no version', () => judgeKubernetes('c', 'undefined'), [/^skipped/]],
  ['an old Node', () => judgeNode('18.19.0'), [/^wrong/]],
]);

const flux = { name: 'staging', deployer: 'flux', argocdDestination: undefined } as const;
const argocd = { ...flux, deployer: 'argocd' } as const;
const FLUX_GROUPS = new Set([
  'helm.toolkit.fluxcd.io',
  'kustomize.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
]);
const none = { controllers: undefined, capabilities: undefined };
const managed = [{ name: 'argo', type: 'ARGOCD', status: 'ACTIVE', version: '3.2' }];
table('the deployer', [
  [
    'Flux is missing',
    () => judgeDeployer(flux, { ...none, groups: new Set() }),
    [/^wrong: Flux is not installed.*flux install/],
  ],
  ['Flux is there', () => judgeDeployer(flux, { ...none, groups: FLUX_GROUPS }), [/^ok/]],
  [
    'Flux is there with its versions',
    () =>
      judgeDeployer(flux, {
        ...none,
        groups: FLUX_GROUPS,
        controllers: new Map([
          ['source-controller', 'v1.9.5'],
          ['kustomize-controller', 'v1.9.5'],
          ['helm-controller', 'v1.6.0'],
        ]),
      }),
    [/^ok: .*helm-controller v1\.6\.0/],
  ],
  [
    'a controller of Flux is gone',
    () => judgeDeployer(flux, { ...none, groups: FLUX_GROUPS, controllers: new Map() }),
    [/^warning: .*not seen/],
  ],
  [
    'Argo CD is missing',
    () => judgeDeployer(argocd, { ...none, groups: new Set() }),
    [/^wrong: Argo CD is not installed/],
  ],
  [
    'EKS runs Argo CD, and deliveries would name an address that it does not know',
    () => judgeDeployer(argocd, { ...none, groups: new Set(['argoproj.io']), capabilities: managed }),
    [/^ok: Argo CD 3\.2, run by EKS/, /^wrong: .*kubernetes\.default\.svc.*argocdDestination/],
  ],
  [
    'EKS runs Argo CD, and the target says so',
    () =>
      judgeDeployer(
        { ...argocd, argocdDestination: { server: 'arn:aws:eks:eu-central-1:111122223333:cluster/staging' } },
        { ...none, groups: new Set(['argoproj.io']), capabilities: managed },
      ),
    [/^ok/],
  ],
]);

describe('all checks', () => {
  test('are run, whatever becomes of one; what takes too long or fails is skipped with the reason', async () => {
    const found = await examine(
      [
        { name: 'well', look: async () => [{ kind: 'ok', where: 'here', says: 'fine' }] },
        { name: 'throws', look: async () => Promise.reject(new Error('no\nway')) },
        { name: 'hangs', look: () => new Promise(() => {}) },
        { name: 'after', look: async () => [{ kind: 'warning', where: 'here', what: 'hm', mend: 'look' }] },
      ],
      50,
    );
    assert.deepEqual(
      found.map(({ check, diagnosis }) => `${check} ${diagnosis.kind}`),
      ['well ok', 'throws skipped', 'hangs skipped', 'after warning'],
    );
    assert.match(JSON.stringify(found), /Error: no way/);
    assert.ok(isWell(found));
  });

  test('one that is wrong is what the exit code says', () => {
    assert.ok(!isWell([{ check: 'a', diagnosis: { kind: 'wrong', where: 'here', what: 'x', mend: 'y' } }]));
  });
});
