import { createHash } from 'node:crypto';
import { packFiles } from '../../local/example/pack.ts';

/**
 * Charts of our own making, each different: all have a Deployment with its Service and ServiceAccount; some an Ingress,
 * an HPA, ConfigMaps, a values schema, a subchart, a value that goes through `tpl`, and one in twenty a generated
 * password, which takes more renders to judge.
 */
export async function packChart(index: number, version: string, revision = ''): Promise<Buffer> {
  return packFiles(`app${index}`, chartFiles(index, version, revision));
}

const has = (index: number, every: number, rest: number): boolean => index % every === rest;

function chartFiles(index: number, version: string, revision: string): Map<string, string> {
  const name = `app${index}`;
  const files = new Map([
    ['Chart.yaml', `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "${index}.0"\n`],
    ['values.yaml', `${VALUES}settings:\n  text: ${name} ${revision}\n`],
    ['templates/_names.tpl', names(name)],
    ['templates/deployment.yaml', DEPLOYMENT.replaceAll('NAME', name)],
    ['templates/service.yaml', SERVICE.replaceAll('NAME', name)],
    ['templates/serviceaccount.yaml', SERVICE_ACCOUNT.replaceAll('NAME', name)],
  ]);
  for (let at = 0; at <= index % 4; at++)
    files.set(`templates/settings-${at}.yaml`, CONFIG_MAP.replaceAll('NAME', name).replaceAll('AT', `${at}`));
  if (has(index, 3, 0)) files.set('templates/ingress.yaml', INGRESS.replaceAll('NAME', name));
  if (has(index, 2, 0)) files.set('templates/hpa.yaml', HPA.replaceAll('NAME', name));
  if (has(index, 4, 0)) files.set('values.schema.json', SCHEMA);
  if (has(index, 10, 3)) files.set('templates/through-tpl.yaml', THROUGH_TPL.replaceAll('NAME', name));
  if (has(index, 20, 7)) files.set('templates/password.yaml', PASSWORD.replaceAll('NAME', name));
  if (has(index, 5, 0)) {
    files.set('charts/cache/Chart.yaml', 'apiVersion: v2\nname: cache\nversion: 1.0.0\n');
    files.set('charts/cache/values.yaml', 'size: 64Mi\n');
    files.set(
      'charts/cache/templates/cache.yaml',
      CONFIG_MAP.replaceAll('include "NAME.labels" .', 'dict "a" "b" | toYaml')
        .replaceAll('AT', 'cache')
        .replaceAll('.Values.settings.text', '.Values.size'),
    );
  }
  return files;
}

/** A chart whose package is nearly as large as may be: incompressible files in a subchart, and as much again that packs well. */
export async function packLargeChart(version: string): Promise<Buffer> {
  const files = new Map<string, Buffer | string>(chartFiles(1, version, ''));
  for (let at = 0; at < 3; at++) {
    files.set(`charts/part${at}/Chart.yaml`, `apiVersion: v2\nname: part${at}\nversion: 1.0.0\n`);
    files.set(`charts/part${at}/files/noise.bin`, noise(`${version} ${at}`, 3.25 * 1024 * 1024));
    for (let more = 0; more < 2; more++)
      files.set(
        `charts/part${at}/files/lines-${more}.txt`,
        `line ${at} ${more}\n`.repeat((4 * 1024 * 1024) / 9),
      );
  }
  return packFiles('app1', files);
}

/** The same bytes each run. */
function noise(seed: string, bytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 64 < bytes; at++) blocks.push(createHash('sha512').update(`${seed} ${at}`).digest());
  return Buffer.concat(blocks);
}

const VALUES = `replicas: 2
image:
  repository: registry.example.com/web
  tag: "1.0"
service:
  port: 80
host: web.example.com
greeting: "hello from {{ .Release.Name }}"
resources:
  requests:
    cpu: 10m
    memory: 32Mi
`;

const names = (name: string) => `{{- define "${name}.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- define "${name}.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "${name}.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "${name}.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
`;

const METADATA = `metadata:
  name: {{ include "NAME.fullname" . }}
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
${METADATA}spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      {{- include "NAME.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "NAME.labels" . | nindent 8 }}
      annotations:
        checksum/settings: {{ .Values.settings.text | sha256sum }}
    spec:
      serviceAccountName: {{ include "NAME.fullname" . }}
      {{- with .Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          ports:
            - name: http
              containerPort: 80
              protocol: TCP
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
`;
const SERVICE = `apiVersion: v1
kind: Service
${METADATA}spec:
  selector:
    {{- include "NAME.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .Values.service.port }}
      targetPort: http
      protocol: TCP
`;
const SERVICE_ACCOUNT = `apiVersion: v1
kind: ServiceAccount
${METADATA}automountServiceAccountToken: false
`;
const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings-AT
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
data:
  text: {{ .Values.settings.text | quote }}
`;
const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
${METADATA}spec:
  rules:
    - host: {{ .Values.host | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "NAME.fullname" . }}
                port:
                  number: {{ .Values.service.port }}
`;
const HPA = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
${METADATA}spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "NAME.fullname" . }}
  minReplicas: 1
  maxReplicas: 5
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 80
`;
const THROUGH_TPL = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-greeting
data:
  greeting: {{ tpl .Values.greeting . | quote }}
`;
const PASSWORD = `apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-password
data:
  password: {{ randAlphaNum 16 | b64enc }}
`;
const SCHEMA = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['image', 'service'],
  properties: {
    replicas: { type: 'integer', minimum: 0 },
    image: { type: 'object', properties: { repository: { type: 'string' }, tag: { type: 'string' } } },
    service: { type: 'object', properties: { port: { type: 'integer' } } },
  },
});
