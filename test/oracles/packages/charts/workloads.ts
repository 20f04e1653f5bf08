import { type ChartPackage, revision } from '../package.ts';
import { configMap, deployment, service } from './pieces.ts';

/** What runs Pods. */
const stateful: ChartPackage = {
  name: 'stateful',
  waitsFor: 'volumes',
  about: 'a StatefulSet with claims, and the Services it needs',
  revisions: () => {
    const files = {
      'statefulset.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .Release.Name }}
spec:
  serviceName: {{ .Release.Name }}-headless
  replicas: {{ .Values.replicas | default 2 }}
  podManagementPolicy: Parallel
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 10
      securityContext: {fsGroup: 1001, runAsNonRoot: true}
      containers:
        - name: db
          image: example.com/db:{{ .Chart.AppVersion }}
          ports: [{containerPort: 5432, name: db}]
          volumeMounts: [{name: data, mountPath: /data}]
          resources:
            requests: {cpu: 0.25, memory: 1024Mi, ephemeral-storage: 1.5Gi}
            limits: {cpu: "2000m", memory: 2Gi, ephemeral-storage: "2147483648"}
  volumeClaimTemplates:
    - metadata: {name: data, labels: {app: db}}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 0.5Gi}}
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: {name: logs}
      spec:
        accessModes: ["ReadWriteOnce"]
        storageClassName: ""
        resources: {requests: {storage: 1e9}}
`,
      'services.yaml': `${service('{{ .Release.Name }}-headless', 'clusterIP: None\npublishNotReadyAddresses: true\nselector: {app: db}\nports: [{port: 5432, name: db, targetPort: db}]')}---
${service('{{ .Release.Name }}', 'type: ClusterIP\nselector: {app: db}\nports:\n  - {port: 5432, name: db, targetPort: 5432, protocol: TCP}\n  - {port: 53, name: dns, protocol: UDP}\n  - {port: 53, name: dns-tcp}')}`,
    };
    return [revision('stateful', '1.0.0', files), revision('stateful', '1.1.0', files, 'replicas: 3\n')];
  },
};

const daemon: ChartPackage = {
  name: 'daemon',
  about: 'a DaemonSet on every node, with host paths and tolerations',
  revisions: () => {
    const files = {
      // A port of the node is one release's: those of other ways to deploy lie in namespaces with names of other lengths.
      'daemonset.yaml': `{{- $port := add 9100 (len .Release.Namespace) }}
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 50%}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      hostNetwork: true
      hostPID: false
      dnsPolicy: ClusterFirstWithHostNet
      tolerations: [{operator: Exists}, {key: a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 30}]
      nodeSelector: {kubernetes.io/os: linux}
      containers:
        - name: agent
          image: example.com/agent:{{ .Chart.AppVersion }}
          imagePullPolicy: IfNotPresent
          securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_ADMIN]}}
          env:
            - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
            - {name: EMPTY, value: ""}
            - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
          ports: [{containerPort: {{ $port }}, hostPort: {{ $port }}, name: metrics}]
          volumeMounts: [{name: root, mountPath: /host, readOnly: true, mountPropagation: HostToContainer}]
      volumes:
        - {name: root, hostPath: {path: /}}
        - {name: tmp, emptyDir: {}}
        - {name: shm, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
`,
    };
    return [revision('daemon', '1.0.0', files), revision('daemon', '1.1.0', files)];
  },
};

const jobs: ChartPackage = {
  name: 'jobs',
  about: 'Jobs named after the version, one that goes by itself, and CronJobs',
  revisions: () => {
    const pod = `template:
    spec:
      restartPolicy: OnFailure
      containers: [{name: work, image: example.com/work, command: [sh, -c, "echo {{ .Values.text | default "done" }}"]}]`;
    const files = {
      'job.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Version | replace "." "-" }}
spec:
  ${pod}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-short-{{ .Chart.Version | replace "." "-" }}
spec:
  ttlSecondsAfterFinished: 1
  activeDeadlineSeconds: 600
  parallelism: 2
  completions: 2
  completionMode: Indexed
  ${pod}
`,
      'cron.yaml': `apiVersion: batch/v1
kind: CronJob
metadata: {name: "{{ .Release.Name }}-nightly"}
spec:
  schedule: "0 3 * * *"
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: nightly, image: "example.com/nightly:{{ .Chart.Version }}"}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: "{{ .Release.Name }}-often"}
spec:
  schedule: "* * * * *"
  suspend: false
  successfulJobsHistoryLimit: 0
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          containers: [{name: often, image: example.com/often}]
`,
    };
    return [revision('jobs', '1.0.0', files), revision('jobs', '1.1.0', files, 'text: again\n')];
  },
};

const AUTOSCALER = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: "{{ .Release.Name }}"}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "{{ .Release.Name }}"}
  minReplicas: {{ .Values.min | default 2 }}
  maxReplicas: 6
  metrics:
    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
    - type: Pods
      pods: {metric: {name: requests}, target: {type: AverageValue, averageValue: 1k}}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 60, policies: [{type: Percent, value: 50, periodSeconds: 15}]}
