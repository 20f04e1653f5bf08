import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { type Found, judgeSet } from '../../../lib/drift/drift.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';
import { tools } from '../../../local/tools.ts';
import { type ApiServer, objectOf, startApiServer } from '../../oracles/api-server.ts';
import { requirement } from '../../requirements.ts';

/** What the deployer applies, by server-side apply as `helm`. */
const DESIRED = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      containers:
        - name: web
          image: registry.example/web:1.4.2
          args: [--port, "8080"]
          env: [{name: A, value: "1"}, {name: B, value: $(A)}]
          resources: {limits: {cpu: 1000m, memory: 1.5Gi}}
          securityContext: {allowPrivilegeEscalation: false}
          ports: [{containerPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: free, labels: {app: free}}
spec:
  selector: {matchLabels: {app: free}}
  template:
    metadata: {labels: {app: free}}
    spec: {containers: [{name: free, image: registry.example/free:1}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, labels: {app: web}}
stringData: {password: correct, token: horse}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {level: info}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, labels: {app: web}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, labels: {app: web}}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: free, labels: {app: free}}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: free}}
`;

const CONTAINER = 'spec.template.spec.containers[name=web]';
const GATE =
  '{"spec":{"template":{"spec":{"containers":[{"name":"web","securityContext":{"privileged":true,"allowPrivilegeEscalation":null}}]}}}}';

/** What a person does with kubectl, and what must be found: verdict, place, manager. */
const MUTATIONS: readonly (readonly [
  what: string,
  commands: readonly string[][],
  findings: readonly string[],
])[] = [
  ['nothing at all', [], []],
  ['set image', [['set', 'image', 'deploy/web', 'web=evil:1']], [`changed ${CONTAINER}.image kubectl-set`]],
  ['set env', [['set', 'env', 'deploy/web', 'ZZZ=1']], [`added ${CONTAINER}.env[name=ZZZ] kubectl-set`]],
  ['scale what is declared', [['scale', 'deploy/web', '--replicas=5']], ['changed spec.replicas kubectl']],
  ['scale what is left out of Git', [['scale', 'deploy/free', '--replicas=3']], []],
  ['scale it to zero', [['scale', 'deploy/free', '--replicas=0']], ['added spec.replicas -']],
  [
    'label',
    [['label', 'deploy/web', 'a.example/b=c']],
    ["added metadata.labels['a.example/b'] kubectl-label"],
  ],
  ['annotate', [['annotate', 'svc/web', 'a=b']], ['added metadata.annotations.a kubectl-annotate']],
  [
    'add a sidecar',
    [
      patch(
        'deploy/web',
        'strategic',
        '{"spec":{"template":{"spec":{"containers":[{"name":"miner","image":"evil"}]}}}}',
      ),
    ],
    ['added spec.template.spec.containers[name=miner] kubectl-patch'],
  ],
  [
    'make it privileged',
    [patch('deploy/web', 'strategic', GATE)],
    [
      `changed ${CONTAINER}.securityContext.allowPrivilegeEscalation -`,
      `added ${CONTAINER}.securityContext.privileged kubectl-patch`,
    ],
  ],
  [
    'put it on the host network',
    [patch('deploy/web', 'merge', '{"spec":{"template":{"spec":{"hostNetwork":true}}}}')],
    ['added spec.template.spec.hostNetwork kubectl-patch'],
  ],
  [
    'take a declared false away',
    [patch('deploy/web', 'merge', '{"spec":{"template":{"spec":{"automountServiceAccountToken":null}}}}')],
    ['changed spec.template.spec.automountServiceAccountToken -'],
  ],
  [
    'change an argument',
    [
      patch(
        'deploy/web',
        'strategic',
        '{"spec":{"template":{"spec":{"containers":[{"name":"web","args":["--port","1"]}]}}}}',
      ),
    ],
    [`changed ${CONTAINER}.args[1] kubectl-patch`],
  ],
  [
    'write the same quantity another way',
    [
      patch(
        'deploy/web',
        'strategic',
        '{"spec":{"template":{"spec":{"containers":[{"name":"web","resources":{"limits":{"cpu":"1"}}}]}}}}',
      ),
    ],
    [],
  ],
  ['write a default', [patch('deploy/web', 'merge', '{"spec":{"revisionHistoryLimit":10}}')], []],
  [
    'write no default',
    [patch('deploy/web', 'merge', '{"spec":{"revisionHistoryLimit":9}}')],
    ['added spec.revisionHistoryLimit kubectl-patch'],
  ],
  [
    'change the strategy a little',
    [patch('deploy/web', 'merge', '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":"50%"}}}}')],
    ['added spec.strategy.rollingUpdate.maxSurge kubectl-patch'],
  ],
  [
    'swap variables',
    [
      patch(
        'deploy/web',
        'json',
        '[{"op":"move","from":"/spec/template/spec/containers/0/env/0","path":"/spec/template/spec/containers/0/env/1"}]',
      ),
    ],
    [`changed ${CONTAINER}.env helm`],
  ],
  ['pause', [['rollout', 'pause', 'deploy/web']], ['added spec.paused kubectl-rollout']],
  ['restart', [['rollout', 'restart', 'deploy/web']], []],
  ['edit', [['edit', 'cm/settings']], ['changed data.level kubectl-edit']],
  [
    'add a key to a ConfigMap',
    [patch('cm/settings', 'merge', '{"data":{"x":""}}')],
    ['added data.x kubectl-patch'],
  ],
  [
    'take a key of a Secret away',
    [patch('secret/keys', 'merge', '{"data":{"token":null}}')],
    ['changed data.token -'],
  ],
  [
    'change a Secret',
    [patch('secret/keys', 'merge', '{"data":{"token":"eA=="}}')],
    ['changed data.token kubectl-patch'],
  ],
  [
    'add a key to a Secret',
    [patch('secret/keys', 'merge', '{"data":{"x":"eA=="}}')],
    ['added data.x kubectl-patch'],
  ],
  [
    'open a NetworkPolicy',
    [patch('netpol/web', 'json', '[{"op":"add","path":"/spec/egress/-","value":{}}]')],
    ['added spec.egress[1] kubectl-patch'],
  ],
  [
    'expose a Service',
    [patch('svc/web', 'merge', '{"spec":{"type":"NodePort"}}')],
    ['added spec.type kubectl-patch'],
  ],
  [
    'add a port',
    [patch('svc/web', 'strategic', '{"spec":{"ports":[{"name":"x","port":81}]}}')],
    ['added spec.ports[port=81,protocol=TCP] kubectl-patch'],
  ],
  [
    'move a port',
    [patch('svc/web', 'json', '[{"op":"replace","path":"/spec/ports/0/port","value":83}]')],
    ['changed spec.ports[port=83,protocol=TCP].port kubectl-patch'],
  ],
  [
    'give a pull secret',
    [patch('sa/web', 'merge', '{"imagePullSecrets":[{"name":"x"}]}')],
    ['added imagePullSecrets kubectl-patch'],
  ],
  [
    'write through another version',
    [patch('hpa.v1.autoscaling/free', 'merge', '{"spec":{"maxReplicas":9}}')],
    ['changed spec.maxReplicas kubectl-patch'],
  ],
  [
    'add through another version',
    [patch('hpa.v1.autoscaling/free', 'merge', '{"spec":{"minReplicas":2}}')],
    ['added spec.minReplicas kubectl-patch'],
  ],
  [
    'clear the record of writers',
    [patch('deploy/web', 'merge', '{"metadata":{"managedFields":[{}]}}')],
    ['changed metadata.managedFields -'],
  ],
  ['delete', [['delete', 'cm/settings', '--wait=false']], ['missing  -']],
  [
    'delete what a finalizer holds',
    [
      patch('cm/settings', 'merge', '{"metadata":{"finalizers":["a.example/b"]}}'),
      ['delete', 'cm/settings', '--wait=false'],
    ],
    ['changed metadata.deletionTimestamp -', 'added metadata.finalizers["a.example/b"] kubectl-patch'],
  ],
  [
    'delete and create anew',
    [
      ['delete', 'cm/settings'],
      ['create', 'configmap', 'settings', '--from-literal=level=info'],
    ],
    ['changed metadata.managedFields kubectl-create', 'changed metadata.labels -'],
  ],
];

/** Where the platform writes without leaving a record, so that a missing one excuses. */
const ALLOCATED = /^(imagePullSecrets|metadata\.finalizers)/;

function patch(what: string, type: string, text: string): string[] {
  return ['patch', what, '--type', type, '-p', text];
}

describe('what a person does to a real cluster is found', requirement('control-plane'), () => {
  let server: ApiServer;
  let folder: string;

  before(async () => {
    const started = await startApiServer();
    if (started.kind === 'unavailable') throw new Error(started.reason);
    ({ server } = started);
    folder = await mkdtemp(join(tmpdir(), 'mutations-'));
    await writeFile(join(folder, 'editor'), '#!/bin/sh\nsed -i "s/level: info/level: debug/" "$1"\n', {
      mode: 0o755,
    });
  });
  after(async () => {
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  for (const [index, [what, commands, expected]] of MUTATIONS.entries()) {
    test(what, async () => {
      const namespace = `case-${index}`;
      const desired = await install(namespace);
      const { kubectl } = await tools();
      for (const command of commands)
        await promisify(execFile)(kubectl, ['--namespace', namespace, ...command], {
          env: {
            ...process.env,
            KUBECONFIG: server.kubeconfig,
            EDITOR: join(folder, 'editor'),
            HOME: folder,
          },
        });
      const found = await judge(desired);
      assert.deepEqual(found.map(({ said }) => said).sort(), [...expected].sort());

      // Who may edit an object may also take away the record of having done so: that is found, and what was done.
      const stripped = new Set<string>();
      for (const { object, at } of found) {
        const path = await server.pathOf(object);
        if (at === '' || path === undefined) continue;
        const cleared = { metadata: { managedFields: [{}] } };
        await server.call('PATCH', path.object, cleared, 'application/merge-patch+json');
        stripped.add(path.object);
      }
      const after = (await judge(desired)).map(({ at }) => at);
      if (stripped.size > 0) assert.ok(after.includes('metadata.managedFields'));
      for (const { at } of found)
        if (!ALLOCATED.test(at)) assert.ok(after.includes(at), `${at} after stripping`);
    });
  }

  async function install(namespace: string): Promise<RenderedObject[]> {
    objectOf(
      await server.call('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      }),
    );
    const parsed = parseYamlDocuments(DESIRED, 'kubernetes');
    assert.equal(parsed.kind, 'parsed');
    if (parsed.kind !== 'parsed') return [];
    const objects = parsed.documents.map(({ value }) => {
      const object = value as unknown as KubernetesObject;
      return { ...object, metadata: { ...object.metadata, namespace } };
    });
    for (const object of objects) {
      const path = await server.pathOf(referenceOf(object));
      assert.ok(path);
      objectOf(
        await server.call(
          'PATCH',
          `${path.object}?fieldManager=helm&force=true`,
          formatJson(object),
          'application/apply-patch+yaml',
        ),
      );
    }
    return objects.map((object) => ({
      object,
      role: 'applied',
      source: '',
      unstable: [],
      usesLookup: false,
    }));
  }

  async function judge(desired: readonly RenderedObject[]) {
    const live = new Map<string, Found>();
    for (const { object } of desired) {
      const path = await server.pathOf(referenceOf(object));
      const answer = await server.call('GET', path?.object ?? '');
      live.set(
        formatJson(referenceOf(object)),
        answer.status === 404 ? { kind: 'absent' } : { kind: 'found', object: objectOf(answer) },
      );
    }
    const verdicts = judgeSet({
      desired,
      live: { find: (reference) => live.get(formatJson(reference)) ?? { kind: 'absent' }, owned: [] },
      schemas: await server.schemas(),
      deployer: 'none',
    });
    return verdicts
      .flatMap((verdict) => (verdict.kind === 'drift' ? verdict.findings : []))
      .map(({ verdict, object, at, attribution }) => ({
        object,
        at,
        said: `${verdict} ${at} ${attribution?.manager ?? '-'}`,
      }));
  }
});
