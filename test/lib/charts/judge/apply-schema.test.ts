import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { limited } from '../../../../lib/charts/files/limited.ts';
import { checkApply } from '../../../../lib/charts/judge/applied-objects.ts';
import { kindSchemasOf, type SchemaFault } from '../../../../lib/charts/judge/apply-schema.ts';
import type { OpenApiDocument } from '../../../../lib/drift/openapi.ts';
import type { JsonObject, KubernetesObject } from '../../../../lib/objects/objects.ts';
import { referenceOf } from '../../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../../lib/objects/yaml.ts';
import { type ApiServer, messageOf, startApiServer } from '../../../oracles/api-server.ts';
import { requirement } from '../../../requirements.ts';

/** A custom kind with the marks that matter to an apply. */
const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: {type: integer}
                small: {type: integer, format: int32}
                ratio: {type: number}
                on: {type: boolean}
                label: {type: string}
                open: {type: string, nullable: true}
                filled: {type: string, default: x}
                since: {type: string, format: date-time}
                either: {x-kubernetes-int-or-string: true}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                bag: {type: object, additionalProperties: {type: integer}}
                template: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
                tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                parts:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name, kind]
                  items:
                    type: object
                    required: [name]
                    properties: {name: {type: string}, kind: {type: string, default: plain}, size: {type: integer}}
                plain: {type: array, items: {type: object, properties: {name: {type: string}}}}
`;

type Verdict = 'taken' | SchemaFault['kind'];

const deployment = (container: string, pod = '', spec = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: x, namespace: default}
spec:
  selector: {matchLabels: {app: x}}
  ${spec}
  template:
    metadata: {labels: {app: x}}
    spec:
      ${pod}
      containers:
        - name: x
          image: x
          ${container}
`;
const service = (spec: string): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: x, namespace: default}, spec: ${spec}}`;
const configMap = (rest: string): string =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: default}, ${rest}}`;
const widget = (spec: string, rest = ''): string =>
  `{apiVersion: example.com/v1, kind: Widget, metadata: {name: x, namespace: default}, spec: ${spec}${rest}}`;

