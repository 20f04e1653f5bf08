import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Alert, LIFE } from '../../../lib/alerts/alert.ts';
import { chatOf } from '../../../lib/alerts/chat.ts';
import { quoted } from '../../../lib/alerts/commands.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { eventOf } from '../../../lib/alerts/event.ts';
import { alarmName, pagerOf } from '../../../lib/alerts/pager.ts';
import { MESSAGE_BYTES } from '../../../lib/alerts/plain.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { formatJson, parseJson } from '../../../lib/objects/json.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';
import { EXAMPLES } from './examples.ts';
import { HOSTILE, withTexts } from './hostile-alert.ts';

const HIDDEN = 'hunter2-very-secret';
const ORIGIN = { region: 'eu-central-1', account: '123456789012' };
const driftOf = (findings: readonly Finding[], more: Partial<Alert> = {}): Alert =>
  ({ ...EXAMPLES.drift, findings, ...more }) as Alert;

/** Every text that people or machines get of it. */
const everything = (alert: Alert): string =>
  [
    ...Object.values(emailOf(alert)),
    ...Object.values(chatOf(alert)),
    ...Object.values(pagerOf(alert, ORIGIN) ?? {}),
    formatJson(eventOf(alert)),
  ].join('\n');

/** Each text is one line of ours, or was broken into several by whoever wrote it. */
const BROKEN = 'MARK1\nMARK2\r\nMARK3\u2028MARK4\u2029MARK5\u0085MARK6\vMARK7';
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;

/** Strings as anybody might write them, beside those of `HOSTILE`. */
const hostile = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...HOSTILE));

