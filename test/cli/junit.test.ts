import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatJunit } from '../../cli/junit.ts';
import { field, finding, HOSTILE, observation, release } from './observations.ts';
import { type Element, readXml } from './xml.ts';

/**
 * What the schema that CI systems follow lets stand where (Jenkins, xunit-plugin, junit-10.xsd): attributes, those that
 * must be there first; children.
 */
const SCHEMA: Readonly<Record<string, { must: string[]; may: string[]; children: string[] }>> = {
  testsuites: {
    must: [],
    may: ['name', 'time', 'tests', 'failures', 'errors', 'disabled'],
    children: ['testsuite'],
  },
  testsuite: {
    must: ['name', 'tests'],
    may: ['failures', 'errors', 'time', 'disabled', 'skipped', 'timestamp', 'hostname', 'id', 'package'],
    children: ['properties', 'testcase', 'system-out', 'system-err'],
  },
  testcase: {
    must: ['name'],
    may: ['assertions', 'time', 'classname', 'status', 'class', 'file', 'line'],
    children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  failure: { must: [], may: ['type', 'message'], children: [] },
  error: { must: [], may: ['type', 'message'], children: [] },
};

function valid(element: Element): void {
  const rule = SCHEMA[element.name];
  assert.ok(rule, `no element ${element.name}`);
  const names = Object.keys(element.attributes);
  for (const name of rule.must) assert.ok(names.includes(name), `${element.name} without ${name}`);
  for (const name of names) assert.ok([...rule.must, ...rule.may].includes(name), `${element.name} ${name}`);
  for (const name of ['tests', 'failures', 'errors', 'skipped'])
    if (names.includes(name)) assert.match(element.attributes[name] ?? '', /^\d+$/);
  if (names.includes('timestamp'))
    assert.match(element.attributes.timestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  for (const child of element.children) {
    assert.ok(rule.children.includes(child.name), `${child.name} in ${element.name}`);
    valid(child);
  }
  const deep = (from: Element, name: string): number =>
    from.children.reduce((sum, child) => sum + (child.name === name ? 1 : 0) + deep(child, name), 0);
  for (const [attribute, name] of [
    ['tests', 'testcase'],
    ['failures', 'failure'],
    ['errors', 'error'],
  ] as const) {
    if (names.includes(attribute)) assert.equal(Number(element.attributes[attribute]), deep(element, name));
  }
}

describe('a check as JUnit', () => {
  const drifted = release('web', {
    kind: 'drift',
    findings: [
      finding({ path: [field('spec'), field('replicas')], desired: 3, live: 7 }),
      finding({ path: [field('spec'), field('paused')], verdict: 'added', live: true }),
      finding({
        path: [],
        verdict: 'missing',
        object: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' },
      }),
    ],
  });

  test('is a suite a release, a case an object that differs, drift a failure and unknown an error', () => {
    const report = readXml(
      formatJunit(
        observation(
          release('calm', { kind: 'in-sync', unready: [] }),
          drifted,
          release('dark', { kind: 'unknown', reason: 'no access (403)', rule: '- apiGroups: ["apps"]' }),
        ),
      ),
    );
    valid(report);
    assert.deepEqual(
      report.children.map(({ attributes }) => attributes.name),
      ['shop/calm', 'shop/web', 'shop/dark'],
    );
    const [calm, web, dark] = report.children;
    assert.deepEqual(
      calm?.children.map(({ children }) => children.length),
      [0],
    );
    assert.deepEqual(
      web?.children.map(({ attributes }) => attributes.name),
      ['Deployment/web', 'Service/web'],
    );
    assert.match(web?.children[0]?.children[0]?.text ?? '', /Git: {5}3\n {2}cluster: 7/);
    assert.equal(dark?.children[0]?.children[0]?.name, 'error');
    assert.match(dark?.children[0]?.children[0]?.text ?? '', /apiGroups/);
  });

  test('that found nothing declared is an error, never an empty success', () => {
    const report = readXml(formatJunit(observation()));
    valid(report);
    assert.equal(report.attributes.errors, '1');
  });

  test('has an error beside the failures for what of a release could not be judged', () => {
    const half = { ...drifted, state: { ...drifted.state, unjudged: { reason: 'no access (403)' } } };
    const report = readXml(formatJunit(observation(half as never)));
    valid(report);
    assert.equal(report.attributes.failures, '2');
    assert.equal(report.attributes.errors, '1');
  });

  test('never holds the value of a Secret', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'web' };
    const path = [field('data'), field('password')];
    const state = {
      kind: 'drift',
      findings: [finding({ path, object: secret, secret: true, desired: 'hmac-sha256:00', live: 'hunter2' })],
    } as const;
    assert.doesNotMatch(formatJunit(observation(release('web', state))), /hunter2|hmac/);
  });

  test('is well-formed and valid whatever a cluster says, and hands no control character on', () => {
    const words = fc.oneof(
      fc.constant(HOSTILE),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(words, words, words, (name, value, note) => {
        const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name };
        const path = [field('data'), field(name)];
        const text = formatJunit(
          observation(
            release('web', {
              kind: 'drift',
              findings: [finding({ object, path, live: value, note })],
              deployer: note,
            }),
            release('dark', { kind: 'unknown', reason: value, rule: note }),
          ),
        );
        valid(readXml(text));
        assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
      { numRuns: 500 },
    );
  });
});
