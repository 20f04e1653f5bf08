import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openPackage } from '../../../../lib/charts/package/package.ts';
import type { ReasonCode } from '../../../../lib/charts/reasons.ts';
import { packExample } from '../../../../local/example/pack.ts';
import { tools } from '../../../../local/tools.ts';
import { CONFIG_MAP, chartFile } from '../package/packages.ts';
import { type Rendering, rendering, type TestRelease } from './rendering.ts';

let here: Rendering;
before(async () => {
  here = await rendering();
});
after(() => here.remove());

const template = (text: string, more: TestRelease = {}): TestRelease => ({
  ...more,
  files: { 'templates/x.yaml': text, ...more.files },
});
const configMap = (data: string): string => `${CONFIG_MAP}data:\n  x: ${data}\n`;
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n';
const ROLE = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\n';

interface Refused {
  readonly title: string;
  readonly release: TestRelease;
  readonly code: ReasonCode;
  readonly file?: string;
  readonly line?: number;
}

const REFUSED: readonly Refused[] = [
  {
    title: 'a template that fails',
    release: template(`${CONFIG_MAP}data:\n  x: {{ fail "no" }}\n`),
    code: 'template-failed',
    file: 'templates/x.yaml',
    line: 6,
  },
  {
    title: 'a template that does not parse',
    release: template('a: 1\n{{ if }}\n'),
    code: 'template-failed',
    file: 'templates/x.yaml',
    line: 2,
  },
  {
    title: 'a nil pointer',
    release: template('\n\n{{ .Values.a.b.c }}\n'),
    code: 'template-failed',
    file: 'templates/x.yaml',
    line: 3,
  },
  {
    title: 'a template that renders to no YAML',
    release: template(`${CONFIG_MAP}  a: b: c\n`),
    code: 'render-invalid-yaml',
    file: 'templates/x.yaml',
  },
  {
    title: 'a Kubernetes version that the chart does not want',
    release: template(CONFIG_MAP, { files: { 'Chart.yaml': chartFile('web', 'kubeVersion: ">=1.99"\n') } }),
    code: 'chart-kube-version',
    file: 'Chart.yaml',
  },
  {
    title: 'an object without name',
    release: template('apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n'),
    code: 'object-incomplete',
    file: 'templates/x.yaml',
  },
  {
    title: 'the same object twice',
    release: template(`${CONFIG_MAP}---\n${CONFIG_MAP}`),
    code: 'object-duplicate',
  },
  {
    title: 'a plain Secret',
    release: template(`# a Secret\n${SECRET}stringData: {password: hunter2-hunter2}\n`),
    code: 'plain-secret',
    file: 'templates/x.yaml',
    line: 3,
  },
  {
    title: 'a plain Secret behind another object of its kind, in a template with a line of many spaces',
    release: template(
      `${SECRET.replace('name: db', 'name: dbs')}---\n${SECRET}stringData: {password: hunter2-hunter2}\n{{/*\n${' '.repeat(300_000)}x */}}\n`,
    ),
    code: 'plain-secret',
    file: 'templates/x.yaml',
    line: 7,
  },
  {
    title: 'a Secret from values',
    release: template(`${SECRET}data: {password: {{ .Values.password | b64enc }}}\n`, {
      values: 'password: hunter2-hunter2',
    }),
    code: 'plain-secret',
  },
  {
    title: 'a credential that a template builds',
    release: template(configMap('{{ printf "AKIA%s" "QYLPMN5HABCDEFGH" }}')),
    code: 'credential-found',
    file: 'templates/x.yaml',
  },
  {
    title: 'a credential in values',
    release: template(CONFIG_MAP, { values: 'a: 1\nkey: AKIAQYLPMN5HABCDEFGH' }),
    code: 'credential-found',
    file: 'values.yaml',
    line: 2,
  },
  {
    title: "a credential in the chart's own values",
    release: template(CONFIG_MAP, { files: { 'values.yaml': 'key: AKIAQYLPMN5HABCDEFGH' } }),
    code: 'credential-found',
    file: 'values.yaml',
    line: 1,
  },
  {
    title: 'another namespace',
    release: template(CONFIG_MAP.replace('name: web', 'name: web\n  namespace: payments')),
    code: 'namespace-forbidden',
  },
  {
    title: 'kube-system, also where it is allowed',
    release: template(CONFIG_MAP.replace('name: web', 'name: web\n  namespace: kube-system'), {
      boundary: { namespaces: ['shop', 'kube-system'] },
    }),
    code: 'namespace-forbidden',
  },
  {
    title: 'an object hidden in a List',
    release: template(
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: x}\n',
    ),
    code: 'kind-forbidden',
  },
  {
    title: 'a forbidden kind in a hook',
    release: template(
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n  annotations: {helm.sh/hook: pre-install}\n',
    ),
    code: 'kind-forbidden',
  },
  {
    title: 'a forbidden kind only on upgrade',
    release: template(
      '{{ if .Release.IsUpgrade }}\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n{{ end }}',
    ),
    code: 'kind-forbidden',
  },
  {
    title: 'a forbidden kind only on another day',
    release: template(
      '{{ if lt (now | date "2006" | atoi) 2010 }}\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n{{ end }}',
    ),
    code: 'kind-forbidden',
  },
  {
    title: 'a HelmRelease',
    release: template('apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\n'),
    code: 'kind-forbidden',
  },
  {
    title: 'an Application',
    release: template('apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\n'),
    code: 'kind-forbidden',
  },
  {
    title: 'a CRD in crds/',
    release: {
      files: {
        'crds/x.yaml':
          'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.example.com}\n',
      },
    },
    code: 'kind-forbidden',
  },
  {
    title: 'something else in crds/',
    release: { files: { 'crds/x.yaml': CONFIG_MAP } },
    code: 'crds-folder',
  },
  {
    title: 'a Role that escalates',
    release: template(`${ROLE}rules: [{apiGroups: [""], resources: [pods], verbs: [get, escalate]}]\n`),
    code: 'rights-forbidden',
  },
  {
    title: 'a Role on everything',
    release: template(`${ROLE}rules: [{apiGroups: [""], resources: ["*"], verbs: [get]}]\n`),
    code: 'rights-forbidden',
  },
  {
    title: 'a RoleBinding to admin',
    release: template(
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}\n',
    ),
    code: 'rights-forbidden',
  },
  {
    title: 'the token of a ServiceAccount',
    release: template(
      'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: x}\n',
    ),
    code: 'rights-forbidden',
  },
  {
    title: 'an environment variable twice',
    release: template(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: b, env: [{name: X}, {name: X}]}]}\n',
    ),
    code: 'list-key-repeated',
  },
  {
    title: 'a credential in its notes',
    release: template(CONFIG_MAP, {
      files: { 'templates/NOTES.txt': 'Welcome.\nLog in with AKIA2OGYBAH6QLWQZX7M\n' },
    }),
    code: 'credential-found',
    file: 'templates/NOTES.txt',
  },
  {
    title: 'a schema that reads a file',
    release: {
      files: { 'values.schema.json': '{"$ref": "file:///etc/passwd"}', 'templates/x.yaml': CONFIG_MAP },
    },
    code: 'values-schema-reference',
  },
  {
    title: 'a schema that fetches',
    release: {
      files: {
        'values.schema.json': '{"properties": {"a": {"$ref": "http://169.254.169.254/"}}}',
        'templates/x.yaml': CONFIG_MAP,
      },
    },
    code: 'values-schema-reference',
  },
  {
    title: 'a schema with a base elsewhere',
    release: {
      files: {
        'values.schema.json': '{"$id": "https://example.com/x", "$ref": "#"}',
        'templates/x.yaml': CONFIG_MAP,
      },
    },
    code: 'values-schema-reference',
  },
  {
    title: 'a schema of a subchart that fetches',
    release: {
      files: {
        'charts/db/Chart.yaml': chartFile('db'),
        'charts/db/values.schema.json': '{"$dynamicRef": "https://example.com/"}',
      },
    },
    code: 'values-schema-reference',
    file: 'charts/db/values.schema.json',
  },
  {
    title: 'a schema that is no JSON',
    release: { files: { 'values.schema.json': '{' } },
    code: 'values-schema-invalid',
  },
  {
    title: 'values of another type than the schema wants',
    release: template(CONFIG_MAP, {
      values: 'port: x',
      files: { 'values.schema.json': '{"properties": {"port": {"type": "integer"}}}' },
    }),
    code: 'values-violate-schema',
  },
  {
    title: 'values of a subchart that its schema does not want',
    release: template(CONFIG_MAP, {
      values: 'db: {port: x}',
      files: {
        'charts/db/Chart.yaml': chartFile('db'),
        'charts/db/values.schema.json': '{"properties": {"port": {"type": "integer"}}}',
      },
    }),
    code: 'values-violate-schema',
    file: 'values.yaml',
  },
  {
    title: 'a library chart',
    release: { files: { 'Chart.yaml': chartFile('web', 'type: library\n') } },
    code: 'chart-library',
  },
  {
    title: 'a release too large for its Secret',
    release: template(CONFIG_MAP, { files: { 'files/noise': noise(1_200_000) } }),
    code: 'release-too-large',
  },
];