const CASES: readonly (readonly [name: string, verdict: Verdict, object: string])[] = [
  ['a plain Deployment', 'taken', deployment('')],
  ['replicas as text', 'type', deployment('', '', 'replicas: "2"')],
  ['half a replica', 'type', deployment('', '', 'replicas: 1.5')],
  ['replicas with a fraction of nothing', 'taken', deployment('', '', 'replicas: 2.0')],
  ['more replicas than 32 bits count', 'type', deployment('', '', 'replicas: 3000000000')],
  ['replicas null', 'taken', deployment('', '', 'replicas: null')],
  ['an empty list of variables that is null', 'taken', deployment('env: null')],
  ['a misspelt field', 'unknown-field', deployment('imagePullPolcy: Always')],
  ['a misspelt field that is null', 'unknown-field', deployment('imagePullPolcy: null')],
  ['a field in the wrong place', 'unknown-field', deployment('', '', 'serviceAccountName: x')],
  [
    'a misspelt field of metadata',
    'unknown-field',
    configMap('data: {}').replace('name: x', 'name: x, anotations: {}'),
  ],
  ['a field beside spec', 'unknown-field', configMap('spec: {}')],
  ['a variable that is a number', 'type', deployment('env: [{name: A, value: 8080}]')],
  ['a variable that is true', 'type', deployment('env: [{name: A, value: true}]')],
  ['a variable that is null', 'taken', deployment('env: [{name: A, value: null}]')],
  ['a variable named twice', 'repeated', deployment('env: [{name: A, value: "1"}, {name: A, value: "2"}]')],
  ['two variables', 'taken', deployment('env: [{name: A, value: "1"}, {name: B, value: "1"}]')],
  ['a variable without a name', 'without-key', deployment('env: [{value: "1"}]')],
  ['a variable that is no mapping', 'type', deployment('env: [A]')],
  ['a variable that is nothing', 'type', deployment('env: [null]')],
  ['variables as a mapping', 'type', deployment('env: {A: "1"}')],
  ['an argument that is a number', 'type', deployment('args: ["--port", 80]')],
  ['an argument that is nothing', 'taken', deployment('args: [null]')],
  ['the same argument twice', 'taken', deployment('args: ["-v", "-v"]')],
  [
    'a port named twice',
    'repeated',
    deployment('ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]'),
  ],
  [
    'a port under two protocols',
    'taken',
    deployment('ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]'),
  ],
  ['a port without its number', 'without-key', deployment('ports: [{name: http}]')],
  ['a port as text', 'type', deployment('ports: [{containerPort: "80"}]')],
  [
    'a mount twice at one path',
    'repeated',
    deployment(
      'volumeMounts: [{name: a, mountPath: /x}, {name: b, mountPath: /x}]',
      'volumes: [{name: a, emptyDir: {}}, {name: b, emptyDir: {}}]',
    ),
  ],
  [
    'a volume named twice',
    'repeated',
    deployment('', 'volumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]'),
  ],
  ['a pull secret named twice', 'repeated', deployment('', 'imagePullSecrets: [{name: a}, {name: a}]')],
  [
    'two containers of one name',
    'repeated',
    deployment('').replace('containers:', 'containers:\n        - {name: x, image: nginx}'),
  ],
  ['a limit that is a number', 'taken', deployment('resources: {limits: {cpu: 1}}')],
  ['a limit of half a core', 'taken', deployment('resources: {limits: {cpu: 0.5, memory: 1.5Gi}}')],
  ['a limit with a unit that is none', 'type', deployment('resources: {limits: {memory: 128MB}}')],
  ['a limit that is true', 'type', deployment('resources: {limits: {memory: true}}')],
  ['a limit with a space in it', 'type', deployment('resources: {limits: {memory: "128 Mi"}}')],
  ['limits as a list', 'type', deployment('resources: {limits: [cpu]}')],
  ['a switch that is text', 'type', deployment('', 'hostNetwork: "true"')],
  ['a switch that is a number', 'type', deployment('tty: 1')],
  [
    'a share of Pods',
    'taken',
    deployment('', '', 'strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}'),
  ],
  [
    'a share of Pods with a fraction',
    'type',
    deployment('', '', 'strategy: {rollingUpdate: {maxSurge: 1.5}}'),
  ],
  ['a share of Pods that is true', 'type', deployment('', '', 'strategy: {rollingUpdate: {maxSurge: true}}')],
  [
    'a probe of a named port',
    'taken',
    deployment('ports: [{containerPort: 80, name: http}]\n          livenessProbe: {httpGet: {port: http}}'),
  ],
  [
    'a probe with a misspelt delay',
    'unknown-field',
    deployment('livenessProbe: {httpGet: {port: 80}, initialDelaySecond: 3}'),
  ],
  ['a selector that is a list', 'type', deployment('', 'nodeSelector: [linux]')],
  ['a selector of numbers', 'type', deployment('', 'nodeSelector: {size: 4}')],
  ['affinity that is text', 'type', deployment('', 'affinity: none')],
  ['an empty structure', 'taken', deployment('securityContext: {}', 'affinity: {}')],
  [
    'the time of creation left open',
    'taken',
    deployment('').replace('metadata: {name', 'metadata: {creationTimestamp: null, name'),
  ],
  [
    'a time that is none',
    'type',
    configMap('data: {}').replace('name: x', 'creationTimestamp: yesterday, name: x'),
  ],
  [
    'a Service whose port is named twice',
    'repeated',
    service('{ports: [{port: 80, name: a}, {port: 80, name: b}]}'),
  ],
  [
    'a Service on TCP and UDP',
    'taken',
    service('{ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]}'),
  ],
  ['a Service whose port is text', 'type', service('{ports: [{port: "80"}]}')],
  ['a target port by name', 'taken', service('{ports: [{port: 80, targetPort: http}]}')],
  ['a ConfigMap of numbers', 'type', configMap('data: {a: 1}')],
  ['a ConfigMap of mappings', 'type', configMap('data: {a: {b: c}}')],
  ['a ConfigMap with nothing under a key', 'taken', configMap('data: {a: null}')],
  ['data that is base64', 'taken', configMap('binaryData: {a: aGk=}')],
  ['data that is no base64', 'type', configMap('binaryData: {a: "h?"}')],
  ['data without its padding', 'type', configMap('binaryData: {a: aGk}')],
  ['data with a line end in it', 'taken', configMap('binaryData: {a: "aG\\nk="}')],
  [
    'finalizers that repeat',
    'repeated',
    configMap('data: {}').replace('name: x', 'finalizers: [example.com/a, example.com/a], name: x'),
  ],
  ['labels as a list', 'type', configMap('data: {}').replace('name: x', 'labels: [a], name: x')],
  ['a status that nobody asked for', 'taken', `${deployment('')}status: {}\n`],
  ['a custom resource', 'taken', widget('{size: 3, ratio: 1.5, on: true, label: x, either: 5, bag: {a: 1}}')],
  ['a custom resource with text for a number', 'type', widget('{size: "3"}')],
  ['a custom resource with a fraction for a number', 'type', widget('{size: 1.5}')],
  ['a custom resource with a whole number for a fraction', 'taken', widget('{ratio: 2}')],
  ['a custom resource with a number for text', 'type', widget('{label: 3}')],
  ['a custom resource with text for either', 'taken', widget('{either: http}')],
  ['a custom resource with a switch for either', 'type', widget('{either: true}')],
  ['a field that a custom kind does not list', 'unknown-field', widget('{colour: red}')],
  ['a field beside the spec of a custom kind', 'unknown-field', widget('{}', ', extra: {}')],
  ['anything where a custom kind keeps it', 'taken', widget('{free: {colour: red, deep: {er: [1]}}}')],
  ['text where a custom kind counts', 'type', widget('{bag: {a: one}}')],
  [
    'an object inside a custom resource',
    'taken',
    widget('{template: {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {}}}'),
  ],
  ['tags that repeat', 'repeated', widget('{tags: [a, b, a]}')],
  ['parts that repeat by their default', 'repeated', widget('{parts: [{name: a}, {name: a, kind: plain}]}')],
  ['parts of two kinds', 'taken', widget('{parts: [{name: a}, {name: a, kind: other}]}')],
  ['a part without its name', 'without-key', widget('{parts: [{size: 1}]}')],
  ['items without keys that repeat', 'taken', widget('{plain: [{name: a}, {name: a}]}')],
  ['a null where a custom kind has a number', 'type', widget('{size: null}')],
  ['a null where a custom kind has a list', 'type', widget('{plain: null}')],
  ['a null where a custom kind may have one', 'taken', widget('{open: null}')],
  ['a null where a custom kind has a default', 'taken', widget('{filled: null}')],
  ['a null where a custom kind keeps anything', 'type', widget('{free: null}')],
  ['a null below what a custom kind keeps', 'taken', widget('{free: {a: null}}')],
  [
    'a null among the labels of a custom kind',
    'taken',
    widget('{}').replace('name: x', 'name: x, labels: {a: null}'),
  ],
  ['pull secrets without a name', 'taken', deployment('', 'imagePullSecrets: [{}]')],
];

