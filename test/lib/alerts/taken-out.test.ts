import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { namesOf, paragraphsOf } from '../../../lib/alerts/grouping.ts';
import { remediesOf } from '../../../lib/alerts/what-to-do.ts';
import { finding } from '../../fixtures/findings.ts';
import { drift, helmRelease, since, where } from './example-parts.ts';

const HELM_RELEASE = {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  namespace: 'fairlead-staging',
  name: 'shop.web',
} as const;
const BY_HAND = 'kubectl edit -n fairlead-staging helmrelease.helm.toolkit.fluxcd.io/shop.web';

/** Somebody wrote `spec.values.replicas` into the HelmRelease, which Git leaves to the chart. */
const added = (manager: string, more: Partial<Alert> = {}, subresource?: string): Alert =>
  ({
    ...drift,
    ...where,
    appliedBy: helmRelease,
    kind: 'drift',
    since,
    findings: [
      finding(
        'spec.values.replicas',
        { live: 9 },
        {
          object: HELM_RELEASE,
          attribution: { manager, likely: manager, ...(subresource === undefined ? {} : { subresource }) },
        },
      ),
    ],
    ...more,
  }) as Alert;

const commandsOf = (alert: Alert): readonly string[] => remediesOf(alert).flatMap(({ commands }) => commands);

describe('what was added to what kustomize-controller applies', () => {
  for (const manager of ['kubectl-patch', 'kubectl-edit', 'kubectl', 'before-first-apply'])
    test(`goes with the next round where ${manager} wrote it`, () => {
      assert.ok(!commandsOf(added(manager)).includes(BY_HAND));
      assert.ok(!commandsOf(added(manager, { scope: 'manifests' })).includes(BY_HAND));
    });
  for (const [by, alert] of [
    ['an operator', added('some-operator')],
    ['nobody who is known', added('')],
    ['kubectl through a subresource', added('kubectl', {}, 'status')],
    ['kubectl, where nobody knows who applies it', added('kubectl', { layout: 'foreign' })],
    ['kubectl, where Argo CD applies it', added('kubectl', { deployer: 'argocd' })],
  ] as const)
    test(`stays where it is from ${by}, and is told to be taken out by hand`, () => {
      assert.ok(commandsOf(alert).includes(BY_HAND));
    });
});

test('what is told of many releases names whose it is, and nothing twice', () => {
  const named = (objects: readonly (readonly [string, string, string?])[]) => {
    const [paragraph] = paragraphsOf(
      objects.map(([namespace, name, scope]) =>
        finding(
          'spec.replicas',
          { desired: 2, live: 3 },
          {
            object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name },
            ...(scope === undefined ? {} : { scope }),
          },
        ),
      ),
    );
    assert.ok(paragraph);
    return namesOf(paragraph, undefined);
  };
  const [bank, shop] = [['bank', 'web', 'bank/web'] as const, ['shop', 'web', 'shop/web'] as const];
  assert.equal(named([bank, shop]), 'releases bank/web, shop/web');
  assert.equal(
    named([
      ['bank', 'web', 'bank/site'],
      ['shop', 'web', 'shop/site'],
    ]),
    'web in releases bank/site, shop/site',
  );
  assert.equal(
    named([
      ['shop', 'api', 'shop/site'],
      ['shop', 'web', 'shop/site'],
    ]),
    'api, web in shop, of release shop/site',
  );
});
