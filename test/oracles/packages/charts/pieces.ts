/** Pieces of templates that many of the charts hold. */

/** A Deployment of one container; `pod` goes below the Pod's `spec`, `annotations` onto the Pod. */
export const deployment = (
  options: {
    readonly name?: string;
    readonly replicas?: string;
    readonly annotations?: string;
    readonly container?: string;
    readonly pod?: string;
    readonly spec?: string;
  } = {},
): string => {
  const name = options.name ?? '{{ .Release.Name }}';
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
    app.kubernetes.io/name: ${name}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
spec:
${options.replicas === '' ? '' : `  replicas: ${options.replicas ?? '{{ .Values.replicas | default 1 }}'}\n`}${block(options.spec, 2)}  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
${options.annotations === undefined ? '' : `      annotations:\n${block(options.annotations, 8)}`}    spec:
${block(options.pod, 6)}      containers:
        - name: web
          image: "example.com/web:{{ .Values.tag | default .Chart.AppVersion }}"
${block(options.container, 10)}`;
};

const block = (text: string | undefined, columns: number): string =>
  text === undefined
    ? ''
    : text
        .trimEnd()
        .split('\n')
        .map((line) => `${' '.repeat(columns)}${line}\n`)
        .join('');

export const configMap = (name: string, data: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
${block(data, 2)}`;

export const service = (name: string, spec: string): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
${block(spec, 2)}`;
