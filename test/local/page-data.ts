import type { Alert } from '../../lib/alerts/alert.ts';
import { withUntold } from '../../lib/alerts/outbox.ts';
import * as clients from '../../lib/aws/clients.ts';
import { dynamoTable, type Item } from '../../lib/aws/table.ts';
import { type LocalAws, TABLE } from '../../local/aws/aws.ts';

const COMMIT = '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567';

const base = {
  schema: 1,
  installation: 'local',
  target: 'staging',
  scope: 'shop/web',
  sequence: 1,
  severity: 'warning',
  commit: COMMIT,
  repository: 'http://127.0.0.1:4581/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  chart: { name: 'web', version: '1.4.2' },
} as const;

/** A drift with text in it that would be markup on a careless page. */
export const driftAlert = (at: string): Alert => ({
  ...base,
  kind: 'drift',
  incident: 'local/staging/shop/web/drift/1',
  at,
  since: at,
  findings: [
    {
      verdict: 'changed',
      object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
      path: [{ kind: 'field', name: 'spec' }],
      at: 'spec.template.spec.containers[name=web].image',
      desired: 'registry.example/web:1.4.2',
      live: '<img src=x onerror=document.title="owned">',
      secret: false,
      attribution: { manager: 'kubectl-edit', operation: 'Update', likely: 'likely with kubectl-edit' },
    },
    {
      verdict: 'changed',
      object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
      path: [{ kind: 'field', name: 'spec' }],
      at: 'spec.replicas',
      desired: 2,
      live: 5,
      secret: false,
      attribution: { manager: 'kubectl', operation: 'Update', likely: 'likely with kubectl' },
    },
  ],
});

export const convergedAlert = (at: string, since: string): Alert => ({
  ...base,
  kind: 'converged',
  incident: 'local/staging/shop/web/drift/1',
  sequence: 2,
  severity: 'info',
  at,
  since,
  told: ['warning'],
});

export async function write(
  aws: LocalAws,
  item: Omit<Item, 'schema' | 'version'>,
  alerts: readonly Alert[] = [],
) {
  const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
  const before = await table.get({ pk: item.pk as string, sk: item.sk as string });
  const whole = { ...item, schema: 1, version: (before?.version ?? 0) + 1 } as Item;
  await table.put(withUntold(whole, alerts, new Date().toISOString()), before?.version ?? 'absent');
}

export const verdictItem = (scope: string, more: Record<string, unknown>) => ({
  pk: 'target#staging',
  sk: `verdict#${scope}`,
  commit: COMMIT,
  at: new Date().toISOString(),
  ...more,
});
