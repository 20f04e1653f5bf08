import { type ChartPackage, revision } from '../package.ts';
import { configMap, deployment, service } from './pieces.ts';

/** Kinds that run nothing, and YAML as people write it. */
const guarded: ChartPackage = {
  name: 'guarded',
  about: 'disruption budgets, network policies, quotas and limits',
  revisions: () => {
    const files = {
      'guards.yaml': `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: "{{ .Release.Name }}"}
spec: {maxUnavailable: {{ .Values.unavailable | default "25%" | toJson }}, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "{{ .Release.Name }}-deny"}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "{{ .Release.Name }}"}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - from: [{podSelector: {}}, {namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
      ports: [{port: 80}, {port: http, protocol: TCP}, {port: 1000, endPort: 2000}]
    - {}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: "{{ .Release.Name }}"}
spec: {hard: {requests.cpu: 100, limits.memory: 1Ti, pods: "1000", count/jobs.batch: 1k}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: "{{ .Release.Name }}"}
spec:
  limits:
    - {type: Container, max: {cpu: 4000m}, default: {cpu: "0.5", memory: 512Mi}, defaultRequest: {cpu: 100m}}
`,
      'deployment.yaml': deployment(),
    };
    return [revision('guarded', '1.0.0', files), revision('guarded', '1.1.0', files, 'unavailable: 2\n')];
  },
};

