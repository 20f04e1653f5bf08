import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellNoLongerChecked } from '../../../lib/alerts/no-longer-checked.ts';
import { tellContextOf, tellObservation } from '../../../lib/alerts/tell.ts';
import type { ScopeState } from '../../../lib/checks/observation.ts';
import { type Config, parseConfig } from '../../../lib/config/config.ts';
import { finding } from '../../fixtures/findings.ts';
import { memoryTable } from '../uploads/doubles.ts';

const CONFIG = parseConfig({
  installation: 'fairlead',
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      branch: 'main',
      deployer: 'flux',
      firstCheck: 'alert',
      cluster: { kind: 'kubeconfig', path: '/tmp/kubeconfig' },
      namespaces: ['shop'],
    },
  ],
});
const [TARGET] = CONFIG.targets;
const [REPOSITORY] = CONFIG.repositories;
const DRIFT: ScopeState = { kind: 'drift', findings: [finding('spec.replicas', { desired: 1, live: 4 })] };
const NOW = new Date('2026-11-21T12:00:00Z');

const WITHOUT: readonly (readonly [string, Config])[] = [
  ['goes from the configuration', { ...CONFIG, targets: [] }],
  [
    'names no cluster any more',
    { ...CONFIG, targets: CONFIG.targets.map(({ cluster: _, ...rest }) => rest) },
  ],
];

for (const [name, config] of WITHOUT)
  test(`what is open of a target that ${name} closes, once: no check would`, async () => {
    assert.ok(TARGET && REPOSITORY);
    const { installation, severity } = CONFIG;
    const table = memoryTable();
    const releases = Array.from({ length: 8 }, (_, index) => `r${index}`);
    const scopes = ['web', ...releases].map((release) => ({
      scope: { kind: 'release' as const, namespace: 'shop', name: release },
      state: DRIFT,
    }));
    const context = tellContextOf({ installation, severity, repository: REPOSITORY, target: TARGET });
    const one = { target: 'staging', commit: 'c'.repeat(40), sequence: 1 };
    const [web = [], ...others] = scopes.map((scope) => [scope]);
    await tellObservation(table, { ...one, at: '2026-11-21T11:58:00.000Z', scopes: web }, context, () => NOW);
    const all = [...web, ...others.flat()];
    await tellObservation(table, { ...one, at: '2026-11-21T11:59:00.000Z', scopes: all }, context, () => NOW);

    assert.deepEqual(await tellNoLongerChecked(table, CONFIG, NOW), []);
    assert.deepEqual(await tellNoLongerChecked(table, CONFIG, NOW), [], 'it is checked: nothing closes');
    const told = await tellNoLongerChecked(table, config, NOW);
    assert.deepEqual(
      told.map(({ kind, incident, told: heard }) => `${kind} ${incident} told ${heard}`),
      [
        'converged fairlead/staging/shop/web/drift/1 told warning',
        'converged fairlead/staging/target/drift/1 told warning',
      ],
    );
    assert.deepEqual(await tellNoLongerChecked(table, config, NOW), []);
  });
