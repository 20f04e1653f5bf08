import { helmReleaseName } from '../../../../lib/repository/layout.ts';
import { type ChartPackage, type Edit, type Place, revision } from '../package.ts';
import { configMap, deployment, service } from './pieces.ts';

/** What renders to something else each time. */
const PASSWORD = `apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-password
type: Opaque
data:
  password: {{ randAlphaNum 24 | b64enc | quote }}
  user: {{ "admin" | b64enc }}
`;

const password: ChartPackage = {
  name: 'password',
  about: 'a password made with each render, and a checksum of it on the Pods',
  revisions: () => {
    const files = (settings: string) => ({
      'secret.yaml': PASSWORD,
      'settings.yaml': configMap('{{ .Release.Name }}-settings', settings),
      'deployment.yaml': deployment({
        annotations: `checksum/secret: {{ include (print $.Template.BasePath "/secret.yaml") . | sha256sum }}
checksum/settings: {{ include (print .Template.BasePath "/settings.yaml") . | sha256sum }}`,
        container: `env:
  - name: PASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ .Release.Name }}-password
        key: password`,
      }),
    });
    return [
      revision('password', '1.0.0', files('colour: green')),
      revision('password', '1.1.0', files('colour: blue'), 'replicas: 2\n'),
    ];
  },
};

const kept: ChartPackage = {
  name: 'kept-password',
  about: 'a password that is kept with lookup',
  revisions: () => {
    const files = {
      '_helpers.tpl': `{{- define "kept.password" -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (printf "%s-kept" .Release.Name) -}}
{{- if and $found $found.data -}}
{{- index $found.data "password" -}}
{{- else -}}
{{- randAlphaNum 16 | b64enc -}}
{{- end -}}
{{- end -}}
`,
      'secret.yaml': `apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-kept
data:
  password: {{ include "kept.password" . }}
  fixed: {{ "fixed" | b64enc }}
`,
      'first.yaml': `{{- $seen := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-first" .Release.Name) }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-first
data:
  installed: {{ if $seen }}{{ index $seen.data "installed" }}{{ else }}{{ .Chart.Version | quote }}{{ end }}
  version: {{ .Chart.Version | quote }}
`,
      'deployment.yaml': deployment(),
    };
    return [revision('kept', '1.0.0', files), revision('kept', '1.1.0', files, 'replicas: 3\n')];
  },
};

const certificates: ChartPackage = {
  name: 'certificates',
  about: 'genCA and genSignedCert, with the authority in a webhook',
  revisions: () => {
    const files = (timeout: number) => ({
      'webhook.yaml': `{{- $name := printf "%s.%s.svc" .Release.Name .Release.Namespace }}
{{- $ca := genCA "packages-ca" 365 }}
{{- $cert := genSignedCert $name nil (list $name) 365 $ca }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-tls
type: kubernetes.io/tls
data:
  tls.crt: {{ $cert.Cert | b64enc }}
  tls.key: {{ $cert.Key | b64enc }}
  ca.crt: {{ $ca.Cert | b64enc }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: {{ .Release.Namespace }}-validating
webhooks:
  - name: leases.packages.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    timeoutSeconds: ${timeout}
    namespaceSelector:
      matchLabels: {packages.example.com/never: "true"}
    clientConfig:
      service: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}, path: /validate}
      caBundle: {{ $ca.Cert | b64enc }}
    rules:
      - apiGroups: [coordination.k8s.io]
        apiVersions: [v1]
        operations: [CREATE]
        resources: [leases]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: {{ .Release.Namespace }}-mutating
webhooks:
  - name: leases.packages.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    objectSelector:
      matchLabels: {packages.example.com/never: "true"}
    clientConfig:
      url: https://127.0.0.1:1/mutate
      caBundle: {{ $ca.Cert | b64enc }}
    rules:
      - apiGroups: [coordination.k8s.io]
        apiVersions: [v1]
        operations: [CREATE, UPDATE]
        resources: [leases]
        scope: Namespaced
`,
      'service.yaml': service(
        '{{ .Release.Name }}',
        'selector: {app: hook}\nports: [{port: 443, targetPort: https}]',
      ),
    });
    return [revision('certificates', '1.0.0', files(5)), revision('certificates', '1.1.0', files(7))];
  },
};

