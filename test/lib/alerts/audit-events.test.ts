import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { auditEventOf } from '../../../lib/alerts/audit-event.ts';
import { authorAmong, formatAuthor } from '../../../lib/alerts/by-whom.ts';
import { judgeSet } from '../../../lib/drift/drift.ts';
import type { Author, Finding } from '../../../lib/drift/verdicts.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { requirement } from '../../requirements.ts';
import { object, rendered } from '../drift/judging.ts';

const schemas = await builtInSchemas();
const DECLARED = object(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "a:1"}]}
`);
const GONE = object(
  '{apiVersion: v1, kind: ConfigMap, metadata: {name: gone, namespace: default}, data: {a: b}}',
);

/** What a real API server writes down of real requests is joined with the owners that it recorded for them. */
describe('the audit log of a real API server', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let live: KubernetesObject;

  const as = (user: string, ...argv: string[]) =>
    plane.kubectl([...argv, `--as=${user}`, ...(user === 'nobody' ? [] : ['--as-group=system:masters'])]);
  before(async () => {
    plane = await testControlPlane('api', 'audited');
    await plane.apply([DECLARED, GONE], 'helm');
    await as('mallory', 'set', 'image', 'deployment/web', 'web=a:9', '--dry-run=server');
    await as('mallory', 'scale', 'deployment/web', '--replicas=9', '--dry-run=server');
    await as('mallory', 'delete', 'configmap', 'gone', '--dry-run=server');
    await assert.rejects(as('nobody', 'set', 'image', 'deployment/web', 'web=a:9'));
    await assert.rejects(as('nobody', 'delete', 'configmap', 'gone'));
    await as('alice', 'set', 'image', 'deployment/web', 'web=a:2');
    await as('bob', 'scale', 'deployment/web', '--replicas=5');
    await as('carol', 'label', 'deployment/web', 'extra=1');
    await as('dave', 'delete', 'configmap', 'gone');
    live = JSON.parse(
      await plane.kubectl(['get', 'deployment/web', '-o', 'json', '--show-managed-fields']),
    ) as KubernetesObject;
  });
  after(() => plane.end());

  const found = (): readonly Finding[] =>
    judgeSet({
      desired: [rendered(DECLARED), rendered(GONE)],
      live: {
        find: ({ kind }) => (kind === 'Deployment' ? { kind: 'found', object: live } : { kind: 'absent' }),
        owned: [],
      },
      schemas,
      deployer: 'none',
      release: { namespace: 'default', name: 'web' },
    }).flatMap((verdict) => (verdict.kind === 'drift' ? verdict.findings : []));
  const authorOf = async (finding: Finding | undefined): Promise<Author | undefined> => {
    assert.ok(finding !== undefined);
    const lines = (await readFile(join(plane.folder, 'audit.log'), 'utf8')).split('\n');
    const since = Date.parse(finding.attribution?.since ?? '');
    const window = Number.isNaN(since)
      ? { from: Date.now() - 3_600_000, until: Date.now() }
      : { from: since - 2000, until: since + 2000 };
    return authorAmong(
      lines.flatMap((line) => auditEventOf(line) ?? []),
      finding,
      window,
    );
  };

  for (const [what, at, user, verb] of [
    ['an image', 'spec.template.spec.containers[name=web].image', 'alice', 'patch'],
    ['a label', 'metadata.labels.extra', 'carol', 'patch'],
    ['a number of replicas, whose owner has no time', 'spec.replicas', 'bob', 'patch'],
    ['an object that is gone', '', 'dave', 'delete'],
  ] as const)
    test(`names who changed ${what}, and neither a dry run nor what was refused`, async () => {
      const author = await authorOf(found().find((finding) => finding.at === at));
      assert.equal(author?.actingAs, user);
      assert.equal(author?.verb, verb);
      assert.match(
        formatAuthor(author ?? assert.fail()),
        /^by .+ \(acting as \w+, kubectl\/v1\.\d+\.\d+ from 127\.0\.0\.1\)$/,
      );
    });

  test('of all that was written down, dry runs and refusals are no events', async () => {
    const lines = (await readFile(join(plane.folder, 'audit.log'), 'utf8')).split('\n');
    assert.ok(
      lines.some((line) => line.includes('"mallory"')) && lines.some((line) => line.includes('"nobody"')),
    );
    const events = lines.flatMap((line) => auditEventOf(line) ?? []);
    const users = (deleting: boolean) =>
      [
        ...new Set(
          events
            .filter(({ verb }) => (verb === 'delete') === deleting)
            .flatMap(({ author }) => author.actingAs ?? []),
        ),
      ].sort();
    assert.deepEqual(users(false), ['alice', 'bob', 'carol']);
    // A deletion says in its body that it is a dry run, which is not written down at level Metadata: there it cannot be
    // told apart, and the last deletion counts, since one of what is gone is a 404, dry or not.
    assert.deepEqual(users(true), ['dave', 'mallory']);
  });
});
