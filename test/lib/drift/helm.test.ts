import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type Found, judgeSet } from '../../../lib/drift/drift.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { type KubernetesObject, referenceOf } from '../../../lib/objects/objects.ts';
import { tools } from '../../../local/tools.ts';
import { type ApiServer, objectOf, startApiServer } from '../../oracles/api-server.ts';
import { requirement } from '../../requirements.ts';
import { objects, rendered, said } from './judging.ts';

const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const VALUES = 'image: web:1\nreplicas: 2\nsidecar: true\ngrace: false\n';
/** Other values: something changed, something gone, something new. */
const UPGRADE = ['--set', 'image=web:2,sidecar=false,grace=true'];

const TEMPLATE = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {helm.sh/chart: web-1.0.0}}
spec:
  replicas: {{ .Values.replicas }}
  strategy: {}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {creationTimestamp: null, labels: {app: web}}
    spec:
      {{- if .Values.grace }}
      terminationGracePeriodSeconds: 5
      {{- end }}
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: false}
      containers:
        - name: web
          image: {{ .Values.image }}
          args: []
          env: [{name: A, value: ""}, {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
          resources: {limits: {cpu: 1000m, memory: 0.5Gi}, requests: {cpu: 0.1}}
          ports: [{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 53}]
          livenessProbe: {httpGet: {port: 8080}, initialDelaySeconds: 0}
          volumeMounts: [{name: data, mountPath: /data, readOnly: false}]
        {{- if .Values.sidecar }}
        - {name: sidecar, image: "sidecar:1"}
        {{- end }}
      volumes: [{name: data, configMap: {name: web}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: {{ if .Values.grace }}ClusterIP{{ else }}NodePort{{ end }}
  selector: {app: web}
  ports: [{name: dns, port: 53, protocol: UDP, targetPort: dns}, {name: dns-tcp, port: 53}]
---
apiVersion: v1
kind: Secret
metadata: {name: web}
data: {a: eA==}
stringData: {a: {{ .Values.image | quote }}, b: ""}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, annotations: {a: ""}}
data: {image: {{ .Values.image | quote }}{{ if .Values.sidecar }}, sidecar: "yes"{{ end }}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: ""
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1"}]}
  volumeClaimTemplates:
    - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: web}
spec:
  schedule: "* * * * *"
  suspend: false
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "b:1"}]}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, behavior: {scaleDown: {stabilizationWindowSeconds: 60}}, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}], egress: []}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {kind: Role, name: web, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: ServiceAccount, name: web}, {kind: User, name: u}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {tls: [], rules: [{host: web.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 53}}}}]}}]}
`;

describe('what Helm itself installs and upgrades is in sync', requirement('control-plane'), () => {
  let server: ApiServer;
  let folder: string;
  let chart: string;

  before(async () => {
    const started = await startApiServer();
    if (started.kind === 'unavailable') throw new Error(started.reason);
    ({ server } = started);
    folder = await mkdtemp(join(tmpdir(), 'chart-'));
    chart = join(folder, 'chart');
    await mkdir(join(chart, 'templates'), { recursive: true });
    await writeFile(join(chart, 'Chart.yaml'), CHART);
    await writeFile(join(chart, 'values.yaml'), VALUES);
    await writeFile(join(chart, 'templates', 'all.yaml'), TEMPLATE);
  });
  after(async () => {
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  for (const [how, flags] of [
    ['server-side', []],
    ['client-side', ['--server-side=false']],
  ] as const)
    test(`${how}, then upgraded`, async () => {
      const namespace = how;
      await helm('install', 'web', chart, '--namespace', namespace, '--create-namespace', ...flags);
      assert.deepEqual(await findings(namespace, []), []);

      await helm('upgrade', 'web', chart, '--namespace', namespace, ...UPGRADE, ...flags);
      assert.deepEqual(await findings(namespace, UPGRADE), []);
      // Against what was installed before, exactly what the upgrade did.
      assert.deepEqual(await findings(namespace, []), [
        'changed data.a',
        'changed data.image',
        'changed data.sidecar',
        'changed spec.template.spec.containers[name=sidecar]',
        'changed spec.template.spec.containers[name=web].image',
        'changed spec.template.spec.terminationGracePeriodSeconds',
        'changed spec.type',
      ]);
    });

  async function helm(...command: string[]): Promise<string> {
    const { helm: binary } = await tools();
    const { stdout } = await promisify(execFile)(binary, command, {
      env: { PATH: process.env.PATH, HOME: join(folder, 'home'), KUBECONFIG: server.kubeconfig },
    });
    return stdout;
  }

  async function findings(namespace: string, values: readonly string[]): Promise<string[]> {
    const text = await helm('template', 'web', chart, '--namespace', namespace, ...values);
    const desired = objects(text).map((object) => rendered(asHelmApplies(object, namespace)));
    const live = new Map<string, Found>();
    for (const { object } of desired) {
      const path = await server.pathOf(referenceOf(object));
      live.set(formatJson(referenceOf(object)), {
        kind: 'found',
        object: objectOf(await server.call('GET', path?.object ?? '')),
      });
    }
    const verdicts = judgeSet({
      desired,
      live: { find: (reference) => live.get(formatJson(reference)) ?? { kind: 'absent' }, owned: [] },
      schemas: await server.schemas(),
      deployer: 'none',
      release: { namespace, name: 'web' },
    });
    return verdicts.flatMap(said).sort();
  }
});

/** The marks that Helm puts on what it applies. */
function asHelmApplies(object: KubernetesObject, namespace: string): KubernetesObject {
  const { labels, annotations } = object.metadata;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      namespace,
      labels: { ...labels, 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        ...annotations,
        'meta.helm.sh/release-name': 'web',
        'meta.helm.sh/release-namespace': namespace,
      },
    },
  };
}
