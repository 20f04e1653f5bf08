import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import * as clients from '../../lib/aws/clients.ts';
import type { Environment } from '../../lib/aws/environment.ts';
import type { Config } from '../../lib/config/config.ts';
import { TABLE } from '../aws/aws.ts';

/** What the page shows of the table; read whole, since a local installation's is small. */
export interface TableView {
  readonly targets: readonly TargetView[];
  /** Newest first. */
  readonly deliveries: readonly DeliveryView[];
}

export interface TargetView {
  readonly name: string;
  readonly repository: string;
  readonly branch: string;
  readonly deployer: string;
  readonly namespaces: readonly string[];
  /** What Git was last read at. */
  readonly commit?: string | undefined;
  /** The newest verdict's time (ISO). */
  readonly checkedAt?: string | undefined;
  readonly scopes: readonly ScopeView[];
}

export interface ScopeView {
  readonly scope: string;
  readonly verdict: string;
  readonly findings: number;
  /** Workloads that are not current yet. */
  readonly unready: number;
  readonly reason?: string | undefined;
  readonly commit?: string | undefined;
  readonly at: string;
  readonly chart?: { readonly name: string; readonly version: string } | undefined;
}

export interface DeliveryView {
  readonly key: string;
  readonly versionId: string;
  readonly target?: string | undefined;
  /** `received`, `checked`, `delivered`, `rejected`, `superseded`, `failed`. */
  readonly state: string;
  readonly commit?: string | undefined;
  /** ISO. */
  readonly receivedAt: string;
  readonly endedAt?: string | undefined;
  /** Of what was delivered: a commit of its own, or what Git had already. */
  readonly change?: 'commit' | 'unchanged' | undefined;
  /** Of what was superseded: the upload that went first. */
  readonly by?: string | undefined;
  /** How often somebody has asked to take it again. */
  readonly replays: number;
  readonly reasons: readonly ReasonView[];
  readonly warnings: readonly ReasonView[];
}

export interface ReasonView {
  readonly code: string;
  readonly message: string;
  readonly place?: string | undefined;
  readonly whatToDo: string;
  readonly excerpt?: string | undefined;
}

const DELIVERIES = 100;

export function tableReader(environment: Environment, config: Config): () => Promise<TableView> {
  const documents = DynamoDBDocumentClient.from(clients.dynamodb(environment));
  return async () => {
    const items: Record<string, unknown>[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(
        new ScanCommand({ TableName: TABLE, ...(start ? { ExclusiveStartKey: start } : {}) }),
      );
      items.push(...((page.Items ?? []) as Record<string, unknown>[]));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return viewOf(items, config);
  };
}

/** Verdicts and records, as far as the page reads them; what does not fit is left out and no failure. */
const verdictItem = z.object({
  commit: z.string().optional(),
  at: z.string(),
  verdict: z.string(),
  chart: z.object({ name: z.string(), version: z.string() }).optional(),
  findings: z.number().default(0),
  unready: z.number().default(0),
  reason: z.string().optional(),
});

const place = z.object({
  file: z.string().optional(),
  line: z.number().optional(),
  pointer: z.string().optional(),
});

const reasons = z
  .array(
    z.object({
      code: z.string(),
      message: z.string(),
      place: place.optional(),
      whatToDo: z.string(),
      excerpt: z.string().optional(),
    }),
  )
  .default([])
  .transform((all): readonly ReasonView[] =>
    all.map((reason) => ({
      ...reason,
      place: reason.place === undefined ? undefined : formatPlace(reason.place),
    })),
  );

const uploadItem = z.object({
  sk: z.string(),
  state: z.string(),
  commit: z.string().optional(),
  receivedAt: z.string(),
  endedAt: z.string().optional(),
  change: z.enum(['commit', 'unchanged']).optional(),
  by: z.string().optional(),
  replays: z.array(z.string()).default([]),
  reasons,
  warnings: reasons,
});

function viewOf(items: readonly Record<string, unknown>[], config: Config): TableView {
  const under = (pk: string, prefix: string) =>
    items.filter((item) => item.pk === pk && String(item.sk).startsWith(prefix));
  const targets = config.targets.map((target): TargetView => {
    const pk = `target#${target.name}`;
    const scopes = under(pk, 'verdict#').flatMap((item): ScopeView[] => {
      const verdict = verdictItem.safeParse(item);
      return verdict.success ? [{ scope: String(item.sk).slice('verdict#'.length), ...verdict.data }] : [];
    });
    const [desired] = under(pk, 'desired');
    return {
      name: target.name,
      repository: target.repository,
      branch: target.branch,
      deployer: target.deployer,
      namespaces: target.namespaces,
      commit: typeof desired?.commit === 'string' ? desired.commit : undefined,
      checkedAt: scopes
        .map(({ at }) => at)
        .sort()
        .at(-1),
      scopes: scopes.sort((a, b) => (a.scope < b.scope ? -1 : 1)),
    };
  });
  const deliveries = items
    .filter((item) => String(item.pk).startsWith('upload#'))
    .flatMap((item): DeliveryView[] => {
      const upload = uploadItem.safeParse(item);
      if (!upload.success) return [];
      const { sk, replays, ...rest } = upload.data;
      const key = String(item.pk).slice('upload#'.length);
      return [{ ...rest, key, versionId: sk, replays: replays.length }];
    })
    .sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
  return { targets, deliveries: deliveries.slice(0, DELIVERIES) };
}

const formatPlace = ({ file, line, pointer }: z.output<typeof place>): string | undefined => {
  const at = `${file ?? ''}${line === undefined ? '' : `:${line}`}`;
  return [at, pointer].filter((part) => part !== undefined && part !== '').join(' ') || undefined;
};
