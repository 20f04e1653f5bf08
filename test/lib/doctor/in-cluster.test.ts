import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bootstrapDocuments } from '../../../lib/bootstrap/bootstrap.ts';
import { openConnection } from '../../../lib/cluster/connection.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { clusterCheck } from '../../../lib/doctor/cluster-checks.ts';
import type { Diagnosis } from '../../../lib/doctor/diagnosis.ts';
import { reviewAsCheck } from '../../../lib/doctor/in-cluster.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import { requirement } from '../../requirements.ts';

/** `none`: what bootstrap prints then needs no kinds of a deployer, which are not here. */
const config = parseConfig({
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'none', namespaces: ['shop'] }],
});
const [target] = config.targets;
const [repository] = config.repositories;
assert.ok(target !== undefined && repository !== undefined);
const printed = bootstrapDocuments({ target, repository, secrets: 'no-secrets' }).map(({ object }) => object);

describe('the doctor inside a real cluster', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await testControlPlane('api', 'audited');
  });
  after(() => plane?.end());

  const connect = () => openConnection({ kind: 'kubeconfig', path: plane.kubeconfig });
  const look = (deployer: 'none' | 'flux' = 'none') =>
    clusterCheck({
      target: { ...target, deployer },
      repository,
      connect: async () => ({ kind: 'way', connection: await connect() }),
    }).look();
  const about = (found: readonly Diagnosis[], where: RegExp) =>
    found.filter((each) => where.test(each.where));
  const kinds = (found: readonly Diagnosis[]) => new Set(found.map(({ kind }) => kind));

  test('before bootstrap: every object is missing, and no right is there; each with the command', async () => {
    const found = await look();
    const objects = about(found, /what bootstrap prints/);
    assert.equal(objects.length, printed.length);
    const rights = about(found, /rights of the check/).filter(({ kind }) => kind !== 'skipped');
    assert.ok(rights.length > 5);
    for (const each of [...objects, ...rights]) {
      assert.equal(each.kind, 'wrong');
      assert.equal(each.mend, 'npx fairlead bootstrap staging | kubectl apply -f -');
    }
    assert.match(JSON.stringify(rights), /it may not list deployments\.apps in shop/);
  });

  test('after bootstrap: all is there, and the group may do it', async () => {
    await plane.apply(printed, 'kubectl');
    const found = await look();
    assert.deepEqual(kinds(about(found, /what bootstrap prints/)), new Set(['ok']));
    assert.deepEqual(
      about(found, /rights of the check/).map(({ kind }) => kind),
      ['ok', 'skipped'],
    );
    assert.match(JSON.stringify(about(found, /cluster$/)), /Kubernetes v1\.35/);
  });

  test("Secrets and what lies elsewhere are not the check's: the group may, or may not, as asked of the server", async () => {
    const connection = await connect();
    const asked = (group: string, resource: string, namespace: string) =>
      reviewAsCheck(connection, { group, resource, verb: 'list', namespace });
    assert.deepEqual(await asked('', 'configmaps', 'shop'), { kind: 'allowed' });
    assert.deepEqual(await asked('', 'secrets', 'shop'), { kind: 'denied' });
    assert.deepEqual(await asked('apps', 'deployments', 'kube-system'), { kind: 'denied' });
  });

  test('a role that somebody narrowed or widened is seen', async () => {
    const patched = printed.map((object) =>
      object.kind === 'Role' && object.metadata.name === 'fairlead-staging-check'
        ? {
            ...object,
            rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'delete'] }],
          }
        : object,
    );
    await plane.apply(patched, 'kubectl');
    const text = JSON.stringify(about(await look(), /what bootstrap prints/));
    assert.match(text, /it does not give get endpoints/);
    assert.match(text, /the check may only read, and it gives delete/);
    await plane.apply(printed, 'kubectl');
  });

  test('who may only read is told that he may not ask as the group, and the roles are compared instead', async () => {
    await plane.kubectl(['create', 'serviceaccount', 'reader', '--namespace', 'shop']);
    await plane.kubectl(['create', 'clusterrole', 'reads-all', '--verb=get,list', '--resource=*.*']);
    await plane.kubectl([
      ...['create', 'clusterrolebinding', 'reads-all', '--clusterrole=reads-all'],
      '--serviceaccount=shop:reader',
    ]);
    const token = (await plane.kubectl(['create', 'token', 'reader', '--namespace', 'shop'])).trim();
    const { tls, ...rest } = await connect();
    const found = await clusterCheck({
      target,
      repository,
      connect: async () => ({
        kind: 'way',
        connection: {
          ...rest,
          headers: { authorization: `Bearer ${token}` },
          tls: tls.ca === undefined ? {} : { ca: tls.ca },
        },
      }),
    }).look();
    assert.match(JSON.stringify(about(found, /rights of the check/)), /"skipped".*may not ask as the group/);
    assert.deepEqual(kinds(about(found, /what bootstrap prints/)), new Set(['ok']));
    assert.ok(!JSON.stringify(found).includes(token));
  });

  test('Flux that is not installed is said', async () => {
    assert.match(JSON.stringify(await look('flux')), /Flux is not installed/);
  });

  test('one look creates reviews, which no cluster keeps, and changes nothing else', async () => {
    const before = (await plane.audit()).length;
    await look();
    const changing = (await plane.audit())
      .slice(before)
      .filter(({ verb, resource }) => resource !== undefined && !['get', 'list', 'watch'].includes(verb))
      // The server's own controllers write leases and the like.
      .filter(({ user }) => !user.startsWith('system:'))
      .map(({ verb, resource }) => `${verb} ${resource}`);
    assert.deepEqual(new Set(changing), new Set(['create selfsubjectaccessreviews']));
  });
});
