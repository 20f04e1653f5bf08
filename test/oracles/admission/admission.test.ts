import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readRules } from '../../../lib/desired/drift-file.ts';
import { rulesText } from '../../../lib/desired/drift-file-writing.ts';
import { judgeSet } from '../../../lib/drift/drift.ts';
import { ruleForGroup } from '../../../lib/drift/rules/baseline.ts';
import { inForce, underRules } from '../../../lib/drift/rules/judge.ts';
import type { Finding, ObjectVerdict } from '../../../lib/drift/verdicts.ts';
import { identityOf, type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { findingsOf, objects, rendered } from '../../lib/drift/judging.ts';
import { requirement } from '../../requirements.ts';
import { type ApiServer, objectOf, startApiServer } from '../api-server.ts';
import { rewriting, SIDECAR } from './rewriting.ts';
import { startWebhook, type Webhook } from './webhook.ts';

const DECLARED = objects(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "shop/web:1.4", ports: [{containerPort: 80}]}
        - {name: log, image: "log:2"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: kube-public}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}, annotations: {a: b}}
    spec:
      initContainers: [{name: migrate, image: "shop/api:7"}]
      containers: [{name: api, image: "shop/api:7", volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: default}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:16"}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: default}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent@sha256:${'a'.repeat(64)}"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy, namespace: default}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: tidy, image: "tidy:1"}]}
