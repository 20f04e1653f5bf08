import { type ChartPackage, revision } from '../package.ts';
import { configMap, deployment } from './pieces.ts';

/** Charts in charts, libraries, and kinds of their own. */
const inside = (path: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([file, text]) => [`charts/${path}/${file}`, text]));

const subcharts: ChartPackage = {
  name: 'subcharts',
  about: 'charts inside with conditions, tags, aliases, globals, imported values and randomness',
  revisions: () => {
    const cache = inside('cache', {
      'Chart.yaml': 'apiVersion: v2\nname: cache\nversion: 2.0.0\n',
      'values.yaml': 'size: 1\nexports: {shared: {cacheHost: cache.local}}\n',
      'templates/settings.yaml': configMap(
        '{{ .Release.Name }}-{{ .Chart.Name }}',
        'size: {{ .Values.size | quote }}\ndomain: {{ .Values.global.domain }}\ntoken: {{ randAlphaNum 8 | quote }}',
      ),
      'templates/kept.yaml': `{{- $seen := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-%s-kept" .Release.Name .Chart.Name) }}
${configMap('{{ .Release.Name }}-{{ .Chart.Name }}-kept', 'id: {{ if $seen }}{{ $seen.data.id }}{{ else }}{{ uuidv4 }}{{ end }}')}`,
    });
    const off = inside('off', {
      'Chart.yaml': 'apiVersion: v2\nname: off\nversion: 0.1.0\n',
      'templates/never.yaml': configMap('{{ .Release.Name }}-off', 'on: "{{ .Values.global.domain }}"'),
    });
    const more = (domain: string) => ({
      chart: `dependencies:
  - {name: cache, version: 2.x.x, alias: primary, import-values: [shared]}
  - {name: cache, version: 2.x.x, alias: secondary, condition: secondary.enabled}
  - {name: off, version: 0.1.0, condition: off.enabled, tags: [extra]}
`,
      defaults: `global: {domain: ${domain}}\nsecondary: {enabled: true, size: 2}\noff: {enabled: false}\n`,
      files: { ...cache, ...off },
    });
    const files = {
      'deployment.yaml': deployment({
        container:
          'env: [{name: DOMAIN, value: "{{ .Values.global.domain }}"}, {name: CACHE, value: "{{ .Values.cacheHost }}"}]',
      }),
    };
    return [
      revision('subcharts', '1.0.0', files, 'primary: {size: 3}\n', more('one.example.com')),
      revision(
        'subcharts',
        '1.1.0',
        files,
        'off: {enabled: true}\nsecondary: {size: 4}\n',
        more('two.example.com'),
      ),
    ];
  },
};

const library: ChartPackage = {
  name: 'library',
  about: 'a library chart that makes all of the objects',
  revisions: () => {
    const common = inside('common', {
      'Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n',
      'templates/_all.tpl': `{{- define "common.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{- define "common.settings" -}}
{{- $base := fromYaml (include "common.settings.base" .root) -}}
{{- toYaml (mergeOverwrite $base (fromYaml (tpl .override .root))) -}}
{{- end }}
{{- define "common.settings.base" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  labels: {{- include "common.labels" . | nindent 4 }}
data: {a: b}
{{- end }}
`,
    });
    const files = {
      'settings.yaml': `{{- include "common.settings" (dict "root" . "override" (.Files.Get "override.yaml")) }}\n`,
      'deployment.yaml': deployment(),
    };
    const more = {
      chart: 'dependencies: [{name: common, version: 1.x.x}]\n',
      files: { ...common, 'override.yaml': 'data: {c: "{{ .Release.Name }}", v: "{{ .Chart.Version }}"}\n' },
    };
    return [
      revision('library', '1.0.0', files, '{}\n', more),
      revision('library', '1.1.0', files, 'replicas: 2\n', more),
    ];
  },
};

