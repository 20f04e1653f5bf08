import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { maskedAlert } from '../../../lib/alerts/masked-alert.ts';
import { cutBytes, fittingLines } from '../../../lib/alerts/plain.ts';
import { shownValue } from '../../../lib/alerts/shown-values.ts';
import { detail } from '../../../lib/checks/readiness.ts';
import { inOneLine } from '../../../lib/cluster/words.ts';
import { fitting } from '../../../lib/incidents/findings.ts';
import { shownWords } from '../../../lib/objects/credentials.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { finding } from '../../fixtures/findings.ts';
import { EXAMPLES } from './examples.ts';

const MEGABYTE = 1024 * 1024;
/** What takes time in the square of a megabyte takes minutes; what does not takes a tenth of this. */
const MILLISECONDS = 2000;

function assertSoon(what: string, work: () => unknown): void {
  const began = performance.now();
  work();
  const took = performance.now() - began;
  assert.ok(took < MILLISECONDS, `${what} took ${Math.round(took)} ms`);
}

const HEADER = 'eyJhbGciOiJIUzI1NiJ9';
const PAYLOAD = 'eyJzdWIiOiJodW50ZXIyIn0';
const TOKEN = `${HEADER}.${PAYLOAD}.c2lnbmF0dXJl`;

describe('credentials in words that deployers and tools quote', () => {
  test('a token is masked wherever it begins in its word, and whatever credential stands before it', () => {
    for (const text of [
      TOKEN,
      `Bearer ${TOKEN}`,
      `session-${TOKEN}`,
      `a.b.${TOKEN}`,
      `--${TOKEN}`,
      `ghp_${'a'.repeat(30)}-${TOKEN}`,
      `AKIAABCDEFGHIJKLMNOP-${TOKEN}`,
      `https://robot:secret@${TOKEN}`,
      `eyJ-${TOKEN}`,
    ]) {
      const shown = shownWords(text);
      assert.ok(!shown.includes(HEADER) && !shown.includes(PAYLOAD), `${text}: ${shown}`);
    }
  });

  test('what only resembles one is shown', () => {
    for (const text of ['eyJ', 'app.kubernetes.io/name', 'a.yaml', 'shop/web-eyJx.svc.cluster.local'])
      assert.equal(shownWords(text), text);
  });
});

describe('a megabyte that somebody has made up takes no longer than any other', () => {
  for (const part of [
    'eyJ-',
    'eyJaaaaaaaaaa.eyJ-',
    'eyJaaaaaaaaaa.-',
    '-----BEGIN A',
    '://a:',
    '://',
    'ghp_',
    'glpat-',
    'xoxb-',
    'AKIA',
    '-',
  ])
    test(`of ${part}`, () => {
      const text = `-----BEGIN ${part.repeat(MEGABYTE / part.length)} `;
      assertSoon('masking words', () => shownWords(text));
      assertSoon('showing a value', () =>
        shownValue(finding('data.a', { desired: 'a', live: text }), 'live'),
      );
    });

  test('cutting, at characters that stand for what could not be read', () => {
    const text = `${'\uFFFD'.repeat(MEGABYTE / 3)}${'x'.repeat(100)}`;
    assertSoon('cutting', () => cutBytes(text, Buffer.byteLength(text) - 50));
  });

  test('cut text never ends in half a character, and keeps what was there', () => {
    for (let bytes = 3; bytes < 24; bytes++) {
      const cut = cutBytes('a€𝕏é\uFFFD€𝕏éz€', bytes);
      assert.ok(Buffer.byteLength(cut) <= bytes, cut);
      assert.ok('a€𝕏é\uFFFD€𝕏éz€'.startsWith(cut.replace(/…$/, '')), cut);
    }
  });

  test('many lines are counted once each', () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `€${index}`);
    assertSoon('fitting', () => fittingLines(lines, MEGABYTE));
    const [text, left] = fittingLines(['€', 'ab', 'c'], 6);
    assert.deepEqual([text, left], ['€\nab', 1]);
  });
});

describe('what an upload’s refusal quotes', () => {
  test('is masked as other words of tools are', () => {
    const secret = `https://robot:hunter2-very-secret@charts.example.com`;
    for (const name of ['rejected', 'failed']) {
      const { reasons } = EXAMPLES[name] as Extract<Alert, { readonly kind: 'rejected' }>;
      const alert = {
        ...EXAMPLES[name],
        reasons: reasons.map((reason) => ({
          ...reason,
          message: `cannot read ${secret}`,
          excerpt: `at ${secret}`,
          whatToDo: `look at ${secret}`,
        })),
      } as Alert;
      assert.ok(reasons.length > 0);
      assert.doesNotMatch(formatJson(maskedAlert(alert)), /hunter2/, name);
      assert.doesNotMatch(emailOf(alert).body, /hunter2/, name);
    }
  });
});

describe('what is too long for an alert', () => {
  const SECRET = 'hunter2-very-secret';
  const LONG = 'x'.repeat(4000);
  const CASES = {
    'an added container with a password among its variables': finding(
      'spec.template.spec.containers[name=a]',
      {
        live: { name: 'a', env: [{ name: 'DB_PASSWORD', value: SECRET }], image: LONG },
      },
    ),
    'a whole ConfigMap with a key of that name': finding(
      'data',
      { live: { 'api-key': SECRET, 'a.txt': LONG } },
      { object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', namespace: 'shop' } },
    ),
    'a ConfigMap’s credential': finding(
      'data.password',
      { live: `${SECRET}${LONG}` },
      { object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', namespace: 'shop' } },
    ),
    'an address whose password ends after the cut': finding('spec.text', {
      live: `${'x'.repeat(2020)} https://robot:${SECRET}@example.com ${LONG}`,
    }),
    'a Secret’s value': finding('data.a', { desired: SECRET + LONG, live: SECRET + LONG }, { secret: true }),
  };
  for (const [what, one] of Object.entries(CASES)) {
    test(`${what} is masked before it is cut`, () => {
      const { findings } = fitting([one]);
      const alert = { ...EXAMPLES.drift, findings } as Alert;
      for (const text of [formatJson(maskedAlert(alert)), emailOf(alert).body])
        assert.doesNotMatch(text, /hunter2/);
    });
  }

  test('so are the words of deployers and of API servers', () => {
    for (let before = 0; before < 240; before++) {
      const text = `${'x'.repeat(before)} https://robot:${SECRET}@example.com ${LONG}`;
      assert.doesNotMatch(shownWords(detail({ reason: 'Failed', message: text })), /hunter2/, String(before));
      assert.doesNotMatch(shownWords(inOneLine(text, 200)), /hunter2/, String(before));
    }
  });
});
