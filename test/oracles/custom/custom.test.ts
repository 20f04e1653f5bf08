import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatJson } from '../../../lib/objects/json.ts';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { findingsOf, judge, said } from '../../lib/drift/judging.ts';
import { requirement } from '../../requirements.ts';
import { type Answer, type ApiServer, objectOf, startApiServer } from '../api-server.ts';
import { CASES, type CustomCase, type Edit } from './cases.ts';
import { DEFINITION, GROUP } from './definition.ts';

const APPLY = 'application/apply-patch+yaml';
const EDIT = 'application/json-patch+json';
const collection = (version: 'v1' | 'v2') => `/apis/${GROUP}/${version}/namespaces/default/samples`;

const titleOf = ([op, path, value, ...told]: Edit): string =>
  `${op} ${path}${op === 'remove' ? '' : ` ${formatJson(value)}`}: ${told.length === 0 ? 'in sync' : told.join(', ')}`;

describe('custom resources on a real server', requirement('control-plane'), () => {
  let server: ApiServer;

  before(async () => {
    const started = await startApiServer();
    if (started.kind === 'unavailable') throw new Error(`${started.reason}: ${started.howTo}`);
    server = started.server;
    objectOf(
      await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', DEFINITION),
    );
    await served();
  });
  after(() => server?.stop());

  async function served(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const { status } = await server.call('GET', collection('v1'));
      if (status === 200 && (await server.schemas()).of(`${GROUP}/v1`, 'Sample') !== undefined) return;
      assert.ok(attempt < 200, 'the definition is never served');
      await sleep(100);
    }
  }

  const sample = (name: string, spec: Json): KubernetesObject => ({
    apiVersion: `${GROUP}/v1`,
    kind: 'Sample',
    // Something of it stays the deployer's, whatever is edited.
    metadata: { name, namespace: 'default', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
    spec: spec as never,
  });
  const call = async (verb: string, path: string, body?: unknown, type?: string): Promise<KubernetesObject> =>
    objectOf(await server.call(verb, path, body, type));
  const apply = (object: KubernetesObject, manager = 'helm') =>
    call(
      'PATCH',
      `${collection('v1')}/${object.metadata.name}?fieldManager=${manager}&force=true`,
      object,
      APPLY,
    );
  const verdictOf = async (object: KubernetesObject) => {
    const live = await call('GET', `${collection('v1')}/${object.metadata.name}`);
    return judge(object, live, { schemas: await server.schemas(), ownership: 'required' });
  };

  CASES.forEach((each, number) => {
    describe(each.name, () => {
      const object = sample(`case-${number}`, each.declared);
      let spec: Json;

      before(async () => {
        const made = each.created
          ? await call('POST', `${collection('v1')}?fieldManager=helm`, object)
          : await apply(object);
        spec = made.spec as Json;
      });

      test('is in sync once it is applied, and applied again', async () => {
        assert.deepEqual(said(await verdictOf(object)), []);
        if (!each.created) await apply(object);
        assert.deepEqual(said(await verdictOf(object)), []);
      });

      for (const edit of each.edits)
        for (const version of ['v1', 'v2'] as const)
          test(`${titleOf(edit)}${version === 'v1' ? '' : ', through the other version'}`, () =>
            edited(each, object, spec, edit, version));
    });
  });

  async function edited(
    { created }: CustomCase,
    object: KubernetesObject,
    spec: Json,
    [op, path, value, ...told]: Edit,
    version: 'v1' | 'v2',
  ): Promise<void> {
    const at = `${collection(version)}/${object.metadata.name}?fieldManager=kubectl-edit`;
    const patch = [{ op, path: `/spec${path}`, ...(op === 'remove' ? {} : { value }) }];
    await call('PATCH', at, patch, EDIT);
    const verdict = await verdictOf(object);
    assert.deepEqual(said(verdict), told);
    for (const { attribution, verdict: kind, live } of findingsOf(verdict)) {
      // What is gone has no author, and what the server fills in for it neither.
      if (kind === 'added') assert.equal(attribution?.manager, 'kubectl-edit', formatJson(attribution));
      else if (live !== undefined && op !== 'remove')
        assert.equal(attribution?.manager, 'kubectl-edit', formatJson(attribution));
    }
    await call('PATCH', at, [{ op: 'replace', path: '/spec', value: spec }], EDIT);
    assert.deepEqual(said(await verdictOf(object)), [], 'undone by hand');
    if (created) return;
    await apply(object);
    assert.deepEqual(said(await verdictOf(object)), [], 'applied again');
  }

  test('status is the controller’s, whatever Git says of it', async () => {
    const object = { ...sample('status', { text: 'a' }), status: { ready: false } };
    await apply(object);
    assert.deepEqual(said(await verdictOf(object)), []);
    const status = { status: { ready: true, phase: 'Running' } };
    const path = `${collection('v1')}/status/status?fieldManager=sample-operator`;
    await call('PATCH', path, status, 'application/merge-patch+json');
    assert.deepEqual(said(await verdictOf(object)), []);
  });

  test('what its own controller drops of null and zero values in a rewrite is in sync', async () => {
    const object = sample('rewritten', {
      ...{ maybe: null, text: '', flag: false, amount: '1024Mi', whole: 1 },
      ...{ never: '8.10', defaults: { strict: false, replicas: 2 } },
    });
    await apply(object);
    const live = await call('GET', `${collection('v1')}/rewritten`);
    const status = `${collection('v1')}/rewritten/status?fieldManager=sample-operator`;
    await call('PATCH', status, { status: { ready: true } }, 'application/merge-patch+json');
    const { metadata } = await call('GET', `${collection('v1')}/rewritten`);
    const typed = {
      ...live,
      metadata: { ...metadata, finalizers: [`${GROUP}/held`] },
      spec: {
        ...{ amount: '1Gi', whole: 1, choice: 'a', neverDefault: 5, maybeDefault: 5 },
        ...{ never: '8.10', defaults: { replicas: 2 } },
      },
    };
    await call('PUT', `${collection('v1')}/rewritten?fieldManager=sample-operator`, typed);
    assert.deepEqual(said(await verdictOf(object)), []);
    const edit = `${collection('v1')}/rewritten?fieldManager=kubectl-edit`;
    await call('PATCH', edit, [{ op: 'replace', path: '/spec/whole', value: 0 }], EDIT);
    assert.deepEqual(said(await verdictOf(object)), ['changed spec.whole']);
    // A version that reads like a quantity, and a default: the same by their values, were it not for who wrote them.
    await call('PATCH', edit, [{ op: 'replace', path: '/spec/never', value: '8.1' }], EDIT);
    for (const value of [false, true])
      await call('PATCH', edit, [{ op: 'replace', path: '/spec/defaults/strict', value }], EDIT);
    assert.deepEqual(said(await verdictOf(object)), [
      'changed spec.whole',
      'changed spec.never',
      'changed spec.defaults.strict',
    ]);
  });

  test('a value that the definition forbids is refused, and changes no verdict', async () => {
    const object = sample('refused', { either: { one: 'x' } });
    await apply(object);
    const wrong = [{ op: 'add', path: '/spec/either/other', value: 1 }];
    const answer: Answer = await server.call('PATCH', `${collection('v1')}/refused`, wrong, EDIT);
    assert.equal(answer.status, 422);
    assert.deepEqual(said(await verdictOf(object)), []);
  });
});
