import { packageOf, type TestEntry } from '../../lib/charts/package/packages.ts';

/** A chart as people make them: its files below its folder. */
export interface OrdinaryChart {
  readonly name: string;
  readonly version: string;
  /** Text, or an archive's entry where mode or bytes matter. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Files of mode 755. */
  readonly programs?: readonly string[];
  readonly values?: string;
}

export const entriesOf = ({ name, files, programs = [] }: OrdinaryChart): TestEntry[] =>
  Object.entries(files).map(([path, data]) => ({
    name: `${name}/${path}`,
    data,
    mode: programs.includes(path) ? 0o755 : 0o644,
  }));
export const packageOfChart = (chart: OrdinaryChart): Promise<Buffer> => packageOf(entriesOf(chart));

const chartYaml = (name: string, version: string, more = '', apiVersion = 'v2'): string =>
  `apiVersion: ${apiVersion}\nname: ${name}\nversion: ${version}\ndescription: A chart of everyday\n${more}`;
const chart = (
  name: string,
  files: Readonly<Record<string, string | Buffer>>,
  {
    version = '1.0.0',
    more = '',
    apiVersion = 'v2',
    ...rest
  }: {
    readonly version?: string;
    readonly more?: string;
    readonly apiVersion?: string;
    readonly programs?: readonly string[];
    readonly values?: string;
  } = {},
): OrdinaryChart => ({
  name,
  version,
  files: { 'Chart.yaml': chartYaml(name, version, more, apiVersion), ...files },
  ...rest,
});

const HELPERS = `{{/* Names that every object of the chart has. */}}
{{- define "app.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "app.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
`;
const deployment = (image = '{{ .Values.image }}'): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: main
          image: ${image}
          ports:
            - {name: http, containerPort: 8080}
`;
const service = `apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports:
    - {name: http, port: 80, targetPort: http}
`;
const settings = (data: string, suffix = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}${suffix}\ndata:\n${data}`;

