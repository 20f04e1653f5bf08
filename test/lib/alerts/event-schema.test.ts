import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Schema, Validator } from '@cfworker/json-schema';
import { type EventDetail, eventOf } from '../../../lib/alerts/event.ts';
import { eventJsonSchema, type SchemaDetail } from '../../../lib/alerts/event-schema.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { EXAMPLES } from './examples.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', '..', 'docs', 'alert-event.schema.json');
const PUBLISHED = join(import.meta.dirname, 'published');

/** What the code calls an alert is one by the schema: the compiler says it. */
const asPublished = (detail: EventDetail): SchemaDetail => detail;

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const validator = (schema: unknown): Validator => new Validator(schema as Schema, '2020-12', false);
/** What is wrong with it, where anything is: of a union the last errors say most. */
const wrongWith = (schema: Validator, event: unknown): readonly string[] => {
  const { valid, errors } = schema.validate(event);
  return valid ? [] : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
};
/** As it goes over the wire. */
const detailOf = (name: string): Record<string, unknown> => {
  const alert = EXAMPLES[name];
  assert.ok(alert, name);
  return JSON.parse(formatJson(asPublished(eventOf(alert).detail))) as Record<string, unknown>;
};

/** Each has a `detail-type` of its own, so that a rule gets them only where it asks for them. */
const NEW_KINDS = new Set<string>(['drill', 'drill-over', 'frozen']);

describe('events are as docs/alert-event.schema.json says', () => {
  test('the document is the one that the code makes', () => {
    const text = `${JSON.stringify(eventJsonSchema('taken'), null, 2)}\n`;
    if (process.env.FAIRLEAD_WRITE_DOCS) writeFileSync(DOCUMENT, text);
    assert.equal(readFileSync(DOCUMENT, 'utf8'), text, 'run this with FAIRLEAD_WRITE_DOCS=1');
  });

  test('it is a schema of 2020-12 that stands alone', () => {
    const schema = read(DOCUMENT) as Record<string, unknown>;
    assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
    const references = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = '']) => to);
    assert.deepEqual(
      references.filter((to) => !to.startsWith('#/')),
      [],
    );
  });

  const strict = validator(eventJsonSchema('refused'));
  const open = validator(read(DOCUMENT));
  for (const name of Object.keys(EXAMPLES)) {
    test(`${name}: every field of it is in the schema`, () => {
      assert.deepEqual(wrongWith(strict, detailOf(name)), []);
      assert.deepEqual(wrongWith(open, detailOf(name)), []);
    });
  }

  test('readers take a field that they do not know for nothing; our own tests would not let it pass', () => {
    const event = detailOf('drift');
    const later = { ...event, alert: { ...(event.alert as object), weather: 'fine' } };
    assert.deepEqual(wrongWith(open, later), []);
    assert.notDeepEqual(wrongWith(strict, later), []);
  });

  test('what is missing, of another version, or of an unknown kind is no event of v1', () => {
    const event = detailOf('drift');
    const alert = event.alert as Record<string, unknown>;
    const { incident: _, ...nameless } = alert;
    const wrong = [
      { ...event, alert: nameless },
      { ...event, apiVersion: 'fairlead.dev/v2' },
      { ...event, alert: { ...alert, kind: 'weather' } },
      { ...event, alert: { ...alert, severity: 'dreadful' } },
      { ...event, alert: { ...alert, findings: 'none' } },
      { ...event, alert: { ...alert, sequence: 0 } },
    ];
    for (const each of wrong)
      assert.notDeepEqual(wrongWith(open, each), [], JSON.stringify(each).slice(0, 80));
  });

  test('who validates by the schema that was published first takes what is sent today', () => {
    const first = validator(read(join(PUBLISHED, 'alert-event.first.schema.json')));
    for (const [name, { kind }] of Object.entries(EXAMPLES))
      if (!NEW_KINDS.has(kind)) assert.deepEqual(wrongWith(first, detailOf(name)), [], name);
  });

  test('a kind that came later differs from what was published first by its kind, and by nothing that all alerts have', () => {
    const first = validator(read(join(PUBLISHED, 'alert-event.first.schema.json')));
    for (const kind of NEW_KINDS) {
      const { alert, ...event } = detailOf(kind) as { alert: Record<string, unknown> };
      assert.notDeepEqual(wrongWith(first, { ...event, alert }), [], kind);
      const known = { ...alert, kind: 'unblocked', since: alert.at };
      assert.deepEqual(wrongWith(first, { ...event, alert: known }), [], kind);
    }
  });

  test('an event that was written before bursts and reminders were known is one still', () => {
    const { detail } = read(join(PUBLISHED, 'drift-before-bursts.event.json')) as { detail: unknown };
    assert.deepEqual(wrongWith(strict, detail), []);
  });
});
