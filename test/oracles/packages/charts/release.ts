import { type ChartPackage, revision } from '../package.ts';
import { configMap, deployment, service } from './pieces.ts';

/** What depends on the release, the cluster and the values. */
const JOB = (name: string, annotations: string) => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations:
${annotations
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
spec:
  backoffLimit: 1
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "example.com/migrate:{{ .Chart.Version }}"}]
`;

const hooks: ChartPackage = {
  name: 'hooks',
  about: 'hooks before and after, with weights and policies, and a test',
  revisions: () => {
    const files = {
      'before.yaml': JOB(
        '{{ .Release.Name }}-before',
        'helm.sh/hook: pre-install,pre-upgrade\nhelm.sh/hook-weight: "-5"\nhelm.sh/hook-delete-policy: before-hook-creation',
      ),
      'after.yaml': JOB(
        '{{ .Release.Name }}-after',
        'helm.sh/hook: post-install,post-upgrade\nhelm.sh/hook-delete-policy: hook-succeeded,before-hook-creation',
      ),
      'settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook-settings
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-10"}
data:
  version: {{ .Chart.Version | quote }}
`,
      'rollback.yaml': JOB('{{ .Release.Name }}-never', 'helm.sh/hook: pre-rollback,post-delete'),
      'tests/test.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test-{{ randAlphaNum 4 | lower }}
  annotations: {"helm.sh/hook": test}
spec:
  restartPolicy: Never
  containers: [{name: wget, image: busybox, command: [wget, "{{ .Release.Name }}:80"]}]
`,
      'deployment.yaml': deployment(),
      'service.yaml': service('{{ .Release.Name }}', 'selector: {app: web}\nports: [{port: 80}]'),
    };
    return [revision('hooks', '1.0.0', files), revision('hooks', '1.1.0', files, 'replicas: 2\n')];
  },
};

const counted: ChartPackage = {
  name: 'counted',
  about: '.Release.Revision, IsInstall, IsUpgrade',
  revisions: () => {
    const files = {
      'deployment.yaml': deployment({
        annotations: `revision: {{ .Release.Revision | quote }}
{{- if .Release.IsUpgrade }}
upgraded: "true"
{{- end }}`,
      }),
      'settings.yaml': configMap(
        '{{ .Release.Name }}-r{{ .Release.Revision }}',
        `number: "{{ add .Release.Revision 100 }}"
mode: {{ ternary "first" "again" .Release.IsInstall }}
release: {{ .Release | toJson | sha256sum }}`,
      ),
      'first.yaml': `{{- if .Release.IsInstall }}\n${configMap('{{ .Release.Name }}-welcome', 'text: hello')}{{- end }}\n`,
      'again.yaml': `{{- if .Release.IsUpgrade }}\n${configMap('{{ .Release.Name }}-again', 'text: hello again')}{{- end }}\n`,
    };
    return [revision('counted', '1.0.0', files), revision('counted', '1.1.0', files, 'replicas: 2\n')];
  },
};

const templated: ChartPackage = {
  name: 'templated',
  about: 'values that are templates, and whole objects in them',
  revisions: () => {
    const files = {
      'settings.yaml': configMap(
        '{{ .Release.Name }}-settings',
        'url: {{ tpl .Values.url . | quote }}\nfile: {{ tpl (.Files.Get "files/site.conf") . | quote }}\nwhen: {{ tpl .Values.when . | quote }}',
      ),
      'extra.yaml': `{{- range .Values.extraObjects }}
---
{{ tpl (toYaml .) $ }}
{{- end }}
`,
    };
    const values = (
      path: string,
    ) => `url: "https://{{ .Release.Name }}.{{ .Release.Namespace }}.example.com/${path}"
when: '{{ now | date "2006-01-02 15:04:05" }}'
extraObjects:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: "{{ .Release.Name }}-extra"}
    data: {path: "${path}", token: '{{ randAlphaNum 8 }}'}
