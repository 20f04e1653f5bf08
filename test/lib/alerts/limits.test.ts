import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Schema, Validator } from '@cfworker/json-schema';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { chatOf } from '../../../lib/alerts/chat.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { eventOf } from '../../../lib/alerts/event.ts';
import { alarmName, pagerOf } from '../../../lib/alerts/pager.ts';
import { cutBytes, MESSAGE_BYTES } from '../../../lib/alerts/plain.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { DEPLOYMENT, finding } from '../../fixtures/findings.ts';
import { EXAMPLES } from './examples.ts';
import { HOSTILE, withTexts } from './hostile-alert.ts';

const ORIGIN = { region: 'eu-central-1', account: '123456789012' };
const schemaOf = (name: string): Validator =>
  new Validator(
    JSON.parse(readFileSync(join(import.meta.dirname, 'published', `${name}.schema.json`), 'utf8')) as Schema,
    '2020-12',
    false,
  );
const assertValid = (schema: Validator, json: string, name: string): void => {
  const { valid, errors } = schema.validate(JSON.parse(json));
  assert.ok(
    valid,
    `${name}: ${errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`).join('; ')}`,
  );
};
const example = (name: string): Alert => {
  const alert = EXAMPLES[name];
  assert.ok(alert, name);
  return alert;
};
/** Names that no string of the platform is as long as, with characters of three and four bytes. */
const LONG = '€𝕏'.repeat(4000);

describe('what others publish of their forms', () => {
  test('pages are CloudWatch’s messages of an alarm, with each of their fields and no other', () => {
    const schema = schemaOf('cloudwatch-alarm-message');
    let pages = 0;
    for (const [name, alert] of Object.entries(EXAMPLES))
      for (const one of [
        alert,
        withTexts(alert, LONG),
        ...HOSTILE.map((text) => withTexts(alert, text || 'x')),
      ]) {
        const page = pagerOf(one, ORIGIN);
        if (page === undefined) continue;
        pages += 1;
        assertValid(schema, page.body, name);
      }
    assert.ok(pages > 100);
  });

  test('chat messages are Amazon Q’s custom notifications', () => {
    const schema = schemaOf('amazon-q-custom-notification');
    for (const [name, alert] of Object.entries(EXAMPLES))
      for (const one of [
        alert,
        withTexts(alert, LONG),
        ...HOSTILE.map((text) => withTexts(alert, text || 'x')),
      ])
        assertValid(schema, chatOf(one).body, name);
  });

  test('an incident has one alarm and one thread from its first message to its last, however long its key is', () => {
    const incident = `fairlead/staging/manifests/${'n'.repeat(63)}/${'k'.repeat(253)}/drift/1`;
    const names = ['drift', 'drift-changed', 'converged'].map((name) => {
      const alert = { ...example(name), incident };
      const { threadId } = (JSON.parse(chatOf(alert).body) as { metadata: { threadId: string } }).metadata;
      const page = JSON.parse(pagerOf(alert, ORIGIN)?.body ?? '{}') as { AlarmName: string };
      assert.equal(threadId, page.AlarmName);
      return page.AlarmName;
    });
    assert.equal(new Set(names).size, 1);
    assert.ok((names[0] ?? '').length <= 255);
    assert.notEqual(alarmName(incident), alarmName(`${incident}2`));
  });
});

/** A finding of so many bytes of value, each unlike the others: none is told together with another. */
const large = (index: number, value: string): Finding =>
  finding(
    `metadata.annotations.a${index}`,
    { live: `${value}${index}` },
    { object: { ...DEPLOYMENT, name: `web-${index}` } },
  );
const driftOf = (findings: readonly Finding[], more?: number): Alert =>
  ({ ...example('drift'), findings, ...(more === undefined ? {} : { more }) }) as Alert;
const numbered = (body: string): number => [...body.matchAll(/^\d+\. .*-\d+ has additions$/gm)].length;

describe('SNS carries 262,144 bytes, and not one more', () => {
  const WIDE = ['a', 'é', '€', '𝕏'] as const;
  for (const character of WIDE) {
    test(`an email of characters of ${Buffer.byteLength(character)} bytes ends within it, and counts what it leaves out`, () => {
      const all = Array.from({ length: 900 }, (_, index) => large(index, character.repeat(300)));
      const { body } = emailOf(driftOf(all, 41));
      assert.ok(Buffer.byteLength(body) <= MESSAGE_BYTES);
      assert.doesNotMatch(body, /\uFFFD/);
      assert.match(body, new RegExp(`\nand ${900 - numbered(body) + 41} more\n`));
      assert.match(body, /WHAT TO DO/);
      assert.match(body, /npx fairlead incidents /);
    });
  }

  test('at the very byte: one that fits exactly is whole, and with a byte less room something is left out', () => {
    const all = Array.from({ length: 40 }, (_, index) => large(index, '€'.repeat(100)));
    const whole = emailOf(driftOf(all)).body;
    const exact = Buffer.byteLength(whole);
    assert.equal(numbered(whole), 40);
    // The count that might have to be said takes its room from the start.
    const COUNT_BYTES = Buffer.byteLength('\nand 999999 more\n');
    assert.equal(emailOf(driftOf(all), exact + COUNT_BYTES).body, whole);
    for (let bytes = exact + COUNT_BYTES - 1; bytes > exact - 1200; bytes -= 7) {
      const { body } = emailOf(driftOf(all), bytes);
      assert.ok(Buffer.byteLength(body) <= bytes);
      const shown = numbered(body);
      assert.ok(shown < 40);
      assert.match(body, new RegExp(`\nand ${40 - shown} more\n`));
      assert.doesNotMatch(body, /\uFFFD/);
    }
  });

  test('text is cut between characters, whatever byte the limit falls on', () => {
    const text = 'aé€𝕏'.repeat(20);
    for (let bytes = 3; bytes <= Buffer.byteLength(text) + 1; bytes++) {
      const cut = cutBytes(text, bytes);
      assert.ok(Buffer.byteLength(cut) <= bytes, String(bytes));
      assert.doesNotMatch(cut, /\uFFFD/);
      assert.ok(cut === text || (cut.endsWith('…') && text.startsWith(cut.slice(0, -1))));
    }
  });

  test('no text of any kind of alert makes a message too large', () => {
    const huge = 'ñ𝕏€'.repeat(6000);
    for (const [name, alert] of Object.entries(EXAMPLES)) {
      const one = withTexts(alert, huge);
      assert.ok(Buffer.byteLength(emailOf(one).body) <= MESSAGE_BYTES, name);
      assert.ok(Buffer.byteLength(chatOf(one).body) <= 64 * 1024, name);
      assert.ok(Buffer.byteLength(pagerOf(one, ORIGIN)?.body ?? '') <= 16 * 1024, name);
    }
  });

  test('what is told once counts as all that it stands for where it is left out', () => {
    const same = Array.from({ length: 60 }, (_, index) =>
      finding('spec.replicas', { desired: 2, live: 0 }, { object: { ...DEPLOYMENT, name: `web-${index}` } }),
    );
    const alert = driftOf([large(0, 'x'), ...same]);
    const whole = emailOf(alert).body;
    assert.match(whole, /\n2\. 60 x Deployment changed\n {3}web-0, web-1, web-2, web-3, web-4 and 55 more\n/);
    const { body } = emailOf(alert, Buffer.byteLength(whole) - 30);
    assert.match(body, /\nand 60 more\n/);
  });
});

describe('an event is at most 256 KB', () => {
  test('whichever of its lists is long, and says how much it left out', () => {
    const findings = Array.from({ length: 3000 }, (_, index) => large(index, '€'.repeat(60)));
    const members = Array.from({ length: 4000 }, (_, index) => ({
      scope: `shop/web-${index}-${'x'.repeat(40)}`,
      findings: 1,
      severity: 'warning' as const,
    }));
    const alert = { ...example('drift-changed'), findings, fresh: 3000, gone: findings, members } as Alert;
    const { detail } = eventOf(alert);
    assert.ok(Buffer.byteLength(formatJson(detail)) <= 262_144);
    assert.ok(detail.alert.kind === 'drift-changed');
    const kept =
      detail.alert.findings.length + detail.alert.gone.length + (detail.alert.members ?? []).length;
    assert.equal(detail.cut, 3000 + 3000 + 4000 - kept);
    assert.ok(detail.alert.fresh <= detail.alert.findings.length);
  });
});