describe('what a server-side apply refuses is known without the server', requirement('control-plane'), () => {
  let server: ApiServer;
  let documents: ReadonlyMap<string, OpenApiDocument>;
  before(async () => {
    const started = await startApiServer();
    if (started.kind === 'unavailable') throw new Error(`${started.reason}: ${started.howTo}`);
    server = started.server;
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com';
    const defined = await server.call('PATCH', `${path}?fieldManager=test`, objectIn(WIDGETS), APPLY);
    assert.ok(defined.status < 300, messageOf(defined));
    documents = await documentsOf(server, ['api/v1', 'apis/apps/v1', 'apis/example.com/v1']);
    server.forget();
  });
  after(() => server?.stop());

  for (const [name, verdict, text] of CASES)
    test(`${name}: ${verdict}`, async () => {
      const object = objectIn(text);
      const document = documents.get(object.apiVersion);
      assert.ok(document);
      const faults = kindSchemasOf(document).check(object.apiVersion, object as unknown as JsonObject) ?? [];
      const answer = await dryApply(server, object);
      assert.deepEqual(
        { ours: faults[0]?.kind ?? 'taken', server: answer.status < 300 ? 'takes it' : 'refuses it' },
        { ours: verdict, server: verdict === 'taken' ? 'takes it' : 'refuses it' },
        `${JSON.stringify(faults)}\n${messageOf(answer)}`,
      );
    });
});