const edge: ChartPackage = {
  name: 'edge',
  waitsFor: 'a load balancer',
  about: 'every type of Service, and Ingresses',
  revisions: () => {
    const files = {
      'services.yaml': `${service('{{ .Release.Name }}-node', 'type: NodePort\nexternalTrafficPolicy: Local\nselector: {app: web}\nports: [{port: 80, name: http}, {port: 443, name: https, targetPort: 8443}]')}---
${service('{{ .Release.Name }}-balanced', 'type: LoadBalancer\nloadBalancerSourceRanges: [10.0.0.0/8]\nsessionAffinity: ClientIP\nselector: {app: web}\nports: [{port: 80, targetPort: http, appProtocol: http}]')}---
${service('{{ .Release.Name }}-outside', 'type: ExternalName\nexternalName: example.com')}---
${service('{{ .Release.Name }}-bare', 'ports: [{port: 9000}]\nclusterIP: ""\nipFamilyPolicy: SingleStack')}`,
      'ingress.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .Release.Name }}
  annotations:
    example.com/rewrite: /$1
    example.com/snippet: |
      more headers;
      and more;
spec:
  ingressClassName: {{ .Release.Namespace }}
  defaultBackend: {service: {name: "{{ .Release.Name }}-node", port: {name: http}}}
  tls: [{hosts: [a.example.com], secretName: a-tls}, {}]
  rules:
    - host: "*.example.com"
      http:
        paths:
          - {path: "/{{ .Chart.Version }}", pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}
          - {pathType: ImplementationSpecific, backend: {service: {name: b, port: {number: 81}}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: "{{ .Release.Namespace }}"}
spec: {controller: example.com/ingress}
`,
    };
    return [revision('edge', '1.0.0', files), revision('edge', '1.1.0', files)];
  },
};

const roles: ChartPackage = {
  name: 'roles',
  conflicts: "the rules of an aggregated ClusterRole are its controller's",
  about: 'roles, also aggregated ones, accounts, their tokens and pull secrets',
  revisions: () => {
    const files = {
      'roles.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ .Release.Namespace }}-part", labels: {"packages.example.com/{{ .Release.Namespace }}": "true"}}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get, list]}
  - {nonResourceURLs: [/metrics], verbs: [get]}
{{- if .Values.more }}
  - {apiGroups: [apps], resources: [deployments], resourceNames: [a], verbs: ["*"]}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ .Release.Namespace }}-whole"}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {"packages.example.com/{{ .Release.Namespace }}": "true"}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "{{ .Release.Namespace }}"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{{ .Release.Namespace }}-whole"}
subjects: [{kind: ServiceAccount, name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}, {kind: Group, name: team}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "{{ .Release.Name }}"}
rules: [{apiGroups: ["", apps], resources: ["*"], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: "{{ .Release.Name }}"}
roleRef: {kind: Role, name: "{{ .Release.Name }}", apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: User, name: pat}]
`,
      'accounts.yaml': `apiVersion: v1
kind: ServiceAccount
metadata: {name: "{{ .Release.Name }}", annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/{{ .Release.Name }}"}}
automountServiceAccountToken: false
imagePullSecrets: [{name: "{{ .Release.Name }}-pull"}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: "{{ .Release.Name }}-bare"}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-pull"}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: {{ printf "{\\"auths\\":{\\"registry.example.com\\":{\\"auth\\":\\"%s\\"}}}" ("a:b" | b64enc) | b64enc }}}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-token
  annotations: {kubernetes.io/service-account.name: "{{ .Release.Name }}"}
type: kubernetes.io/service-account-token
`,
    };
    return [revision('roles', '1.0.0', files), revision('roles', '1.1.0', files, 'more: true\n')];
  },
};

const storage: ChartPackage = {
  name: 'storage',
  waitsFor: 'volumes',
  about: 'claims, volumes, classes and priorities',
  revisions: () => {
    const files = {
      'storage.yaml': `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: "{{ .Release.Namespace }}"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: Immediate
allowVolumeExpansion: true
parameters: {type: gp3}
mountOptions: [debug]
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: "{{ .Release.Namespace }}", labels: {version: "{{ .Chart.Version }}"}}
spec:
  capacity: {storage: 1024Mi}
  accessModes: [ReadWriteOnce]
  storageClassName: {{ .Release.Namespace }}
  hostPath: {path: /tmp/none}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: "{{ .Release.Name }}"}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: {{ .Release.Namespace }}
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: "{{ .Release.Name }}-waiting"}
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: "1e9"}}
  selector: {matchLabels: {never: "true"}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: "{{ .Release.Namespace }}"}
value: 1000
globalDefault: false
description: ""
`,
      'deployment.yaml': deployment({
        pod: 'priorityClassName: {{ .Release.Namespace }}\nvolumes: [{name: data, persistentVolumeClaim: {claimName: "{{ .Release.Name }}"}}]',
      }),
    };
    return [revision('storage', '1.0.0', files), revision('storage', '1.1.0', files)];
  },
};

const files: ChartPackage = {
  name: 'files',
  about: 'files of the chart as ConfigMaps and Secrets, binary, immutable, and stringData over data',
  revisions: () => {
    const templates = {
      'maps.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data: {{- (.Files.Glob "files/*.conf").AsConfig | nindent 2 }}
binaryData: {logo.png: {{ .Files.Get "files/logo.conf" | b64enc }}, empty: ""}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}"}
data: {{- (.Files.Glob "files/*.conf").AsSecrets | nindent 2 }}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-both"}
data: {a: {{ "from data" | b64enc }}, b: {{ "only data" | b64enc }}, folded: "YWJj\\nZGVm"}
stringData: {a: "over {{ .Chart.Version }}", c: "only text", n: "5"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-fixed-{{ .Chart.Version }}"}
immutable: true
data: {version: "{{ .Chart.Version }}"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-empty"}
data: {}
`,
    };
    const more = (text: string) => ({
      files: {
        'files/site.conf': `line one\r\n${text}\n\ttabbed  \n`,
        'files/logo.conf': '\u2028 unicode \u{1F680}\n',
      },
    });
    return [
      revision('files', '1.0.0', templates, '{}\n', more('old')),
      revision('files', '1.1.0', templates, '{}\n', more('new')),
    ];
  },
};

const ODD = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-odd
  creationTimestamp: null
  labels: &labels {app: odd, "yes": "no"}
  annotations:
    mode: "0644"
    date: "2020-01-01"
    number: "1e3"
data:
  long: >-
    folded
    text

    and more
  literal: |+
    kept

  "on": "off"
  empty: ""
  quoted: 'it''s'
  version: "{{ .Chart.Version }}"
---
# only a comment
---
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: "{{ .Release.Name }}-listed", labels: {a: b}}
    data: {a: "1"}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-listed-too"}, data: {b: "2"}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}
  labels: {x: z}
automountServiceAccountToken: {{ .Values.mount | default "false" }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  creationTimestamp: null
spec:
  replicas: 1e0
  strategy: {}
  selector: &selector
    matchLabels: {app: odd}
  template:
    metadata: {creationTimestamp: null, labels: {app: odd}}
    spec:
      nodeSelector: {}
      tolerations: []
      hostNetwork: false
      volumes:
        - {name: v, secret: {secretName: none, optional: true, defaultMode: 0644}}
        - {name: w, configMap: {name: none, optional: true, defaultMode: 0x1a4}}
      containers:
        - {name: odd, image: busybox, args: null, command: [], resources: {}, ports: [{containerPort: 8_080}], securityContext: {}, stdin: false, env: []}
status: {}
`;

const odd: ChartPackage = {
  name: 'odd-yaml',
  about:
    'YAML as it is met: numbers, dates, anchors, lists of objects, empty documents, null and empty everywhere',
  revisions: () => [
    revision('odd-yaml', '1.0.0', { 'odd.yaml': ODD }),
    revision('odd-yaml', '1.1.0', { 'odd.yaml': ODD.replace('8_080', '0b1111110100000') }),
  ],
};

const marked: ChartPackage = {
  name: 'marked',
  about: 'labels and annotations as tools want them, and generated hooks',
  revisions: () => {
    const templates = {
      'deployment.yaml': deployment({
        annotations: 'prometheus.io/scrape: "true"\nsidecar.istio.io/inject: "false"',
      }),
      'settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  labels: {app.kubernetes.io/managed-by: "{{ .Release.Service }}", empty: ""}
  annotations: {meta.helm.sh/release-name: "{{ .Release.Name }}", empty: "", text: {{ .Values.text | default "a: b\\n" | quote }}}
  finalizers: []
`,
      'hook.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-{{ randAlphaNum 5 | lower }}
  annotations: {helm.sh/hook: "post-install,post-upgrade", helm.sh/hook-delete-policy: hook-succeeded}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox}]}}}
`,
    };
    return [revision('marked', '1.0.0', templates), revision('marked', '1.1.0', templates, 'text: other\n')];
  },
};

const loop: ChartPackage = {
  name: 'many',
  about: 'many objects of one template',
  revisions: () => {
    const templates = {
      'many.yaml': `{{- range $index := until (int (.Values.count | default 6)) }}
---
${configMap('{{ $.Release.Name }}-{{ $index }}', 'index: "{{ $index }}"')}{{- end }}
`,
    };
    return [revision('many', '1.0.0', templates), revision('many', '1.1.0', templates, 'count: 4\n')];
  },
};

export const KIND_CHARTS: readonly ChartPackage[] = [guarded, edge, roles, storage, files, odd, marked, loop];
