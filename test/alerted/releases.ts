import type { AlertedTarget } from './target.ts';

/** What a release of the tests' chart declares: small, and of kinds that a check reads in one list. */
export interface WebRelease {
  readonly release: string;
  readonly image?: string;
  readonly replicas?: number;
  /** How many replicas an autoscaler keeps at least; without it there is none. */
  readonly scaledFrom?: number;
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
      containers: [{name: web, image: {{ .Values.image | quote }}}]
`,
  'templates/autoscaler.yaml': `{{- with .Values.scaledFrom }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $.Release.Name }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $.Release.Name }}}
  minReplicas: {{ . }}
  maxReplicas: 9
{{- end }}
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

/** What Helm makes of them in that namespace. */
export const deployed = (namespace: string, ...releases: readonly WebRelease[]): readonly object[] =>
  releases.flatMap((each) => {
    const { release, image, replicas, scaledFrom } = filled(each);
    const labels = { app: release };
    const metadata = {
      name: release,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace },
    };
    const workload = { apiVersion: 'apps/v1', kind: 'Deployment' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } };
    const scaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: { scaleTargetRef: { ...workload, name: release }, minReplicas: scaledFrom, maxReplicas: 9 },
    };
    return [
      { ...workload, metadata, spec: { replicas, selector: { matchLabels: labels }, template } },
      ...(scaledFrom === undefined ? [] : [scaler]),
    ];
  });

export const namespaceObject = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});