`);

describe('what a mutating webhook does to what helm applies', requirement('control-plane'), () => {
  let server: ApiServer;
  let webhook: Webhook;
  let folder: string;

  before(async () => {
    const started = await startApiServer();
    if (started.kind === 'unavailable') throw new Error(`${started.reason}: ${started.howTo}`);
    server = started.server;
    folder = await mkdtemp(join(tmpdir(), 'fairlead-webhook-'));
    webhook = await startWebhook(folder, rewriting);
    objectOf(
      await server.call(
        'POST',
        '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
        webhook.configuration('rewriting'),
      ),
    );
    await called();
  });
  after(async () => {
    await webhook?.stop();
    await server?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** The API server reads new configurations with a delay. */
  async function called(): Promise<void> {
    const probe = { ...DECLARED[2], metadata: { name: 'probe', namespace: 'default' } };
    for (let attempt = 0; webhook.calls === 0; attempt++) {
      assert.ok(attempt < 100, 'the webhook is never called');
      objectOf(await server.call('POST', '/apis/apps/v1/namespaces/default/statefulsets?dryRun=All', probe));
      if (webhook.calls === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const pathOf = async (object: KubernetesObject) => {
    const path = await server.pathOf(referenceOf(object));
    assert.ok(path);
    return path.object;
  };
  const apply = async (manager: string, object: object, of: KubernetesObject) =>
    objectOf(
      await server.call(
        'PATCH',
        `${await pathOf(of)}?fieldManager=${manager}&force=true`,
        object,
        'application/apply-patch+yaml',
      ),
    );
  const patch = async (manager: string, of: KubernetesObject, body: object) =>
    objectOf(
      await server.call(
        'PATCH',
        `${await pathOf(of)}?fieldManager=${manager}`,
        body,
        'application/strategic-merge-patch+json',
      ),
    );

  async function verdicts(
    admitted: ReadonlyMap<string, readonly string[]> = new Map(),
  ): Promise<readonly ObjectVerdict[]> {
    const live = new Map<string, KubernetesObject>();
    for (const object of DECLARED)
      live.set(identityOf(referenceOf(object)), objectOf(await server.call('GET', await pathOf(object))));
    return judgeSet({
      desired: DECLARED.map((object) => rendered(object)),
      live: {
        find: (reference) => {
          const object = live.get(identityOf(reference));
          return object === undefined ? { kind: 'absent' } : { kind: 'found', object };
        },
        owned: [],
      },
      schemas: await server.schemas(),
      deployer: 'none',
      admitted: (reference) => admitted.get(identityOf(reference)),
    });
  }
  const digests = (all: readonly ObjectVerdict[]) =>
    new Map(
      all.flatMap((verdict) =>
        verdict.kind !== 'unknown' && verdict.admission !== undefined
          ? [[identityOf(verdict.object), verdict.admission] as const]
          : [],
      ),
    );
  const web = DECLARED[0] as KubernetesObject;
  const told = (all: readonly ObjectVerdict[], name: string) =>
    all
      .filter(({ object }) => object.name === name)
      .flatMap(findingsOf)
      .map(({ verdict, at }) => `${verdict} ${at}`)
      .sort();

  const WEB = [
    "added metadata.labels['policy.test/checked']",
    "added spec.template.metadata.annotations['mesh.test/injected']",
    'added spec.template.spec.containers[name=mesh-proxy]',
    'added spec.template.spec.initContainers',
    'added spec.template.spec.priorityClassName',
    'added spec.template.spec.tolerations',
    'added spec.template.spec.volumes',
    'changed spec.template.spec.containers[name=log].image',
    'changed spec.template.spec.containers[name=web].image',
  ];

  test('is told as admission’s work, and nobody’s in person', async () => {
    for (const object of DECLARED) await apply('helm', object, object);
    assertAdmission(await verdicts());
  });

  test('is told the same after another apply', async () => {
    const before = digests(await verdicts());
    for (const object of DECLARED) await apply('helm', object, object);
    const all = await verdicts();
    assertAdmission(all);
    assert.deepEqual(digests(all), before);
  });

  test('is one group a kind, whatever the objects and their containers are called', async () => {
    const all = (await verdicts()).flatMap(findingsOf);
    const groups = (kind: string, at: RegExp) =>
      new Set(all.filter(({ object, at: place }) => object.kind === kind && at.test(place)).map(groupOf));
    assert.equal(groups('Deployment', /^spec\.template\.spec\.containers\[name=\w+\]\.image$/).size, 1);
    assert.equal(groups('Deployment', new RegExp(`name=${SIDECAR}\\]$`)).size, 1);
    assert.equal(groups('Deployment', /labels/).size, 1);
    assert.equal(groups('Deployment', /image$|mesh-proxy|labels/).size, 4);
  });

  test('with memory, what was added then is a note, and a declared image that was rewritten is told', async () => {
    const all = await verdicts(digests(await verdicts()));
    assert.deepEqual(told(all, 'web'), WEB.slice(-2));
    for (const finding of all.flatMap(findingsOf)) {
      assert.match(finding.at, /\.image$/);
      assert.equal(finding.verdict, 'changed');
    }
  });

  test('with the rules that are offered, all of it is ignored, and nothing that people do', async () => {
    const found = (await verdicts()).flatMap(findingsOf);
    const groups = Map.groupBy(found, groupOf);
    const written = [...groups.values()].map((findings) => ruleForGroup(findings, 'the mesh'));
    assert.ok(written.every((rule) => rule !== undefined));
    const text = rulesText(written).replaceAll(/^/gm, '  ');
    const read = readRules(`rules:\n${text}`);
    assert.deepEqual(read.problems, []);
    const under = async () =>
      underRules(await verdicts(), inForce(read.rules, '2026-11-21'), undefined).verdicts.flatMap(findingsOf);
    assert.deepEqual(await under(), []);

    await patch('kubectl-set', web, {
      spec: { template: { spec: { containers: [{ name: 'web', image: 'mirror.test/evil:1' }] } } },
    });
    await patch('kubectl-edit', web, {
      spec: { template: { spec: { containers: [{ name: SIDECAR, image: 'mirror.test/evil:1' }] } } },
    });
    assert.deepEqual(
      (await under()).map(({ at, verdict, attribution }) => [verdict, at, attribution?.manager]),
      [
        ['changed', 'spec.template.spec.containers[name=web].image', 'kubectl-set'],
        ['added', 'spec.template.spec.containers[name=mesh-proxy]', 'kubectl-edit'],
      ],
    );
    const live = objectOf(await server.call('DELETE', await pathOf(web)));
    assert.ok(live);
    await apply('helm', web, web);
    assert.deepEqual(await under(), []);
  });

  test('a later change of it is told again, beside what the person did who was its occasion', async () => {
    const known = digests(await verdicts());
    webhook.mutation = (object) => [
      ...rewriting(object),
      { op: 'add', path: '/metadata/labels/policy.test~1checked', value: 'twice' },
    ];
    await patch('kubectl-label', web, { metadata: { labels: { mine: 'yes' } } });
    webhook.mutation = rewriting;
    const all = await verdicts(known);
    const again = [...WEB.slice(0, 1), ...WEB.slice(-2), 'added metadata.labels.mine'];
    assert.deepEqual(told(all, 'web'), again.sort());
    const label = all.flatMap(findingsOf).find(({ at }) => at === 'metadata.labels.mine');
    assert.equal(label?.attribution?.manager, 'kubectl-label');
    assert.equal(label?.group, undefined);
    assert.deepEqual(told(all, 'db'), ['changed spec.template.spec.containers[name=db].image']);
  });

  test('is told alike where helm creates objects without server-side apply', async () => {
    for (const object of DECLARED) {
      await server.call('DELETE', await pathOf(object));
      const path = await server.pathOf(referenceOf(object));
      objectOf(await server.call('POST', `${path?.collection}?fieldManager=helm`, object));
    }
    assertAdmission(await verdicts());
  });

  function assertAdmission(all: readonly ObjectVerdict[]): void {
    assert.deepEqual(told(all, 'web'), WEB);
    for (const verdict of all) {
      const findings = findingsOf(verdict);
      assert.ok(findings.length >= 7, verdict.object.name);
      for (const { at, attribution, group, verdict: kind } of findings) {
        const where = `${verdict.object.name} ${at}`;
        assert.notEqual(group, undefined, where);
        assert.match(
          attribution?.likely ?? '',
          kind === 'added' ? /nobody is recorded: at admission/ : /rewritten at admission/,
          where,
        );
        assert.ok(['helm', undefined].includes(attribution?.manager), where);
      }
    }
  }
});

const groupOf = ({ group }: Finding): string => group ?? '';
