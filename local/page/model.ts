import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { inOrder, readTargetIncidents } from '../../lib/alerts/incident-list.ts';
import * as clients from '../../lib/aws/clients.ts';
import type { Environment } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { dynamoTable } from '../../lib/aws/table.ts';
import type { Config } from '../../lib/config/config.ts';
import { standingFreezes } from '../../lib/status/freezes.ts';
import { type IncidentReader, incidentReader } from '../../page/incidents.ts';
import { reasonView } from '../../page/reason-view.ts';
import type { DeliveryView, PageState } from '../../page/state.ts';
import { readTarget } from '../../page/targets.ts';
import { BUCKETS, TABLE } from '../aws/aws.ts';

/** What the page shows of the table; read whole, since a local installation's is small. */
export type TableView = Pick<PageState, 'targets' | 'incidents' | 'deliveries'>;

export interface TableReader extends Pick<IncidentReader, 'timeline'> {
  read(): Promise<TableView>;
}

const DELIVERIES = 100;

export function tableReader(environment: Environment, config: Config): TableReader {
  const table = dynamoTable(clients.dynamodb(environment), TABLE);
  const state = s3Store(clients.s3(environment), BUCKETS.state);
  const incidents = incidentReader({ table, state });
  const { installation } = config;
  return {
    timeline: incidents.timeline,
    async read() {
      const now = new Date();
      const read = await Promise.all(
        config.targets.map(async (target) => {
          const known = await readTargetIncidents(table, { installation, target: target.name }, now);
          const freezes = await standingFreezes(table, target.name);
          return { known, view: await readTarget(table, target, known.snoozes, freezes) };
        }),
      );
      const all = read.flatMap(({ known }) => known.incidents).sort(inOrder);
      return {
        targets: read.map(({ view }) => view),
        incidents: await incidents.views(all),
        deliveries: await deliveries(environment),
      };
    },
  };
}

const place = z.object({
  file: z.string(),
  line: z.number().exactOptional(),
  pointer: z.string().exactOptional(),
});

const reasons = z
  .array(
    z.object({
      code: z.string(),
      message: z.string(),
      place: place.exactOptional(),
      whatToDo: z.string(),
      excerpt: z.string().exactOptional(),
    }),
  )
  .default([])
  .transform((all) => all.map(reasonView));

/** Records as far as the page reads them; what does not fit is left out and no failure. */
const uploadItem = z.object({
  pk: z.string(),
  sk: z.string(),
  state: z.string(),
  commit: z.string().optional(),
  receivedAt: z.string(),
  endedAt: z.string().optional(),
  change: z.enum(['commit', 'unchanged', 'edited']).optional(),
  by: z.string().optional(),
  frozen: z.object({}).optional(),
  proposal: z.object({ url: z.string() }).optional(),
  replays: z.array(z.string()).default([]),
  reasons,
  warnings: reasons,
});

const UPLOAD = 'upload#';

async function deliveries(environment: Environment): Promise<readonly DeliveryView[]> {
  const documents = DynamoDBDocumentClient.from(clients.dynamodb(environment));
  const found: DeliveryView[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await documents.send(
      new ScanCommand({ TableName: TABLE, ...(start ? { ExclusiveStartKey: start } : {}) }),
    );
    for (const item of page.Items ?? []) {
      const upload = uploadItem.safeParse(item);
      if (!upload.success || !upload.data.pk.startsWith(UPLOAD)) continue;
      const { pk, sk, replays, frozen, proposal, ...rest } = upload.data;
      const state = rest.state === 'checked' && frozen !== undefined ? 'frozen' : rest.state;
      found.push({
        ...rest,
        state,
        proposal: proposal?.url,
        key: pk.slice(UPLOAD.length),
        versionId: sk,
        replays: replays.length,
      });
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return found.sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1)).slice(0, DELIVERIES);
}
