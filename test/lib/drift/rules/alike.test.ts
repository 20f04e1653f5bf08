import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRules } from '../../../../lib/desired/drift-file.ts';
import { withRules } from '../../../../lib/desired/drift-file-writing.ts';
import { alike, isByAdmission, ruleForAlike } from '../../../../lib/drift/rules/alike.ts';
import { inForce, underRules } from '../../../../lib/drift/rules/judge.ts';
import type { Finding } from '../../../../lib/drift/verdicts.ts';
import { DEPLOYMENT, finding, wholeObject } from '../../../fixtures/findings.ts';

const IMAGE = 'spec.template.spec.containers[name=web].image';
const TODAY = '2026-11-21';
const WORDS = { reason: 'as agreed', expires: '2026-12-21' };
const SCALED = { manager: 'kubectl', likely: 'likely with kubectl' };
const scaled = (name: string, namespace = 'shop', live = 0): Finding =>
  finding(
    'spec.replicas',
    { desired: 2, live },
    { object: { ...DEPLOYMENT, name, namespace }, attribution: SCALED },
  );
const rewritten = (name: string, image: string): Finding =>
  finding(
    IMAGE,
    { desired: image, live: `mirror.example.com/${image}` },
    { object: { ...DEPLOYMENT, name }, group: 'same-webhook' },
  );

/** What a rule leaves of findings, once it has gone through a file and back. */
function leftBy(findings: readonly Finding[], of: readonly Finding[]): readonly Finding[] {
  const rule = ruleForAlike(of, WORDS);
  assert.ok(rule);
  const { rules, problems } = readRules(withRules('', [rule]));
  assert.deepEqual(problems, []);
  const verdicts = findings.map((one) => ({ kind: 'drift' as const, object: one.object, findings: [one] }));
  return underRules(verdicts, inForce(rules, TODAY), undefined).verdicts.flatMap((verdict) =>
    verdict.kind === 'drift' ? verdict.findings : [],
  );
}

describe('findings that are one thing', () => {
  test('are the same change at the same place of objects of one kind', () => {
    const findings = [scaled('web'), scaled('api'), scaled('web', 'shop', 9), wholeObject('missing')];
    assert.deepEqual(
      alike(findings).map((group) => group.length),
      [2, 1, 1],
    );
  });

  test('are what one webhook rewrites, whatever the values are', () => {
    const findings = [rewritten('web', 'web:1'), rewritten('api', 'api:7')];
    assert.deepEqual(alike(findings), [findings]);
    assert.ok(isByAdmission(findings));
    assert.ok(!isByAdmission([rewritten('web', 'web:1')]), 'one alone may be another revision');
  });

  test('are not what two people did, nor two Secrets', () => {
    const by = (name: string): Finding => ({
      ...scaled('web'),
      attribution: { ...SCALED, by: { name, verb: 'patch', at: '2026-11-21T12:00:00Z' } },
    });
    assert.equal(alike([by('alice'), by('bob')]).length, 2);
    const secret = (name: string): Finding =>
      finding(
        'data.password',
        {},
        { verdict: 'changed', secret: true, object: { apiVersion: 'v1', kind: 'Secret', name } },
      );
    assert.equal(alike([secret('a'), secret('b')]).length, 2);
  });
});

describe('the rule for what is alike', () => {
  test('ignores all of it and no other place, writer or namespace', () => {
    const group = [scaled('web'), scaled('api')];
    const others = [
      finding(IMAGE, { desired: 'a', live: 'b' }, { attribution: SCALED }),
      scaled('web', 'other'),
      { ...scaled('web'), attribution: { manager: 'helm', likely: 'by helm' } },
    ];
    assert.deepEqual(leftBy([...group, ...others], group), others);
  });

  test('of many namespaces or of one name says what they share', () => {
    const group = [scaled('web', 'shop'), scaled('web', 'bank')];
    const others = [scaled('api', 'shop')];
    assert.deepEqual(leftBy([...group, ...others], group), others);
  });

  test('for what admission does leaves what people do there', () => {
    const group = [rewritten('web', 'web:1'), rewritten('api', 'api:7')];
    const byHand = finding(IMAGE, { desired: 'web:1', live: 'evil' }, { attribution: SCALED });
    assert.deepEqual(leftBy([...group, byHand], group), [byHand]);
  });

  test('for one finding is about that one', () => {
    assert.deepEqual(leftBy([scaled('web'), scaled('api')], [scaled('web')]), [scaled('api')]);
    const gone = wholeObject('missing');
    assert.deepEqual(leftBy([gone, scaled('web')], [gone]), [scaled('web')]);
  });

  test('is none for many whole objects, and for names that no rule can have', () => {
    assert.equal(
      ruleForAlike([wholeObject('missing'), wholeObject('missing', { name: 'api' })], WORDS),
      undefined,
    );
    assert.equal(ruleForAlike([scaled('a\nb')], WORDS), undefined);
    const anybody: Finding = { ...scaled('web'), attribution: { manager: '*', likely: 'likely with *' } };
    assert.equal(ruleForAlike([anybody], WORDS), undefined, 'a name that would be about everybody');
    assert.equal(ruleForAlike([scaled('a\nb'), scaled('a\nb', 'other')], WORDS), undefined);
  });
});
