import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Item } from '../../../lib/aws/table.ts';
import { renderKey } from '../../../lib/charts/render-request.ts';
import { writeCheckConfig } from '../../../lib/checks/check-config.ts';
import { formatScope, type Observation, type ScopeState } from '../../../lib/checks/observation.ts';
import { type CheckOutcome, runCheck } from '../../../lib/checks/run-check.ts';
import { openapiCache } from '../../../lib/cluster/openapi.ts';
import { readProfile } from '../../../lib/cluster/profile.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { sealingKey } from '../../../lib/content/sealing-key.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { type DesiredState, desiredKey } from '../../../lib/desired/state.ts';
import { forgetUnread, recordUnread } from '../../../lib/desired/unread.ts';
import { canonicalJson } from '../../../lib/objects/json.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { sealSecret } from '../../../lib/objects/secrets.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import { requirement } from '../../requirements.ts';
import { memoryTable } from '../uploads/doubles.ts';

const COMMIT = 'c'.repeat(40);

/** What helm adds to every object of a release. */
const marked = (namespace: string, release: string, object: Record<string, unknown>): KubernetesObject => {
  const { metadata, ...rest } = object as { metadata: object; kind?: string };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...rest,
    metadata: {
      name: release,
      ...(rest.kind === 'ClusterRole' ? {} : { namespace }),
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace },
      ...metadata,
    },
  } as KubernetesObject;
};

const deployment = (namespace: string, release: string, replicas: number) =>
  marked(namespace, release, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {},
    spec: {
      replicas,
      selector: { matchLabels: { app: release } },
      template: {
        metadata: { labels: { app: release } },
        spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
      },
    },
  });
const release = (namespace: string, name: string, replicas = 2): KubernetesObject[] => [
  deployment(namespace, name, replicas),
  marked(namespace, name, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {},
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  }),
  marked(namespace, name, { metadata: {}, data: { key: 'value' } }),
  marked(namespace, name, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {},
    stringData: { password: 'hunter2' },
  }),
];

const READ =
  '- apiGroups: ["", "apps"]\n  resources: ["deployments", "services", "configmaps", "secrets", "nodes"]\n  verbs: ["get", "list"]';

