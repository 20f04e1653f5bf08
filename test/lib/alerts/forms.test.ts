import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LIFE } from '../../../lib/alerts/alert.ts';
import { chatOf } from '../../../lib/alerts/chat.ts';
import { emailOf } from '../../../lib/alerts/email.ts';
import { eventOf } from '../../../lib/alerts/event.ts';
import { pagerOf } from '../../../lib/alerts/pager.ts';
import { EXAMPLES } from './examples.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
const ORIGIN = { region: 'eu-central-1', account: '123456789012' };

/** `FAIRLEAD_GOLDEN=write` writes them anew: then read them as the person would who gets them. */
function compare(name: string, text: string): void {
  const file = join(GOLDEN, name);
  if (process.env.FAIRLEAD_GOLDEN === 'write') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}

const pretty = (json: string): string => `${JSON.stringify(JSON.parse(json), null, 2)}\n`;

describe('how an alert reads', () => {
  for (const [name, alert] of Object.entries(EXAMPLES)) {
    test(`${name} as an email`, () => {
      const { subject, body } = emailOf(alert);
      compare(`${name}.email.golden.txt`, `Subject: ${subject}\n\n${body}`);
    });
    test(`${name} in a chat`, () => compare(`${name}.chat.golden.json`, pretty(chatOf(alert).body)));
    test(`${name} on a pager`, () => {
      const page = pagerOf(alert, ORIGIN);
      if (LIFE[alert.kind] === 'single') assert.equal(page, undefined);
      else compare(`${name}.pager.golden.json`, `// ${page?.subject}\n${pretty(page?.body ?? 'null')}`);
    });
    test(`${name} as an event`, () =>
      compare(`${name}.event.golden.json`, `${JSON.stringify(eventOf(alert), null, 2)}\n`));
  }
});
