import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { auditEventOf } from '../../../lib/alerts/audit-event.ts';
import { authorAmong, formatAuthor, withAuthors } from '../../../lib/alerts/by-whom.ts';
import { chatOf } from '../../../lib/alerts/chat.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { eventOf } from '../../../lib/alerts/event.ts';
import { pagerOf } from '../../../lib/alerts/pager.ts';
import type { AuditLog, AuditQuestion } from '../../../lib/aws/audit-log.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { auditLine, USERS, type Written } from '../../fixtures/audit-log.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';

const SINCE = '2026-11-21T12:00:00Z';
const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();
const image = (manager = 'kubectl-edit', more: object = {}): Finding =>
  finding(
    'spec.template.spec.containers[name=web].image',
    { desired: 'a:1', live: 'a:2' },
    {
      attribution: { manager, operation: 'Update', since: SINCE, likely: `likely with ${manager}`, ...more },
    },
  );
const deletedField = finding(
  'spec.template.spec.hostNetwork',
  { desired: true },
  {
    attribution: { likely: 'a deletion leaves no author' },
  },
);
const BOB = { user: USERS.BOB, agent: 'k9s/v0.50.9 (linux/amd64) kubernetes/$Format' };
const SCALE = {
  object: { resource: 'deployments', namespace: 'shop', name: 'web', apiGroup: 'apps', subresource: 'scale' },
  uri: '/apis/apps/v1/namespaces/shop/deployments/web/scale',
};
const HELM = {
  user: USERS.HELM_CONTROLLER,
  agent: 'helm-controller/v1.6.0',
  uri: '/x?fieldManager=helm-controller&force=true',
};

const CASES: readonly (readonly [string, Finding, readonly Written[], string | undefined])[] = [
  ['a write of that manager in that second', image(), [{}], 'alice@example.com'],
  ['up to two seconds after', image(), [{ at: at(2) }], 'alice@example.com'],
  ['later than that', image(), [{ at: at(3) }], undefined],
  ['earlier than that', image(), [{ at: '2026-11-21T11:59:57.900Z' }], undefined],
  ['nobody', image(), [], undefined],
  ['another manager', image('kubectl-set'), [{}], undefined],
  [
    'no manager in the request: the agent’s name',
    image('k9s'),
    [{ ...BOB, uri: '/apis/apps/v1/namespaces/shop/deployments/web' }],
    'bob',
  ],
  [
    'another object',
    image(),
    [{ object: { resource: 'deployments', namespace: 'shop', name: 'api', apiGroup: 'apps' } }],
    undefined,
  ],
  [
    'another namespace',
    image(),
    [{ object: { resource: 'deployments', namespace: 'prod', name: 'web', apiGroup: 'apps' } }],
    undefined,
  ],
  [
    'another kind',
    image(),
    [{ object: { resource: 'services', namespace: 'shop', name: 'web' } }],
    undefined,
  ],
  [
    'another group',
    image(),
    [{ object: { resource: 'deployments', namespace: 'shop', name: 'web', apiGroup: 'x.io' } }],
    undefined,
  ],
  ['a dry run', image(), [{ uri: '/x?dryRun=All&fieldManager=kubectl-edit' }], undefined],
  [
    'a dry run in the body',
    wholeObject('missing'),
    [{ verb: 'delete', at: at(-60), more: { requestObject: { kind: 'DeleteOptions', dryRun: ['All'] } } }],
    undefined,
  ],
  ['one that was refused', image(), [{ code: 403 }], undefined],
  [
    'one that conflicted, and then went through',
    image(),
    [{ code: 409, user: USERS.BOB }, {}],
    'alice@example.com',
  ],
  ['one that only began', image(), [{ stage: 'RequestReceived' }], undefined],
  ['a read', image(), [{ verb: 'get' }], undefined],
  ['a subresource that is not the finding’s', image(), [SCALE], undefined],
  ['the scale subresource', image('kubectl', { subresource: 'scale' }), [SCALE], 'alice@example.com'],
  ['the deployer’s own write in the same second', image(), [HELM, {}, HELM], 'alice@example.com'],
  ['two of the same tool: the last', image(), [{}, { user: USERS.BOB, at: '2026-11-21T12:00:01Z' }], 'bob'],
  [
    'a deletion',
    wholeObject('missing'),
    [
      { verb: 'patch', at: at(-100) },
      { verb: 'delete', user: USERS.BOB, at: at(-60) },
    ],
    'bob',
  ],
  [
    'a deletion by the deployer',
    wholeObject('missing'),
    [{ ...HELM, verb: 'delete', at: at(-60) }],
    'system:serviceaccount:flux-system:helm-controller',
  ],
  [
    'a deletion of all of the kind',
    wholeObject('missing'),
    [
      {
        verb: 'deletecollection',
        at: at(-60),
        object: { resource: 'deployments', namespace: 'shop', apiGroup: 'apps' },
      },
    ],
    'alice@example.com',
  ],
  [
    'a deletion of all of another kind',
    wholeObject('missing'),
    [{ verb: 'deletecollection', at: at(-60), object: { resource: 'pods', namespace: 'shop' } }],
    undefined,
  ],
  [
    'a deletion that was refused',
    wholeObject('missing'),
    [{ verb: 'delete', at: at(-60), code: 404 }],
    undefined,
  ],
  ['a deletion two hours ago', wholeObject('missing'), [{ verb: 'delete', at: at(-7200) }], undefined],
  [
    'what leaves no author, and one person wrote',
    deletedField,
    [{ at: at(-60) }, { at: at(-30) }],
    'alice@example.com',
  ],
  [
    'what leaves no author, and two wrote',
    deletedField,
    [{ at: at(-60) }, { at: at(-30), user: USERS.BOB }],
    undefined,
  ],
];