/** Text that does not compress well. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return String.fromCharCode(33 + (state % 90));
  }).join('');
}

describe('a release is rejected for', () => {
  for (const { title, release, code, file, line } of REFUSED) {
    test(title, async () => {
      const response = await here.render(release);
      assert.equal(response.kind, 'rejected', JSON.stringify(response));
      const found = response.reasons.find((reason) => reason.code === code);
      assert.ok(found, `${code} among ${JSON.stringify(response.reasons, undefined, 1)}`);
      if (file !== undefined) assert.equal(found.place?.file, file);
      if (line !== undefined) assert.equal(found.place?.line, line);
      assert.ok(!JSON.stringify(response).includes('hunter2-hunter2'), 'a value is never repeated');
      assert.deepEqual(await here.leftovers(), []);
    });
  }
});

describe('a chart is rendered', () => {
  test('as "helm create" makes it, for each deployer', async () => {
    const folder = await mkdtemp(join(here.folder, 'created-'));
    const { helm } = await tools();
    await promisify(execFile)(helm, ['create', 'web'], { cwd: folder, env: { HOME: folder } });
    await promisify(execFile)(helm, ['package', 'web'], { cwd: folder, env: { HOME: folder } });
    const { readFile } = await import('node:fs/promises');
    const opened = await openPackage(await readFile(join(folder, 'web-0.1.0.tgz')), 'web-0.1.0.tgz');
    assert.equal(opened.kind, 'opened');
    for (const deployer of ['flux', 'argocd', 'none'] as const) {
      const objects = await here.objects({ tree: opened.tree, deployer });
      assert.deepEqual(
        objects.map(({ object, role }) => `${object.kind} ${role}`),
        ['ServiceAccount applied', 'Service applied', 'Deployment applied', 'Pod hook'],
      );
    }
    await rm(folder, { recursive: true });
  });

  test('as the example has it, without a warning', async () => {
    const { bytes, fileName } = await packExample();
    const opened = await openPackage(bytes, fileName);
    assert.equal(opened.kind, 'opened');
    const response = await here.render({ tree: opened.tree, values: '{}\n', deployer: 'flux' });
    assert.equal(response.kind, 'rendered');
    assert.deepEqual(response.warnings, []);
  });
});
