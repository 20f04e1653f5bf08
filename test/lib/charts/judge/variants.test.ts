import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReasonCode } from '../../../../lib/charts/reasons.ts';
import { CONFIG_MAP } from '../package/packages.ts';
import { type Rendering, rendering } from '../render/rendering.ts';

let here: Rendering;
before(async () => {
  here = await rendering();
});
after(() => here.remove());

const role = (verb: string) =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\nrules: [{apiGroups: [""], resources: [pods], verbs: [${verb}]}]\n`;
const onUpgrade = (then: string, otherwise = '') =>
  `{{ if .Release.IsUpgrade }}${then}{{ else }}${otherwise}{{ end }}`;
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: ';

const CASES: readonly (readonly [name: string, template: string, code: ReasonCode | undefined])[] = [
  ['another content of the same Role', role(onUpgrade('"*"', 'get')), 'rights-forbidden'],
  ['another content that is as harmless', role(onUpgrade('list', 'get')), undefined],
  ['an object twice', `${CONFIG_MAP}${onUpgrade(`\n---\n${CONFIG_MAP}`)}`, 'object-duplicate'],
  [
    'an object elsewhere',
    onUpgrade(CONFIG_MAP.replace('name: web', 'name: web\n  namespace: kube-system')),
    'namespace-forbidden',
  ],
  [
    'a kind of its own',
    onUpgrade('apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n', CONFIG_MAP),
    'kind-forbidden',
  ],
  [
    'the kind behind one name',
    CONFIG_MAP.replace('kind: ConfigMap', `kind: ${onUpgrade('Node', 'ConfigMap')}`),
    'kind-forbidden',
  ],
  ['a password that is generated each time', `${SECRET}{{ randAlphaNum 20 }}}\n`, undefined],
];

describe('what only an upgrade holds is judged like an install', () => {
  for (const [name, text, code] of CASES)
    test(`${name}: ${code ?? 'taken'}`, async () => {
      const response = await here.render({ files: { 'templates/x.yaml': text } });
      const codes = response.kind === 'rejected' ? response.reasons.map((reason) => reason.code) : [];
      assert.deepEqual(codes, code === undefined ? [] : [code]);
    });
});