const APPLY = 'application/apply-patch+yaml';

/** As helm applies: server-side, everything checked, nothing stored. */
async function dryApply(server: ApiServer, object: KubernetesObject) {
  const path = await server.pathOf(referenceOf(object));
  assert.ok(path, `${object.kind} is served`);
  const query = 'fieldManager=helm&fieldValidation=Strict&dryRun=All&force=true';
  return server.call('PATCH', `${path.object}?${query}`, object, APPLY);
}

/** Documents by group-version; of a custom kind they come a moment after its definition. */
async function documentsOf(server: ApiServer, paths: readonly string[]) {
  for (;;) {
    const found = new Map<string, OpenApiDocument>();
    for (const path of paths) {
      const { status, body } = await server.call('GET', `/openapi/v3/${path}`);
      if (status === 200) found.set(path.replace(/^apis?\//, ''), body as OpenApiDocument);
    }
    if (found.size === paths.length) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function objectIn(text: string): KubernetesObject {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  assert.ok(parsed.kind === 'parsed', JSON.stringify(parsed));
  return parsed.documents[0]?.value as unknown as KubernetesObject;
}

describe('what a cluster serves in place of schemas says nothing, and holds up nothing', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', labels: JSON.parse('{"__proto__": "x", "constructor": "y"}') },
    data: { a: '1' },
  } as unknown as KubernetesObject;
  const kind = { 'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'ConfigMap' }] };
  const of = (schema: object, more: object = {}) =>
    JSON.stringify({ components: { schemas: { ConfigMap: { ...kind, ...schema }, ...more } } });
  const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const documents: Readonly<Record<string, string>> = {
    'no JSON': 'x',
    null: 'null',
    'a list': '[]',
    'components that are a text': '{"components": "x"}',
    'a schema that is null': '{"components": {"schemas": {"a": null}}}',
    'kinds that are no list': '{"components": {"schemas": {"a": {"x-kubernetes-group-version-kind": {}}}}}',
    'a reference that is a number': of({ properties: { metadata: { $ref: 1 }, data: { $ref: 1 } } }),
    'a reference to itself': of({ properties: { data: reference('a') } }, { a: reference('a') }),
    'a reference to what every object has': of({ properties: { data: reference('__proto__') } }),
    'a kind that is one of its own fields': of({ properties: { data: reference('ConfigMap') } }),
    'properties that are null': of({ type: 'object', properties: { data: null, metadata: null } }),
    'keys that are no list': of({
      properties: {
        data: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': 1 },
      },
    }),
    'an expression that takes for ever': of({
      properties: { data: { additionalProperties: { type: 'string', pattern: '^(a+)+$' } } },
    }),
  };
  for (const [index, [name, text]] of Object.entries(documents).entries())
    test(name, () => {
      const [faults] = checkApply({ objects: [object], documents: { v1: { hash: `${index}`, text } } });
      assert.ok(faults === undefined || Array.isArray(faults));
    });

  test('5,000 objects held against a document of 8 MB are answered', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, at) => [
        `s${at}`,
        { type: 'object', description: 'x'.repeat(100), properties: { data: reference(`s${at + 1}`) } },
      ]),
    );
    const objects = Array.from({ length: 5000 }, () => object);
    const text = of({ properties: { data: reference('s0'), metadata: reference('s1') } }, schemas);
    const answer = await limited('checkApply', { objects, documents: { v1: { hash: 'large', text } } });
    assert.ok(answer.kind === 'too-complex' || answer.result.length === objects.length);
  });
});