/** What "helm create" lays out, in words of our own. */
const scaffold = chart(
  'scaffold',
  {
    '.helmignore':
      '# Patterns to ignore when building packages.\n.DS_Store\n.bzr/\n*.swp\n*.bak\n.project\n.idea/\n*.tmproj\n.vscode/\n',
    'values.yaml': `replicas: 1
image: {repository: nginx, tag: "", pullPolicy: IfNotPresent}
serviceAccount: {create: true, annotations: {}, name: ""}
podSecurityContext: {}
securityContext: {}
service: {type: ClusterIP, port: 80}
ingress:
  enabled: true
  className: nginx
  hosts: [{host: chart.example.com, paths: [{path: /, pathType: Prefix}]}]
  tls: []
resources: {}
autoscaling: {enabled: true, minReplicas: 1, maxReplicas: 10, targetCPUUtilizationPercentage: 80}
`,
    'templates/_helpers.tpl': HELPERS,
    'templates/NOTES.txt': 'Open http://{{ (index .Values.ingress.hosts 0).host }}\n',
    'templates/serviceaccount.yaml': `{{- if .Values.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "app.fullname" . }}
  labels:
    {{- include "app.labels" . | nindent 4 }}
{{- end }}
`,
    'templates/deployment.yaml': deployment(
      '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
    ),
    'templates/service.yaml': service,
    'templates/ingress.yaml': `{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "app.fullname" . }}
spec:
  ingressClassName: {{ .Values.ingress.className }}
  rules:
    {{- range .Values.ingress.hosts }}
    - host: {{ .host | quote }}
      http:
        paths:
          {{- range .paths }}
          - path: {{ .path }}
            pathType: {{ .pathType }}
            backend: {service: {name: {{ include "app.fullname" $ }}, port: {number: {{ $.Values.service.port }}}}}
          {{- end }}
    {{- end }}
{{- end }}
`,
    'templates/hpa.yaml': `{{- if .Values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "app.fullname" . }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ .Release.Name }}}
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ .Values.autoscaling.targetCPUUtilizationPercentage }}}}
{{- end }}
`,
    'templates/tests/connection.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    helm.sh/hook: test
spec:
  restartPolicy: Never
  containers:
    - {name: wget, image: busybox, command: [wget], args: ["{{ .Release.Name }}:{{ .Values.service.port }}"]}
`,
  },
  { more: 'type: application\nappVersion: "1.16.0"\n' },
);

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;

export async function ordinaryCharts(): Promise<readonly OrdinaryChart[]> {
  const cache = chart('cache', {
    'values.yaml': 'size: 1\n',
    'templates/a.yaml': settings('  size: {{ .Values.size | quote }}\n', '-cache'),
  });
  const within = Object.fromEntries(
    Object.entries(cache.files).map(([path, text]) => [`charts/cache/${path}`, text]),
  );
  const library = {
    'charts/common/Chart.yaml': chartYaml('common', '2.0.0', 'type: library\n'),
    'charts/common/templates/_common.tpl':
      '{{- define "common.name" -}}{{ .Release.Name }}-common{{- end }}\n',
  };
  const dependency = (name: string, more = ''): string =>
    `dependencies:\n- name: ${name}\n  version: 1.0.0\n  repository: https://charts.example.com\n${more}`;
  return [
    scaffold,
    chart(
      'subchart-folder',
      { 'templates/a.yaml': settings('  a: b\n'), ...within },
      { more: dependency('cache') },
    ),
    chart(
      'subchart-package',
      { 'templates/a.yaml': settings('  a: b\n'), 'charts/cache-1.0.0.tgz': await packageOfChart(cache) },
      { more: dependency('cache') },
    ),
    chart('subchart-unlisted', { 'templates/a.yaml': settings('  a: b\n'), ...within }),
    chart(
      'alias',
      { 'values.yaml': 'first: {size: 3}\n', 'templates/a.yaml': settings('  a: b\n'), ...within },
      { more: dependency('cache', '  alias: first\n') },
    ),
    chart(
      'condition',
      { 'values.yaml': 'cache: {enabled: false}\n', 'templates/a.yaml': settings('  a: b\n'), ...within },
      { more: dependency('cache', '  condition: cache.enabled\n') },
    ),
    chart('crds', { 'crds/widget.yaml': crd, 'templates/a.yaml': settings('  a: b\n') }),
    chart('UpperCase', { 'templates/a.yaml': settings('  a: b\n') }, { version: '1.2.3-RC.1+build.5' }),
    chart('dotted.name_x', { 'templates/a.yaml': settings('  a: b\n') }, { version: 'v2.0' }),
    chart(
      'first-format',
      { 'requirements.yaml': dependency('cache'), 'templates/a.yaml': settings('  a: b\n'), ...within },
      { apiVersion: 'v1' },
    ),
    chart(
      'library-user',
      { 'templates/a.yaml': settings('  name: {{ include "common.name" . }}\n'), ...library },
      { more: 'dependencies:\n- {name: common, version: 2.0.0, repository: "https://charts.example.com"}\n' },
    ),
    chart('hooks', {
      'templates/job.yaml':
        'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ .Release.Name }}-migrate\n  annotations:\n    helm.sh/hook: pre-install,pre-upgrade\n    helm.sh/hook-weight: "-5"\n    helm.sh/hook-delete-policy: before-hook-creation\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{name: migrate, image: migrate:1}]\n',
      'templates/a.yaml': settings('  a: b\n'),
    }),
    chart('schema', {
      'values.yaml': 'image: web:1\nreplicas: 2\n',
      'values.schema.json':
        '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["image"],"properties":{"replicas":{"$ref":"#/definitions/count"},"image":{"type":"string","pattern":"^[a-z0-9:./-]+$"}},"definitions":{"count":{"type":"integer","minimum":1}}}',
      'templates/deployment.yaml': deployment(),
    }),
    chart(
      'given-values',
      { 'values.yaml': 'image: web:1\n', 'templates/deployment.yaml': deployment() },
      { values: 'image: web:2\nreplicas: 3\n' },
    ),
    chart(
      'files',
      {
        'files/logo.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 1, 2]),
        'files/run.sh': '#!/bin/sh\nexec true\n',
        'files/page.html': '<h1>Grüße</h1>\r\n',
        'templates/a.yaml': settings(
          '{{ (.Files.Glob "files/*.html").AsConfig | indent 2 }}\n  logo: {{ .Files.Get "files/logo.png" | b64enc }}\n',
        ),
      },
      { programs: ['files/run.sh'] },
    ),
    chart('unicode', {
      'values.yaml': 'greeting: "こんにちは 👋"\n',
      'templates/größe.yaml': settings('  greeting: {{ .Values.greeting | quote }}\n'),
    }),
    chart('dos-lines', {
      'values.yaml': 'a: 1\r\nb: 2\r\n',
      'templates/a.yaml': settings('  a: {{ .Values.a | quote }}\n').replaceAll('\n', '\r\n'),
    }),
    chart('stateful', {
      'templates/a.yaml':
        'apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  serviceName: {{ .Release.Name }}\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec:\n      containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]\n  volumeClaimTemplates:\n    - metadata: {name: data}\n      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n',
      'templates/pdb.yaml':
        'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: "{{ .Release.Name }}"}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}\n',
    }),
    chart('nightly', {
      'templates/a.yaml':
        'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: "{{ .Release.Name }}"}\nspec:\n  schedule: "0 3 * * *"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: OnFailure\n          containers: [{name: sweep, image: "sweep:1"}]\n',
      'templates/policy.yaml':
        'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "{{ .Release.Name }}"}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n',
    }),
    chart('rights', {
      'templates/a.yaml':
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: "{{ .Release.Name }}"}\nrules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: "{{ .Release.Name }}"}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "{{ .Release.Name }}"}\nsubjects: [{kind: ServiceAccount, name: default, namespace: "{{ .Release.Namespace }}"}]\n',
      'templates/cluster.yaml':
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: "{{ .Release.Namespace }}-{{ .Release.Name }}"}\nrules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]\n',
    }),
    chart('many', {
      'values.yaml': 'count: 40\n',
      'templates/a.yaml': `{{- range $at := until (int .Values.count) }}\n---\n${settings('  at: {{ $at | quote }}\n', '-{{ $at }}').replaceAll('.Release', '$.Release')}{{- end }}\n`,
    }),
    chart('json-template', {
      'templates/a.yaml':
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":{{ .Release.Name | quote }}},"data":{"a":"b"}}\n',
    }),
    chart('templated-values', {
      'values.yaml': 'host: "{{ .Release.Name }}.example.com"\n',
      'templates/a.yaml': settings('  host: {{ tpl .Values.host . | quote }}\n'),
      'templates/empty.yaml': '{{- if false }}\na: b\n{{- end }}\n',
      'README.md': '# Example\n\n    kubectl create secret generic db --from-literal=password=…\n',
    }),
    chart('list', {
      'templates/a.yaml':
        'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-a"}}\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-b"}}\n',
    }),
    chart('sealed', {
      'templates/a.yaml':
        'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: "{{ .Release.Name }}"}\nspec: {encryptedData: {password: AgBy3i4OJSWK}}\n---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: "{{ .Release.Name }}"}\nspec: {secretStoreRef: {name: vault, kind: SecretStore}, target: {name: db}, data: [{secretKey: password, remoteRef: {key: db}}]}\n',
    }),
    chart('merge-keys', {
      'values.yaml': 'base: &base {cpu: 1}\nlimits:\n  <<: *base\n  memory: 1Gi\n',
      'templates/a.yaml': settings('  limits: {{ .Values.limits | toJson | quote }}\n'),
    }),
  ];
}