/** A kind with defaults, lists with keys, numbers that may be text, null, and fields that nobody knows. */
const definition = (group: string, kind: string, more = ''): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${kind.toLowerCase()}s.${group}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: ${kind.toLowerCase()}s, singular: ${kind.toLowerCase()}, kind: ${kind}}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: {type: integer}
                mode: {type: string, default: quiet}
                port: {x-kubernetes-int-or-string: true}
                until: {type: string, nullable: true}
                noted: {type: string, nullable: true, default: noted}
                memory: {type: string}
                nested:
                  type: object
                  default: {}
                  properties: {depth: {type: integer, default: 3}}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                rules:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items:
                    type: object
                    required: [name]
                    properties: {name: {type: string}, weight: {type: integer, default: 1}}
                tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
${more}            status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

const custom = (group: string, kind: string, spec: string): string => `apiVersion: ${group}/v1
kind: ${kind}
metadata:
  name: {{ .Release.Name }}
spec:
  size: {{ .Values.size | default 1 }}
${spec}`;

const ownKinds: ChartPackage = {
  name: 'own-kinds',
  about: 'crds/ with objects of their kinds, and a newer crds/ that helm does not install',
  revisions: (place) => {
    const group = `${place.way}.packages.example.com`;
    const crds = (more: string) => ({ files: { 'crds/widgets.yaml': definition(group, 'Widget', more) } });
    const later = '                later: {type: string}\n';
    return [
      revision(
        'own-kinds',
        '1.0.0',
        {
          'widget.yaml': custom(
            group,
            'Widget',
            `  port: 8080
  until: null
  noted: null
  memory: 1024Mi
${place.way === 'client-side' ? '  unknown: pruned\n' : ''}  free: {any: {thing: [1, "2", null, {a: 1e3}]}, on: yes}
  rules: [{name: b, weight: 2}, {name: a}]
  tags: [x, z]
`,
          ),
        },
        '{}\n',
        crds(''),
      ),
      revision(
        'own-kinds',
        '1.1.0',
        {
          'widget.yaml': custom(
            group,
            'Widget',
            `  port: "http"
  memory: 1Gi
  free: {any: {thing: []}, big: 9007199254740993}
  rules: [{name: a, weight: 5}, {name: c}]
  tags: [z]
`,
          ),
        },
        'size: 2\n',
        crds(later),
      ),
    ];
  },
  edits: (place) => [
    {
      what: 'a custom resource resized',
      argv: [
        'patch',
        `widgets.v1.${place.way}.packages.example.com/${place.release}`,
        '--type=merge',
        '-p',
        '{"spec":{"size":9}}',
      ],
      expected: { kind: 'Widget', name: place.release, verdict: 'changed', at: 'spec.size' },
      // helm without server-side apply compares custom resources with its own last manifest alone.
      undo:
        place.way === 'client-side'
          ? [
              'patch',
              `widgets.v1.${place.way}.packages.example.com/${place.release}`,
              '--type=merge',
              '-p',
              '{"spec":{"size":2}}',
            ]
          : 'repair',
    },
  ],
};

const templatedKinds: ChartPackage = {
  name: 'templated-kinds',
  about: 'a definition in templates/, and objects of its kind with the next version',
  revisions: (place) => {
    const group = `templated.${place.way}.packages.example.com`;
    const kinds = (more: string) => ({
      'definition.yaml': definition(group, 'Gadget', more).replace(
        'metadata:\n',
        'metadata:\n  annotations: {helm.sh/resource-policy: keep}\n',
      ),
    });
    return [
      revision('templated-kinds', '1.0.0', {
        ...kinds(''),
        'settings.yaml': configMap('{{ .Release.Name }}', 'a: b'),
      }),
      revision('templated-kinds', '1.1.0', {
        ...kinds('                later: {type: string, default: now}\n'),
        'gadget.yaml': custom(group, 'Gadget', '  mode: loud\n'),
      }),
    ];
  },
};

export const PART_CHARTS: readonly ChartPackage[] = [subcharts, library, ownKinds, templatedKinds];