describe('a check of a real cluster, by a user who may only read', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let folder: string;
  before(async () => {
    plane = await testControlPlane();
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    const role = `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: fairlead}\nrules:\n${READ}\n`;
    await plane.kubectl(['apply', '-f', '-'], role);
    await plane.kubectl([
      'create',
      'clusterrolebinding',
      'fairlead',
      '--clusterrole=fairlead',
      '--group=fairlead',
    ]);
  });
  after(async () => {
    await plane.end();
    await rm(folder, { recursive: true, force: true });
  });

  /** An installation of its own for one test: namespaces, state and table. */
  async function installation(
    name: string,
    options: { kubeconfig?: string; groups?: readonly string[] } = {},
  ) {
    await plane.kubectl(['create', 'namespace', name]);
    const state = folderStore(join(folder, name));
    const table = memoryTable();
    const openapi = openapiCache(state);
    const path =
      options.kubeconfig ?? (await plane.addUser(`reader-${name}`, options.groups ?? ['fairlead']));
    const config = parseConfig({
      repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
      targets: [
        {
          name,
          repository: 'cluster',
          deployer: 'none',
          namespaces: [name],
          cluster: { kind: 'kubeconfig', path },
        },
      ],
    });
    await writeCheckConfig(state, config, name);
    let now = Date.parse('2026-11-21T12:00:00Z');

    const keep = async (objects: readonly KubernetesObject[]) => {
      const key = await sealingKey(state);
      const text = canonicalJson({
        schema: 1,
        objects: objects.map((object) => ({
          object: sealSecret(object, key),
          role: 'applied',
          source: 'templates/all.yaml',
          unstable: [],
          usesLookup: false,
        })),
      });
      await state.put(renderKey(digestOf(text)), text);
      return digestOf(text);
    };
    return {
      state,
      table,
      pass: (minutes: number) => {
        now += minutes * 60_000;
      },
      async check(
        releases: Readonly<Record<string, readonly KubernetesObject[]>>,
        sequence = 1,
      ): Promise<CheckOutcome> {
        const desired: DesiredState = {
          schema: 1,
          target: name,
          commit: COMMIT,
          committedAt: '2026-11-21T11:00:00Z',
          releases: [],
        };
        for (const [each, objects] of Object.entries(releases)) {
          const rendering = { kind: 'rendered', render: await keep(objects) } as const;
          desired.releases.push({ namespace: name, name: each, suspended: false, rendering });
        }
        const text = canonicalJson(desired);
        await state.put(desiredKey(digestOf(text)), text);
        now += 1000;
        return await runCheck(
          { schema: 1, target: name, commit: COMMIT, sequence, desired: digestOf(text) },
          { state, table, openapi, now: () => new Date(now) },
        );
      },
      item: (sk: string): Item | undefined =>
        [...table.items.values()].find((item) => item.pk === `target#${name}` && item.sk === sk),
    };
  }
  const observed = (outcome: CheckOutcome): Observation => {
    if (outcome.kind === 'dropped') throw new Error(outcome.reason);
    return outcome.observation;
  };
  const stateOf = (outcome: CheckOutcome, scope: string): ScopeState | undefined =>
    observed(outcome).scopes.find((seen) => formatScope(seen.scope) === scope)?.state;

  test('what was applied as declared is in sync, and leaves a verdict and a profile', async () => {
    const { check, item, state } = await installation('plain');
    await plane.apply(release('plain', 'web'));
    const outcome = await check({ web: release('plain', 'web') });
    assert.deepEqual(stateOf(outcome, 'plain/web'), { kind: 'in-sync', unready: [] });
    assert.equal(item('verdict#plain/web')?.verdict, 'in-sync');
    const profile = await readProfile(state, 'plain');
    assert.equal(profile?.kubernetesVersion, plane.version);
    assert.ok(profile?.apiVersions.includes('apps/v1/Deployment'));
  });

  test('where Git could not be read, what is known is judged, and the target is unknown with the reason', async () => {
    const { check, table } = await installation('unread');
    await plane.apply(release('unread', 'web'));
    await recordUnread(table, 'unread', 'the token has expired');
    const outcome = await check({ web: release('unread', 'web') });
    assert.equal(stateOf(outcome, 'unread/web')?.kind, 'in-sync');
    assert.deepEqual(stateOf(outcome, 'target'), {
      kind: 'unknown',
      reason: 'Git cannot be read: the token has expired',
    });
    await forgetUnread(table, 'unread');
    assert.equal(stateOf(await check({ web: release('unread', 'web') }), 'target')?.kind, 'in-sync');
  });

  test('an edit by hand is drift, with who likely did it; put back, it is in sync', async () => {
    const { check, item } = await installation('edited');
    await plane.apply(release('edited', 'web'));
    await check({ web: release('edited', 'web') });
    await plane.kubectl(['-n', 'edited', 'scale', 'deployment/web', '--replicas=5']);
    const outcome = await check({ web: release('edited', 'web') });
    const state = stateOf(outcome, 'edited/web');
    assert.equal(state?.kind, 'drift');
    const findings = state?.kind === 'drift' ? state.findings : [];
    assert.deepEqual(
      findings.map(({ verdict, at, desired, live, attribution }) => [
        verdict,
        at,
        desired,
        live,
        attribution?.manager,
      ]),
      [['changed', 'spec.replicas', 2, 5, 'kubectl']],
    );
    assert.equal(item('verdict#edited/web')?.findings, 1);
    await plane.apply(release('edited', 'web'));
    assert.equal(stateOf(await check({ web: release('edited', 'web') }), 'edited/web')?.kind, 'in-sync');
  });

  test('a Secret changed by hand is drift, and its values are nowhere', async () => {
    const { check, table } = await installation('secret');
    await plane.apply(release('secret', 'web'));
    await check({ web: release('secret', 'web') });
    const value = Buffer.from('another').toString('base64');
    await plane.kubectl([
      '-n',
      'secret',
      'patch',
      'secret',
      'web',
      '-p',
      JSON.stringify({ data: { password: value } }),
    ]);
    const outcome = await check({ web: release('secret', 'web') });
    const state = stateOf(outcome, 'secret/web');
    assert.ok(state?.kind === 'drift' && state.findings.every(({ secret }) => secret));
    const written = JSON.stringify([outcome, [...table.items.values()]]);
    for (const clear of ['hunter2', 'another', value, Buffer.from('hunter2').toString('base64')]) {
      assert.ok(!written.includes(clear), clear);
    }
  });

  test('an object that is gone is missing; one that is no longer declared is extra', async () => {
    const { check } = await installation('orphans');
    await plane.apply(release('orphans', 'web'));
    await check({ web: release('orphans', 'web') });
    await plane.kubectl(['-n', 'orphans', 'delete', 'service/web']);
    const missing = stateOf(await check({ web: release('orphans', 'web') }), 'orphans/web');
    assert.deepEqual(
      missing?.kind === 'drift'
        ? missing.findings.map(({ verdict, object }) => `${verdict} ${object.kind}`)
        : missing,
      ['missing Service'],
    );

    await plane.apply(release('orphans', 'web'));
    const [, , ...withoutService] = release('orphans', 'web');
    const less = [deployment('orphans', 'web', 2), ...withoutService];
    const installationAfter = await check({ web: less }, 2);
    const extra = stateOf(installationAfter, 'orphans/web');
    // Another render: until the deadline, that the Service is still there is a rollout.
    assert.ok(extra?.kind === 'rollout' || extra?.kind === 'drift');
    assert.deepEqual(
      extra.findings.map(({ verdict, object }) => `${verdict} ${object.kind}`),
      ['extra Service'],
    );
  });

  test('what goes already is no orphan, until it is stuck', async () => {
    const { check, pass } = await installation('leaving');
    const held = marked('leaving', 'web', {
      metadata: { name: 'old', finalizers: ['example.com/cleanup'] },
    });
    await plane.apply([...release('leaving', 'web'), held]);
    await plane.kubectl(['-n', 'leaving', 'delete', '--wait=false', 'configmap/old']);
    pass((Date.now() - Date.parse('2026-11-21T12:00:00Z')) / 60_000);
    const leaving = stateOf(await check({ web: release('leaving', 'web') }), 'leaving/web');
    assert.equal(leaving?.kind, 'in-sync', JSON.stringify(leaving));

    pass(20);
    const stuck = stateOf(await check({ web: release('leaving', 'web') }), 'leaving/web');
    assert.ok(stuck?.kind === 'drift', JSON.stringify(stuck));
    assert.deepEqual(
      stuck.findings.map(({ verdict, object, note }) =>
        `${verdict} ${object.name}: ${note}`.replace(/\S+Z/, 'T'),
      ),
      ['extra old: being deleted since T, held by its finalizers: example.com/cleanup'],
    );
    await plane.kubectl([
      ...['-n', 'leaving', 'patch', 'configmap/old', '--type=merge', '-p'],
      '{"metadata":{"finalizers":null}}',
    ]);
  });

  test('a new tip is a rollout until the cluster shows it, and is looked at again soon', async () => {
    const { check, table, pass } = await installation('rolling');
    await plane.apply(release('rolling', 'web', 2));
    await check({ web: release('rolling', 'web', 2) });
    const due = () => [...table.items.values()].find(({ pk, sk }) => pk === 'due' && sk === 'rolling');
    assert.equal(due(), undefined);

    const rolling = await check({ web: release('rolling', 'web', 3) }, 2);
    assert.equal(stateOf(rolling, 'rolling/web')?.kind, 'rollout');
    assert.ok(due());
    await plane.apply(release('rolling', 'web', 3));
    assert.equal(
      stateOf(await check({ web: release('rolling', 'web', 3) }, 2), 'rolling/web')?.kind,
      'in-sync',
    );
    assert.equal(due(), undefined);

    // And one that does not come counts as drift after the deadline.
    assert.equal(
      stateOf(await check({ web: release('rolling', 'web', 4) }, 3), 'rolling/web')?.kind,
      'rollout',
    );
    pass(15);
    assert.equal(
      stateOf(await check({ web: release('rolling', 'web', 4) }, 3), 'rolling/web')?.kind,
      'drift',
    );
  });

  test('a kind that may not be read is unknown of the releases that declare it, with the rule that is missing', async () => {
    const { check } = await installation('forbidden');
    const quota = marked('forbidden', 'web', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: {},
      spec: { hard: { pods: '10' } },
    });
    await plane.apply([...release('forbidden', 'web'), quota, ...release('forbidden', 'api')]);
    const declared = { web: [...release('forbidden', 'web'), quota], api: release('forbidden', 'api') };
    const outcome = await check(declared);
    assert.equal(stateOf(outcome, 'forbidden/api')?.kind, 'in-sync');
    const state = stateOf(outcome, 'forbidden/web');
    assert.ok(state?.kind === 'unknown');
    assert.match(state.reason, /403/);
    assert.equal(state.rule, '- apiGroups: [""]\n  resources: ["resourcequotas"]\n  verbs: ["get", "list"]');
  });

  test('a user who may read one namespace only is enough for a target in it', async () => {
    const { check } = await installation('narrow', { groups: ['narrow'] });
    await plane.kubectl([
      '-n',
      'narrow',
      'create',
      'rolebinding',
      'narrow',
      '--clusterrole=fairlead',
      '--group=narrow',
    ]);
    await plane.apply(release('narrow', 'web'));
    const outcome = await check({ web: release('narrow', 'web') });
    // Where nodes may not be read, there are some: then workloads are expected to become ready.
    assert.equal(stateOf(outcome, 'narrow/web')?.kind, 'in-sync');
    await plane.kubectl(['-n', 'narrow', 'scale', 'deployment/web', '--replicas=5']);
    assert.equal(stateOf(await check({ web: release('narrow', 'web') }), 'narrow/web')?.kind, 'drift');
  });

  test('a cluster that is down is unknown, never drift, and what was known of its releases stays', async () => {
    const other = await testControlPlane();
    const { check, item } = await installation('down', { kubeconfig: other.kubeconfig });
    try {
      await other.kubectl(['create', 'namespace', 'down']);
      await other.apply(release('down', 'web'));
      assert.equal(stateOf(await check({ web: release('down', 'web') }), 'down/web')?.kind, 'in-sync');
      await other.stop();
      const outcome = await check({ web: release('down', 'web') });
      assert.deepEqual(
        observed(outcome).scopes.map(({ scope, state }) => [formatScope(scope), state.kind]),
        [['target', 'unknown']],
      );
      assert.equal(item('verdict#down/web')?.verdict, 'in-sync');
      assert.equal(item('verdict#target')?.verdict, 'unknown');
    } finally {
      await other.end();
    }
  });

  test('a request that a newer desired state has overtaken is dropped', async () => {
    const { check, table } = await installation('overtaken');
    await table.put({ pk: 'target#overtaken', sk: 'desired', schema: 1, version: 1, sequence: 7 }, 'absent');
    assert.equal((await check({ web: [] }, 6)).kind, 'dropped');
    assert.equal((await check({ web: [] }, 7)).kind, 'checked');
  });
});