/** A log with these lines, which answers as CloudWatch does: by name and time, roughly. */
const logOf = (lines: readonly string[], asked: AuditQuestion[] = []): AuditLog => ({
  linesAbout: async (question) => {
    asked.push(question);
    return lines;
  },
});
const driftOf = (...findings: Finding[]): Alert => ({
  schema: 1,
  kind: 'drift',
  installation: 'fairlead',
  target: 'staging',
  scope: 'shop/web',
  incident: 'fairlead/staging/shop/web/drift/1',
  sequence: 1,
  at: SINCE,
  severity: 'warning',
  commit: 'c'.repeat(40),
  repository: 'https://git.example.com/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  since: SINCE,
  findings,
});
const enriched = async (alert: Alert, log: AuditLog | undefined, failures: unknown[] = []): Promise<Alert> =>
  await withAuthors(
    alert,
    async () => log,
    (error) => failures.push(error),
  );
const authorIn = (alert: Alert): string | undefined =>
  'findings' in alert ? alert.findings[0]?.attribution?.by?.name : undefined;

describe('by whom, from the audit log', () => {
  for (const [what, one, lines, expected] of CASES)
    test(`${what}: ${expected ?? 'nobody is named'}`, async () => {
      assert.equal(authorIn(await enriched(driftOf(one), logOf(lines.map(auditLine)))), expected);
    });

  test('an alert says who, with which tool, from where and when; likely with, where nobody is named', async () => {
    const named = await enriched(driftOf(image()), logOf([auditLine({})]));
    assert.match(
      emailOf(named).body,
      /by alice@example\.com \(arn:aws:sts::111122223333:assumed-role\/AWSReservedSSO_Admin_0a1b2c\/alice@example\.com, kubectl\/v1\.35\.0 from 203\.0\.113\.7\), patch at 2026-11-21 12:00 UTC/,
    );
    assert.equal(
      emailOf(named).subject,
      '[drift] staging shop/web: Deployment/web changed by alice@example.com',
    );
    assert.match(chatOf(named).body, /by alice\(at\)example\.com/);
    assert.match(JSON.stringify(eventOf(named).detail.alert), /"by":\{"name":"alice@example\.com"/);
    assert.match(emailOf(await enriched(driftOf(image()), undefined)).body, /likely with kubectl-edit/);
  });

  test('who acts as another is named, and as whom', () => {
    const event = auditEventOf(auditLine({ more: { impersonatedUser: { username: 'system:admin' } } }));
    assert.match(
      formatAuthor(event?.author ?? assert.fail()),
      /^by alice@example\.com \(.*, acting as system:admin, kubectl/,
    );
  });

  test('the question holds the object, and the time around it', async () => {
    const asked: AuditQuestion[] = [];
    await enriched(driftOf(image()), logOf([], asked));
    const [{ name, namespace, from, until } = assert.fail()] = asked;
    assert.deepEqual([name, namespace], ['web', 'shop']);
    assert.ok(from < Date.parse(SINCE) && Date.parse(SINCE) < until && until - from < 5 * 60_000);
  });

  test('a log that fails, or holds no events, costs nothing', async () => {
    const alert = driftOf(image());
    const failures: unknown[] = [];
    const failing: AuditLog = { linesAbout: async () => Promise.reject(new Error('AccessDeniedException')) };
    assert.deepEqual(await enriched(alert, failing, failures), alert);
    assert.equal(failures.length, 1);
    for (const junk of [
      '',
      'no JSON',
      '[]',
      '{}',
      'null',
      '{"kind":"Event"}',
      auditLine({ more: { responseStatus: null } }),
    ])
      assert.deepEqual(await enriched(alert, logOf([junk])), alert);
    assert.deepEqual(
      await withAuthors(
        alert,
        () => Promise.reject(new Error('no configuration')),
        (error) => failures.push(error),
      ),
      alert,
    );
  });

  test('no more than five findings of an alert are looked up', async () => {
    const asked: AuditQuestion[] = [];
    await enriched(driftOf(...Array.from({ length: 40 }, () => image())), logOf([auditLine({})], asked));
    assert.equal(asked.length, 5);
  });

  test('what a client says of itself breaks no form', async () => {
    const evil = '\u001b[31m\r\nSubject: forged\u2028<!channel> @here `x` [a](http://b) \u202e';
    const line = auditLine({
      user: { username: evil, extra: { arn: [evil], sessionName: [evil] } },
      agent: `kubectl/${evil.replaceAll(' ', '')}${'x'.repeat(9000)}`,
      more: { sourceIPs: [evil], impersonatedUser: { username: evil } },
    });
    const alert = await enriched(driftOf(image()), logOf([line]));
    assert.ok(authorIn(alert) !== undefined);
    const pager = pagerOf(alert, { region: 'eu-central-1', account: '111122223333' });
    for (const text of [emailOf(alert).subject, pager?.subject ?? '', chatOf(alert).subject])
      assert.match(text, /^[\x20-\x7e]{1,100}$/);
    const { body } = emailOf(alert);
    for (const never of ['\u001b', '\r', '\u2028', '\u202e', '\nSubject: forged'])
      assert.ok(!body.includes(never), JSON.stringify(never));
    assert.ok(body.length < 8000);
    const chat = JSON.parse(chatOf(alert).body).content.description as string;
    for (const never of ['<!channel>', '@here', '\u001b', '\u202e', '[a]('])
      assert.ok(!chat.includes(never), JSON.stringify(never));
  });

  test('events are told apart by time alone where they are the same otherwise', () => {
    const events = [at(-1), at(1)].flatMap((time) => auditEventOf(auditLine({ at: time })) ?? []);
    const window = { from: Date.parse(SINCE) - 2000, until: Date.parse(SINCE) + 2000 };
    assert.equal(authorAmong(events, image(), window)?.at, at(1));
  });
});