`;

const autoscaled: ChartPackage = {
  name: 'autoscaled',
  about: 'replicas left to an autoscaler',
  revisions: () => {
    const files = { 'deployment.yaml': deployment({ replicas: '' }), 'autoscaler.yaml': AUTOSCALER };
    return [revision('autoscaled', '1.0.0', files), revision('autoscaled', '1.1.0', files, 'min: 3\n')];
  },
};

const declaredReplicas: ChartPackage = {
  name: 'declared-replicas',
  conflicts: 'the autoscaler has taken the replicas over',
  about: 'replicas declared and an autoscaler that sets others',
  revisions: () => {
    const files = { 'deployment.yaml': deployment({ replicas: '1' }), 'autoscaler.yaml': AUTOSCALER };
    return [
      revision('declared-replicas', '1.0.0', files),
      revision('declared-replicas', '1.1.0', files, 'min: 3\n'),
    ];
  },
};

const pods: ChartPackage = {
  name: 'pods',
  waitsFor: 'volumes',
  about: 'all that a Pod can hold: init containers, sidecars, projected volumes, spread, probes, quantities',
  revisions: () => {
    const files = {
      'settings.yaml': configMap('{{ .Release.Name }}-settings', 'a: b'),
      'deployment.yaml': deployment({
        spec: `revisionHistoryLimit: 0
minReadySeconds: 0
progressDeadlineSeconds: 300
strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}`,
        container: `envFrom:
  - configMapRef: {name: "{{ .Release.Name }}-settings"}
  - {prefix: S_, secretRef: {name: none, optional: true}}
env:
  - {name: A, value: "1"}
  - {name: B, value: "$(A)"}
  - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  - {name: KEY, valueFrom: {configMapKeyRef: {name: "{{ .Release.Name }}-settings", key: a, optional: false}}}
ports:
  - {containerPort: 8080, name: http}
  - {containerPort: 8080, name: http-udp, protocol: UDP}
livenessProbe: {httpGet: {path: /, port: http, httpHeaders: [{name: X, value: z}]}, periodSeconds: 10}
readinessProbe: {tcpSocket: {port: 8080}, initialDelaySeconds: 0, timeoutSeconds: 1}
startupProbe: {exec: {command: ["true"]}, failureThreshold: 30}
lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
resources:
  requests: {cpu: 1000m, memory: 100Mi, ephemeral-storage: 0.1Gi}
  limits: {cpu: 1.5, memory: "1.5Gi", ephemeral-storage: 10e8}
securityContext:
  runAsUser: 1000
  readOnlyRootFilesystem: true
  capabilities: {}
  seccompProfile: {type: RuntimeDefault}
volumeMounts: [{name: all, mountPath: /all}, {name: settings, mountPath: /settings, subPath: a}]
terminationMessagePolicy: FallbackToLogsOnError`,
        pod: `serviceAccount: default
automountServiceAccountToken: false
enableServiceLinks: false
imagePullSecrets: [{name: pull}]
priorityClassName: ""
shareProcessNamespace: false
affinity:
  nodeAffinity: {}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 1
        podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}
  - {maxSkew: 2, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}
hostAliases: [{ip: 127.0.0.1, hostnames: [a.local]}]
dnsConfig: {options: [{name: ndots, value: "2"}]}
initContainers:
  - {name: prepare, image: busybox, command: ["true"], resources: {}}
  - {name: proxy, image: example.com/proxy, restartPolicy: Always, ports: [{containerPort: 15001}]}
volumes:
  - name: all
    projected:
      defaultMode: 0440
      sources:
        - configMap: {name: "{{ .Release.Name }}-settings", items: [{key: a, path: a, mode: 0644}]}
        - secret: {name: none, optional: true}
        - serviceAccountToken: {path: token, audience: vault}
        - downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
  - {name: settings, configMap: {name: "{{ .Release.Name }}-settings", defaultMode: 420}}
  - {name: scratch, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1G}}}}}}`,
      }),
    };
    return [revision('pods', '1.0.0', files), revision('pods', '1.1.0', files, 'replicas: 2\n')];
  },
};

const duplicates: ChartPackage = {
  name: 'duplicates',
  about:
    'an environment variable twice, legal and ordered: a server-side apply refuses it, a strategic merge loses one as soon as the list changes',
  ways: ['client-side'],
  revisions: () => {
    const files = {
      'deployment.yaml': deployment({
        container: `env:
  - {name: PATH_EXTRA, value: /a}
  - {name: OTHER, value: between}
  - {name: PATH_EXTRA, value: "$(PATH_EXTRA):/b"}`,
      }),
    };
    return [revision('duplicates', '1.0.0', files), revision('duplicates', '1.1.0', files)];
  },
};

export const WORKLOAD_CHARTS: readonly ChartPackage[] = [
  stateful,
  daemon,
  jobs,
  autoscaled,
  declaredReplicas,
  pods,
  duplicates,
];
