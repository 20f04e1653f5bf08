import type { AlertedTarget } from './target.ts';

/** What a release of the tests' chart declares: small, and of kinds that a check reads in one list. */
export interface WebRelease {
  readonly release: string;
  readonly image?: string;
  readonly replicas?: number;
  /** Of the Pods, so that nothing can run them. */
  readonly node?: string;
}

const CHART = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'values.yaml': 'image: "shop/web:1"\nreplicas: 1\n',
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      {{- with .Values.node }}
      nodeSelector: {kubernetes.io/hostname: {{ . }}}
      {{- end }}
      containers: [{name: web, image: {{ .Values.image | quote }}}]
`,
} as const;

const filled = ({ image = 'shop/web:1', replicas = 1, ...rest }: WebRelease) => ({
  image,
  replicas,
  ...rest,
});

/** The files of a release in Git, in the target's own namespace. */
export function inGit(target: AlertedTarget, release: WebRelease): Readonly<Record<string, string>> {
  const { release: name, ...values } = filled(release);
  const folder = `${target.root}/releases/${target.name}/${name}`;
  return {
    ...Object.fromEntries(Object.entries(CHART).map(([path, text]) => [`${folder}/chart/${path}`, text])),
    [`${folder}/values.yaml`]: `${JSON.stringify(values)}\n`,
  };
}

/** The Deployment that Helm makes of it. */
export function deployed(namespace: string, release: WebRelease): object {
  const { release: name, image, replicas, node } = filled(release);
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace },
    },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
          containers: [{ name: 'web', image }],
        },
      },
    },
  };
}

export const namespaceObject = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});