function assertHarmless(alert: Alert, name: string): void {
  const { subject, body } = emailOf(alert);
  for (const line of [subject, subjectOfChat(alert), pagerOf(alert, ORIGIN)?.subject ?? 'none'])
    assert.match(line, /^[\x20-\x7e]{1,100}$/, name);
  assert.doesNotMatch(body.replaceAll('\n', ''), UNPRINTABLE, name);
  assert.ok(Buffer.byteLength(body) <= MESSAGE_BYTES, name);

  const { content, metadata, id } = chatParts(alert);
  const texts = [
    content.title,
    content.description,
    ...(content.nextSteps ?? []),
    ...content.keywords,
    metadata.summary,
    ...Object.values(metadata.additionalContext),
  ];
  for (const text of texts) {
    assert.doesNotMatch(text, /[@<>]/, name);
    assert.doesNotMatch(text.replaceAll('\n', ''), UNPRINTABLE, name);
    for (const line of text.split('\n')) {
      assert.equal((line.split('`').length - 1) % 2, 0, `${name}: ${line}`);
      // Outside of code nothing is a link, an image or a word in a style that we did not choose.
      const outside = line.replace(/`[^`]*`/g, '');
      assert.doesNotMatch(outside, /:\/\/|www\.|mailto:|[[\]#~|]/, `${name}: ${line}`);
    }
  }
  assert.ok(
    content.title.length <= 250 && content.description.length <= 8000 && content.description !== '',
    name,
  );
  assert.ok((content.nextSteps ?? []).length <= 10, name);
  for (const step of content.nextSteps ?? [])
    assert.ok(step.length <= 350 && step !== '', `${name}: ${step}`);
  assert.equal(metadata.threadId, alarmName(alert.incident));
  assert.doesNotMatch(id, UNPRINTABLE, name);

  const page = pagerOf(alert, ORIGIN);
  if (page !== undefined) {
    const alarm = JSON.parse(page.body) as Record<string, string>;
    assert.match(alarm.NewStateValue ?? '', LIFE[alert.kind] === 'closes' ? /^OK$/ : /^ALARM$/, name);
    assert.ok((alarm.AlarmName ?? '').length <= 255, name);
    assert.ok((alarm.NewStateReason ?? '').length <= 1023, name);
    assert.ok((alarm.AlarmDescription ?? '').length <= 1024, name);
    assert.doesNotMatch(`${alarm.NewStateReason}${alarm.AlarmName}`, UNPRINTABLE, name);
    assert.doesNotMatch((alarm.AlarmDescription ?? '').replaceAll('\n', ''), UNPRINTABLE, name);
  }
  const event = eventOf(alert);
  assert.doesNotMatch(event.detail.headline, UNPRINTABLE, name);
  assert.deepEqual(parseJson(formatJson(event.detail)), event.detail as unknown, name);
}

const subjectOfChat = (alert: Alert): string => chatOf(alert).subject;
const chatParts = (alert: Alert) =>
  JSON.parse(chatOf(alert).body) as {
    id: string;
    content: { title: string; description: string; nextSteps?: string[]; keywords: string[] };
    metadata: { threadId: string; summary: string; additionalContext: Record<string, string> };
  };

describe('strings from outside stay harmless, whatever kind of alert they are in and wherever', () => {
  for (const [name, alert] of Object.entries(EXAMPLES)) {
    test(`${name}: no line is forged, hidden or cut in a way that breaks it`, () => {
      for (const text of HOSTILE) assertHarmless(withTexts(alert, text), `${name} with ${text}`);
    });

    test(`${name}: what its author broke into lines stays on one, or is quoted as such`, () => {
      const broken = withTexts(alert, BROKEN);
      const description = JSON.parse(pagerOf(broken, ORIGIN)?.body ?? '{}').AlarmDescription ?? '';
      const lines = [emailOf(broken).body, description, chatParts(broken).content.description]
        .join('\n')
        .split('\n');
      for (const line of lines) assert.doesNotMatch(line, /^[-#>]?\s?MARK[2-7]/, name);
      // Only a tool's excerpt and a rule to paste have lines, each of them marked as theirs.
      for (const line of lines.filter((each) => /MARK[23]/.test(each)))
        assert.match(line, /MARK1|^ {3}\| |^ {2}MARK/, name);
    });
  }

  test('nor do strings that nobody thought of', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(EXAMPLES)), hostile, (name, text) => {
        assertHarmless(withTexts(EXAMPLES[name] as Alert, text), name);
      }),
      { numRuns: 300 },
    );
  });

  test('values of Secrets are in no form of any kind, wherever a finding holds them', () => {
    for (const [name, alert] of Object.entries(EXAMPLES)) {
      const findings = (list: readonly Finding[]): readonly Finding[] =>
        list.map((one) => ({ ...one, secret: true, desired: HIDDEN, live: { deep: [HIDDEN] } }));
      const secret = {
        ...alert,
        ...('findings' in alert ? { findings: findings(alert.findings) } : {}),
        ...('gone' in alert ? { gone: findings(alert.gone) } : {}),
      } as Alert;
      assert.doesNotMatch(everything(secret), new RegExp(HIDDEN), name);
    }
  });
  test('they address nobody in a chat, link nothing, and end no code early', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, value) => {
        const alert = driftOf([
          finding(`data.${name}`, { desired: 'a', live: value }, { path: [{ kind: 'field', name: 'data' }] }),
        ]);
        const { content } = JSON.parse(chatOf(alert).body) as {
          content: { title: string; description: string };
        };
        assert.doesNotMatch(content.title + content.description, /[@<>]/);
        const [line = ''] = content.description.split('\n');
        // Path, desired, live: three spans of code, two backticks each.
        assert.equal(line.split('`').length - 1, 6);
      }),
      { numRuns: 300 },
    );
  });

  test('commands are made of names alone, quoted for a shell; odd names get none', () => {
    const odd = wholeObject('extra', { kind: 'ConfigMap', apiVersion: 'v1', name: "x'; reboot '" });
    assert.doesNotMatch(emailOf(driftOf([odd])).body, /kubectl delete/);
    const colons = wholeObject('extra', {
      kind: 'ClusterRole',
      apiVersion: 'rbac.authorization.k8s.io/v1',
      name: 'system:a b',
    });
    const { body } = emailOf(driftOf([colons]));
    assert.match(body, /kubectl delete -n shop 'clusterrole\.rbac\.authorization\.k8s\.io\/system:a b'/);
    assert.equal(quoted("a'b"), `'a'\\''b'`);
  });
});