const generated: ChartPackage = {
  name: 'generated',
  about: 'every other generator: self-signed certificates, keys, htpasswd, bcrypt, encryptAES, shuffle',
  revisions: () => {
    const files = {
      'secret.yaml': `{{- $cert := genSelfSignedCert "packages.example.com" nil nil 30 }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-generated
stringData:
  tls.crt: |
{{ $cert.Cert | indent 4 }}
  key: {{ genPrivateKey "ecdsa" | quote }}
  auth: {{ htpasswd "admin" "admin" | quote }}
  hash: {{ bcrypt "admin" | quote }}
  sealed: {{ "plain" | encryptAES "0123456789abcdef" | quote }}
  token: {{ randBytes 16 | quote }}
  numeric: {{ randNumeric 8 | quote }}
  derived: {{ derivePassword 1 "long" "password" "user" "example.com" | quote }}
`,
      'settings.yaml': configMap(
        '{{ .Release.Name }}-settings',
        'shuffled: {{ shuffle "abcdefghij" | quote }}\nport: {{ randInt 1000 2000 | quote }}',
      ),
    };
    return [revision('generated', '1.0.0', files), revision('generated', '1.1.0', files)];
  },
};

const clock: ChartPackage = {
  name: 'clock',
  edits: ownObjectEdits,
  about: 'the time of the render, and how long ago something was',
  revisions: () => {
    const files = {
      'deployment.yaml': deployment({
        annotations: `rolled: {{ now | date "2006-01-02T15:04:05" | quote }}
unix: {{ now | unixEpoch | quote }}`,
      }),
      'settings.yaml': configMap(
        '{{ .Release.Name }}-settings',
        `expires: {{ now | dateModify "+720h" | date "2006-01-02" | quote }}
year: {{ dateInZone "2006" (now) "UTC" | quote }}
age: {{ ago (toDate "2006-01-02" "2020-01-01") | quote }}
fixed: {{ toDate "2006-01-02" "2020-01-01" | date "Jan 2006" | quote }}`,
      ),
    };
    return [revision('clock', '1.0.0', files), revision('clock', '1.1.0', files, 'replicas: 2\n')];
  },
};

const identifiers: ChartPackage = {
  name: 'identifiers',
  about: 'uuidv4, names that change, objects that are there by chance',
  revisions: () => {
    const files = {
      'deployment.yaml': deployment({ annotations: 'rollme: {{ randAlphaNum 5 | quote }}' }),
      'cluster-id.yaml': configMap('{{ .Release.Name }}-id', 'id: {{ uuidv4 }}\nname: {{ .Release.Name }}'),
      'migration.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-run-{{ randAlphaNum 6 | lower }}
data:
  fixed: "true"
`,
    };
    return [
      revision('identifiers', '1.0.0', files),
      revision('identifiers', '1.1.0', files, 'replicas: 2\n'),
    ];
  },
};

const ordered: ChartPackage = {
  name: 'ordered',
  about: 'keys, values and ranges over maps, whose order is another each time',
  revisions: () => {
    const files = {
      'settings.yaml': configMap(
        '{{ .Release.Name }}-settings',
        `names: {{ keys .Values.tenants | join "," }}
sorted: {{ keys .Values.tenants | sortAlpha | join "," }}
first: {{ first (values .Values.tenants) | quote }}
{{- range $name, $colour := .Values.tenants }}
{{ $name }}: {{ $colour }}
{{- end }}`,
      ),
      'deployment.yaml': deployment({
        container: `args: {{ keys .Values.tenants | toJson }}
env:
{{- range $name, $colour := .Values.tenants }}
  - {name: {{ upper $name }}, value: {{ $colour | quote }}}
{{- end }}`,
      }),
    };
    const values = (last: string) =>
      `tenants:\n${['one', 'two', 'three', 'four', 'five', 'six', last].map((name, index) => `  ${name}: c${index}\n`).join('')}`;
    return [
      revision('ordered', '1.0.0', files, values('seven')),
      revision('ordered', '1.1.0', files, values('eight')),
    ];
  },
};

/** What only helm-controller has: its own object for the release. */
function ownObjectEdits(place: Place): readonly Edit[] {
  if (place.way !== 'helm-controller') return [];
  const name = helmReleaseName(place);
  const patch = (spec: string) => [
    ...['-n', 'fairlead-helm-controller', 'patch', `helmrelease/${name}`, '--type=merge', '-p'],
    `{"spec":${spec}}`,
  ];
  return [
    // First, or helm-controller upgrades at once and takes the other edits back.
    {
      what: 'the HelmRelease suspended',
      argv: patch('{"suspend":true}'),
      expected: { kind: 'HelmRelease', name, verdict: 'added', at: 'spec.suspend' },
      undo: 'repair',
    },
    {
      what: 'values written into the HelmRelease',
      argv: patch('{"values":{"by":"hand"}}'),
      expected: { kind: 'HelmRelease', name, verdict: 'added', at: 'spec.values' },
      undo: 'repair',
    },
  ];
}

export const RANDOM_CHARTS: readonly ChartPackage[] = [
  password,
  kept,
  certificates,
  generated,
  clock,
  identifiers,
  ordered,
];