`;
    const more = { files: { 'files/site.conf': 'server {{ .Release.Name }} { root /; }\n' } };
    return [
      revision('templated', '1.0.0', files, values('v1'), more),
      revision('templated', '1.1.0', files, values('v2'), more),
    ];
  },
};

const capabilities: ChartPackage = {
  name: 'capabilities',
  about: 'what the cluster serves, also a kind that is served only after the last upgrade, and its version',
  revisions: (place) => {
    const late = `late.${place.namespace}.example.com/v1`;
    const files = {
      'pdb.yaml': `{{- if .Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget" }}
apiVersion: policy/v1
{{- else }}
apiVersion: policy/v1beta1
{{- end }}
kind: PodDisruptionBudget
metadata:
  name: {{ .Release.Name }}
spec:
  minAvailable: {{ if semverCompare ">=1.25-0" .Capabilities.KubeVersion.Version }}1{{ else }}50%{{ end }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
`,
      'settings.yaml': configMap(
        '{{ .Release.Name }}-settings',
        `version: {{ .Capabilities.KubeVersion.Version }}
minor: {{ .Capabilities.KubeVersion.Minor | quote }}
plain: {{ semverCompare ">=1.35.0" .Capabilities.KubeVersion.GitVersion | quote }}
beta: {{ .Capabilities.APIVersions.Has "policy/v1beta1" | quote }}
late: {{ .Capabilities.APIVersions.Has "${late}" | quote }}
helm: {{ .Capabilities.HelmVersion.Version | quote }}
tool: {{ .Values.tool | default "none" }}`,
      ),
      'late.yaml': `{{- if .Capabilities.APIVersions.Has "${late}/Late" }}
${configMap('{{ .Release.Name }}-late', 'served: "true"')}{{- end }}
`,
    };
    return [
      revision('capabilities', '1.0.0', files),
      revision('capabilities', '1.1.0', files, 'tool: saw\n'),
    ];
  },
  late: (place) => `late.${place.namespace}.example.com`,
};

const kept: ChartPackage = {
  name: 'kept',
  about: 'objects that go with an upgrade, and those that stay by policy',
  revisions: () => {
    const stays = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-stays
  annotations: {helm.sh/resource-policy: keep}
data: {a: b}
`;
    const one = { 'one.yaml': configMap('{{ .Release.Name }}-one', 'a: b') };
    return [
      revision('kept', '1.0.0', {
        ...one,
        'stays.yaml': stays,
        'goes.yaml': configMap('{{ .Release.Name }}-goes', 'a: b'),
        'service.yaml': service('{{ .Release.Name }}', 'selector: {app: web}\nports: [{port: 80}]'),
      }),
      revision('kept', '1.1.0', { ...one, 'two.yaml': configMap('{{ .Release.Name }}-two', 'c: d') }),
    ];
  },
};

const schema: ChartPackage = {
  name: 'schema',
  about: 'values.schema.json, required, fail, and values that null takes out',
  revisions: () => {
    const files = {
      'settings.yaml': configMap(
        '{{ .Release.Name }}-settings',
        `colour: {{ required "a colour" .Values.colour }}
{{- with .Values.optional }}
optional: {{ . }}
{{- end }}
{{- range $key, $value := .Values.map }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- if eq .Values.colour "red" }}{{ fail "never red" }}{{ end }}`,
      ),
      'deployment.yaml': deployment({ container: 'resources: {{- toYaml .Values.resources | nindent 12 }}' }),
    };
    const more = {
      defaults:
        'colour: green\noptional: yes please\nmap: {a: 1, b: 2}\nresources: {limits: {cpu: 100m, memory: 1Gi}}\n',
      files: {
        'values.schema.json': JSON.stringify({
          type: 'object',
          required: ['colour'],
          properties: { colour: { type: 'string' } },
        }),
      },
    };
    return [
      revision('schema', '1.0.0', files, 'map: {c: 1.0, d: 1e3}\n', more),
      revision(
        'schema',
        '1.1.0',
        files,
        'optional: null\nmap: {a: null, e: on}\nresources: {limits: null}\n',
        more,
      ),
    ];
  },
};

const longNames: ChartPackage = {
  name: 'long-names',
  about: 'names as long as they may be',
  releaseName: 'a-release-whose-name-is-as-long-as-helm-will-allow-it',
  revisions: () => {
    const files = {
      'deployment.yaml': deployment({
        name: '{{ printf "%s-%s" .Release.Name "deployment" | trunc 63 | trimSuffix "-" }}',
      }),
      'settings.yaml': configMap(
        `{{ .Release.Name }}${'.settings-of-a-long-name'.repeat(8)}`,
        'a: {{ .Chart.Version }}',
      ),
    };
    return [revision('long-names', '1.0.0', files), revision('long-names', '1.1.0', files, 'replicas: 2\n')];
  },
};

const elsewhere: ChartPackage = {
  name: 'elsewhere',
  about: 'objects in another namespace, and the namespace itself',
  revisions: (place) => {
    const other = `${place.namespace}-other`;
    const files = {
      'namespace.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: ${other}
  labels: {team: packages}
`,
      'settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
  namespace: ${other}
data:
  version: {{ .Chart.Version | quote }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: {{ .Release.Name }}, namespace: ${other}}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-here, namespace: "{{ .Release.Namespace }}"}
data: {a: b}
`,
    };
    return [revision('elsewhere', '1.0.0', files), revision('elsewhere', '1.1.0', files)];
  },
};

export const RELEASE_CHARTS: readonly ChartPackage[] = [
  hooks,
  counted,
  templated,
  capabilities,
  kept,
  schema,
  longNames,
  elsewhere,
];