describe('what nobody should read is nowhere', () => {
  const environment = (name: string) => `spec.template.spec.containers[name=web].env[name=${name}].value`;
  const CASES: readonly (readonly [string, Finding])[] = [
    [
      'a Secret’s value, even if a finding held it',
      finding('data.password', { desired: HIDDEN, live: HIDDEN }, { secret: true }),
    ],
    ['a variable named as a password', finding(environment('DB_PASSWORD'), { desired: HIDDEN, live: 'x' })],
    [
      'an added variable named as a token',
      finding('spec.template.spec.containers[name=web].env[name=API_TOKEN]', {
        live: { name: 'API_TOKEN', value: HIDDEN },
      }),
    ],
    [
      'an added container with such a variable',
      finding('spec.template.spec.containers[name=a]', {
        live: { name: 'a', env: [{ name: 'SECRET_KEY', value: HIDDEN }] },
      }),
    ],
    [
      'a key of a ConfigMap named so',
      finding(
        'data.api-key',
        { live: HIDDEN },
        { object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', namespace: 'shop' } },
      ),
    ],
    [
      'a whole ConfigMap’s data',
      finding(
        'data',
        { live: { 'private-key': HIDDEN } },
        { object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', namespace: 'shop' } },
      ),
    ],
    ['an address with a password', finding('spec.url', { live: `postgres://web:${HIDDEN}@db/web` })],
    [
      'a private key wherever it stands',
      finding('spec.text', { live: `-----BEGIN RSA PRIVATE KEY-----\n${HIDDEN}` }),
    ],
    ['a token of a Git host', finding('spec.text', { live: `ghp_${'a'.repeat(36)}${HIDDEN}` })],
  ];
  for (const [what, one] of CASES) {
    test(what, () => assert.doesNotMatch(everything(driftOf([one])), new RegExp(HIDDEN)));
  }

  test('a credential that a deployer, a tool or a workload quotes', () => {
    const says = `cannot pull https://robot:${HIDDEN}@registry.example.com, token ghp_${'a'.repeat(30)}${HIDDEN}`;
    const key = `x -----BEGIN RSA PRIVATE KEY-----\n${HIDDEN}`;
    for (const name of ['stalled', 'reminder-stalled', 'unknown', 'reminder-unknown', 'blocked']) {
      for (const text of [says, key]) {
        const words = { deployerSays: text, unready: [`Deployment/web: ${text}`], reason: text };
        const known = Object.keys(words).filter((field) => field in (EXAMPLES[name] ?? {}));
        assert.ok(known.length > 0);
        const alert = {
          ...EXAMPLES[name],
          ...Object.fromEntries(known.map((field) => [field, words[field as keyof typeof words]])),
        } as Alert;
        assert.doesNotMatch(everything(alert), new RegExp(HIDDEN), name);
      }
    }
  });

  test('and what is ordinary is shown', () => {
    const ordinary = finding(environment('LOG_LEVEL'), { desired: 'info', live: 'debug' });
    assert.match(emailOf(driftOf([ordinary])).body, /Git: {5}info\n {3}cluster: debug/);
  });
});

describe('values can be told apart', () => {
  const CASES: readonly (readonly [unknown, string])[] = [
    [8080, '8080'],
    ['8080', '"8080"'],
    [true, 'true'],
    ['true', '"true"'],
    ['', '""'],
    [null, 'null'],
    ['1.5Gi', '"1.5Gi"'],
    ['nginx:1.27', 'nginx:1.27'],
    [' padded ', '" padded "'],
    [9007199254740993n, '9007199254740993'],
    [['a'], '["a"]'],
  ];
  for (const [value, shown] of CASES) {
    test(`${typeof value} ${String(value)} is shown as ${shown}`, () => {
      const { body } = emailOf(driftOf([finding('spec.x', { desired: 'other', live: value as string })]));
      assert.match(body, new RegExp(`cluster: ${shown.replace(/[.[\]"]/g, '\\$&')}\n`));
    });
  }
});

describe('each form fits where it goes', () => {
  const many = Array.from({ length: 400 }, (_, index) =>
    finding(`metadata.annotations.a${index}`, { live: '€'.repeat(2000) }),
  );
  const alert = driftOf(many, { more: 7 } as Partial<Alert>);

  test('an email counts what it leaves out, and is cut by bytes', () => {
    const { body } = emailOf(alert);
    assert.ok(Buffer.byteLength(body) <= MESSAGE_BYTES);
    const shown = [...body.matchAll(/^\d+\. /gm)].length;
    assert.match(body, new RegExp(`\nand ${400 - shown + 7} more\n`));
    assert.match(body, /WHAT TO DO/);
    assert.doesNotMatch(body, /\uFFFD/);
  });
  test('an event counts what it leaves out', () => {
    const { detail } = eventOf(alert);
    assert.ok(Buffer.byteLength(formatJson(detail)) <= MESSAGE_BYTES);
    assert.ok(detail.alert.kind === 'drift');
    assert.equal(detail.cut + detail.alert.findings.length, 400);
  });
  test('a chat message and a page stay small', () => {
    assert.ok(Buffer.byteLength(chatOf(alert).body) < 32_768);
    assert.ok(Buffer.byteLength(pagerOf(alert, ORIGIN)?.body ?? '') < 4096);
  });
});
