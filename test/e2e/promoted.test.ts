import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renderRelease } from '../../lib/charts/render/render.ts';
import type { ConfigInput } from '../../lib/config/config.ts';
import type { ObjectCreated } from '../../lib/messages/messages.ts';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import { readMark } from '../../lib/uploads/record/slots.ts';
import { tools } from '../../local/tools.ts';
import { type Pipeline, pipeline } from '../lib/uploads/pipeline.ts';
import { type GitHubServer, type GitLabServer, gitHubServer, gitLabServer } from '../proposals/servers.ts';

/**
 * From staging, which is pushed to, to production, which takes pull requests and lets less pass: over a real Git server,
 * a host of the tests with its documented API, and the real render-release with helm.
 */
const WEB = { namespace: 'shop', release: 'web' };
const CHART = 'fairlead/production/releases/shop/web/chart/Chart.yaml';
const VALUES = 'fairlead/production/releases/shop/web/values.yaml';
const APPLIED = 'fairlead/production/apply/shop/web/values.yaml';
const BRANCH = 'fairlead/production/shop/web';
const IMAGE = 'registry.example.com/shop/web';
const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** A chart of a team: a Deployment whose colour is its values', by the image that CI has built. */
const deploying = (image: string) => ({
  'templates/settings.yaml': '',
  'values.yaml': 'colour: blue\n',
  'templates/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: ${image}
          env: [{name: COLOUR, value: {{ .Values.colour }}}]
`,
});

const HOSTS = [
  { name: 'GitHub', kind: 'github', start: gitHubServer },
  { name: 'GitLab', kind: 'gitlab', start: gitLabServer },
] as const;

async function installation(context: TestContext, { kind, start }: (typeof HOSTS)[number]) {
  const { folder } = await tools();
  const inShop = { repository: 'cluster', deployer: 'flux', namespaces: ['shop'] } satisfies Partial<
    ConfigInput['targets'][number]
  >;
  const production: ConfigInput['targets'][number] = {
    ...inShop,
    name: 'production',
    requireImageDigest: true,
    delivery: {
      kind: 'pull-request',
      // On this machine it is opened by its own address below.
      host: { kind, api: 'https://git.example.com/api', project: 'acme/cluster' },
      labels: ['production'],
      apiCredential: { secret: 'api' },
    },
  };
  const pipe: Pipeline = await pipeline({
    target: inShop,
    targets: [production],
    judge: (request) =>
      renderRelease(request, {
        content: pipe.parts.content,
        state: pipe.parts.state,
        tools: folder,
        scratch: join(pipe.git.folder, 'render'),
      }),
  });
  const host: GitHubServer | GitLabServer = await start({ bare: pipe.git.bare });
  context.after(async () => {
    await host.stop();
    await pipe.stop();
  });
  pipe.secrets.set('api', host.token);
  const { api, project } = host;
  const parts: Pipeline['parts'] = {
    ...pipe.parts,
    proposals: (settings, url, outward) =>
      proposalHostOf(settings.kind === 'codecommit' ? settings : { ...settings, api, project }, url, {
        secrets: pipe.parts.secrets,
        now: pipe.parts.now,
        outward,
        environment: {},
      }),
  };
  return {
    pipe,
    host,
    async upload(key: string, body: Buffer | string): Promise<ObjectCreated> {
      const event = pipe.put(key, body);
      await pipe.receive(event, parts);
      await pipe.deliver(parts);
      return event;
    },
    /** CI uploads to staging, it is pushed, and staging's check finds it rolled out. */
    async deliver(version: string, image: string): Promise<void> {
      const event = await pipe.chart(version, deploying(image));
      await pipe.receive(event, parts);
      await pipe.deliver(parts);
      const record = await pipe.record(event);
      assert.equal(record?.state, 'delivered', JSON.stringify(record));
      await rolledOut(pipe);
    },
    async promote(): Promise<ObjectCreated> {
      const event = pipe.command(
        { kind: 'promote', from: 'staging', release: WEB },
        { target: 'production' },
      );
      await pipe.receive(event, parts);
      await pipe.deliver(parts);
      return event;
    },
    /** Until the host is asked again. */
    async poll(): Promise<void> {
      pipe.later(301);
      await pipe.deliver(parts);
    },
    open: () => host.kept.all().filter(({ state }) => state === 'open'),
  };
}

/** What a check of staging writes where the cluster runs what was delivered last: the release's verdict, then its own. */
async function rolledOut(pipe: Pipeline): Promise<void> {
  const mark = await readMark(pipe.table, 'staging/shop/web/chart');
  const at = pipe.parts.now().toISOString();
  const base = { commit: pipe.git.tip(), at, verdict: 'in-sync', findings: 0, unready: 0 } as const;
  for (const [sk, verdict] of [
    ['verdict#shop/web', { ...base, chart: mark?.chart, chartTree: mark?.digest }],
    ['verdict#target', base],
  ] as const) {
    const key = { pk: 'target#staging', sk };
    const known = await pipe.table.get(key);
    const item = { ...key, schema: 1, version: (known?.version ?? 0) + 1, ...verdict };
    assert.equal(await pipe.table.put(item, known?.version ?? 'absent'), 'written');
  }
}

for (const host of HOSTS)
  test(`what staging runs goes to production by a pull request of ${host.name}, and what production does not let pass has none`, async (context) => {
    const at = await installation(context, host);
    const { pipe } = at;
    // Production has values of its own, which somebody has let in.
    const values = await at.upload('production/shop/web/values.yaml', 'colour: gold\n');
    at.host.kept.merge(1, 'squash');
    await at.poll();
    assert.equal((await pipe.record(values))?.state, 'delivered');

    await at.upload('staging/shop/web/values.yaml', 'colour: red\n');
    await at.deliver('1.4.2', `${IMAGE}@${DIGEST}`);
    const before = pipe.git.tip();
    const command = await at.promote();
    const proposed = await pipe.record(command);
    assert.equal(proposed?.state, 'proposed', JSON.stringify(proposed));
    assert.equal(pipe.git.tip(), before, 'nothing is on the branch before somebody lets it in');
    const [proposal, ...others] = at.open();
    assert.deepEqual(others, []);
    assert.deepEqual([proposal?.branch, proposal?.base], [BRANCH, 'main']);
    assert.equal(proposal?.title, 'Promote shop/web from staging: chart web 1.4.2');
    assert.deepEqual([...(proposal?.labels ?? [])], ['production']);
    assert.match(proposal?.body ?? '', /Rolled out and in sync in staging, as checked at 2026-/);
    assert.match(proposal?.body ?? '', /Fairlead-By: arn:aws:sts::111122223333:assumed-role\/Operators\/ada/);
    assert.match(proposal?.body ?? '', /\+ .*releases\/shop\/web\/chart\/Chart\.yaml/);
    assert.equal(pipe.tags(command)['fairlead-outcome'], 'proposed');
    assert.equal(
      pipe.tags(command)['fairlead-proposal'],
      proposed?.state === 'proposed' && proposed.proposal.url,
    );

    // CI goes on: what was asked for is what is let in.
    await at.deliver('1.4.3', `${IMAGE}:1.4.3`);
    await at.poll();
    assert.deepEqual(
      at.open().map(({ number }) => number),
      [proposal?.number],
    );
    assert.match(pipe.git.show(CHART, BRANCH), /version: 1\.4\.2/);

    const merged = at.host.kept.merge(proposal?.number ?? 0, 'squash');
    await at.poll();
    const record = await pipe.record(command);
    assert.deepEqual(
      record?.state === 'delivered' && [record.commit, record.change],
      [merged, 'commit'],
      JSON.stringify(record),
    );
    assert.equal(pipe.tags(command)['fairlead-commit'], merged);
    assert.match(pipe.git.show(CHART), /version: 1\.4\.2/);
    assert.equal(pipe.git.show(VALUES), 'colour: gold');
    assert.match(pipe.git.show(APPLIED), /colour: gold/);
    assert.doesNotMatch(pipe.git.show(APPLIED), /red/);
    const changed = pipe.git.git('diff', '--name-only', `${merged}^`, merged).split('\n');
    assert.ok(
      changed.every((path) => path.startsWith('fairlead/production/')),
      changed.join(', '),
    );
    assert.ok(!changed.includes(VALUES));
    assert.deepEqual(pipe.queues.reads.messages.at(-1), {
      schema: 1,
      target: 'production',
      because: 'delivery',
    });

    // 1.4.3 names its image by a tag: staging takes it, production does not.
    const tip = pipe.git.tip();
    const proposals = at.host.kept.all().length;
    const refused = await pipe.record(await at.promote());
    assert.equal(refused?.state, 'rejected', JSON.stringify(refused));
    assert.deepEqual(
      refused.reasons.map(({ code }) => code),
      ['image-without-digest'],
    );
    assert.match(refused.reasons[0]?.message ?? '', /registry\.example\.com\/shop\/web:1\.4\.3/);
    assert.equal(at.host.kept.all().length, proposals);
    assert.equal(pipe.git.tip(), tip);
    assert.equal(pipe.open(), 0);
  });

test('values of production that come meanwhile wait for the promotion, and then have a pull request of their own', async (context) => {
  const at = await installation(context, HOSTS[0]);
  const { pipe } = at;
  await at.deliver('1.4.2', `${IMAGE}@${DIGEST}`);
  const command = await at.promote();
  const values = await at.upload('production/shop/web/values.yaml', 'colour: gold\n');
  assert.equal((await pipe.record(values))?.state, 'checked');
  assert.equal(at.open().length, 1);
  at.host.kept.merge(1, 'merge');
  await at.poll();
  await at.poll();
  assert.equal((await pipe.record(command))?.state, 'delivered');
  assert.equal((await pipe.record(values))?.state, 'proposed');
  assert.equal(at.open().length, 1);
  assert.equal(pipe.git.show(VALUES, BRANCH), 'colour: gold');
});
