import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatObservation } from '../../cli/check-output.ts';
import type { Observation, ScopeObservation } from '../../lib/checks/observation.ts';
import type { Finding } from '../../lib/drift/verdicts.ts';
import { finding } from '../fixtures/findings.ts';

const SIDECAR = {
  group: 'a',
  attribution: { likely: 'nobody is recorded: at admission, or by an unknown writer' },
};
const IMAGE = {
  group: 'b',
  attribution: { manager: 'helm', likely: 'still owned by the deployer: rewritten at admission' },
};
const release = (name: string, ...findings: Finding[]): ScopeObservation => ({
  scope: { kind: 'release', namespace: 'shop', name },
  state: { kind: 'drift', findings: findings.map((one) => named(one, name)) },
});
const named = (one: Finding, name: string): Finding => ({ ...one, object: { ...one.object, name } });
const sidecar = finding('spec.template.spec.containers[name=proxy]', { live: { image: 'proxy:1' } }, SIDECAR);
const image = (container: string) =>
  finding(`spec.template.spec.containers[name=${container}].image`, { desired: 'a', live: 'm/a' }, IMAGE);
const shown = (...scopes: ScopeObservation[]): string => {
  const observation: Observation = { target: 't', commit: '', sequence: 1, at: '', scopes };
  return formatObservation(observation, 'c');
};

test('what a webhook did to many objects is told once, with how often, where, and the rule to paste', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const text = shown(...names.map((name) => release(name, sidecar, image(name))));
  assert.equal(text.match(/told once/g)?.length, 2);
  assert.equal(text.match(/2 likely at admission: see below/g)?.length, 7);
  assert.match(
    text,
    /rewritten at admission, or by an unknown writer \(7 times, told once\) {2}spec\.template\.spec\.containers\[name=proxy\] {2}added\n {2}Deployment\/a in shop, .*Deployment\/e in shop and 2 more\n/,
  );
  assert.ok(
    text.includes(`accept it under "rules:" in drift.yaml:
    - kind: Deployment.apps
      path: /spec/template/spec/containers[name=proxy]
      by: admission
      reason: rewritten at admission, as this cluster does
`),
    text,
  );
  assert.ok(
    text.includes('      path: /spec/template/spec/containers[*]/image\n      by: admission\n'),
    text,
  );
});

test('a declared value that differs in one object alone stays with its release, without a rule', () => {
  const text = shown(release('a', image('a')));
  assert.doesNotMatch(text, /drift\.yaml|told once|see below/);
  assert.match(text, /Deployment\/a {2}spec\.template\.spec\.containers\[name=a\]\.image {2}changed/);
});

test('what nobody owns has its rule although it is in one object', () => {
  assert.match(shown(release('a', sidecar)), /\(once\)[\s\S]*by: admission/);
});

test('what is known of one object alone is not said of all that are told together', () => {
  const likely = 'by the deployer, through HelmRelease/b in flux, spec.suspend, which is not what Git says';
  const through: Finding = { ...image('web'), attribution: { manager: 'helm', likely } };
  const text = shown(release('b', through), release('a', image('web')));
  assert.match(text, /\(2 times, told once\)/);
  assert.doesNotMatch(text, /through HelmRelease/);
  assert.match(shown(release('a', image('web')), release('b', image('web'))), /still owned by the deployer/);
});
