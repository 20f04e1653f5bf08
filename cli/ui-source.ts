import { inOrder } from '../lib/alerts/incident-list.ts';
import type { CheckConfig } from '../lib/checks/check-config.ts';
import { type StandingFreeze, standingFreezes } from '../lib/status/freezes.ts';
import { incidentReader } from '../page/incidents.ts';
import type { DeliveryView, PageSource, PageState } from '../page/state.ts';
import { readTarget, type ShownTarget } from '../page/targets.ts';
import { isDenied } from './aws-errors.ts';
import { allowed, knownTarget, readIncidentsOf, type Stores, targetNames } from './incidents-reading.ts';
import type { FoundInstallation } from './installation.ts';
import { readDeliveries } from './ui-deliveries.ts';

/** Targets that were added since are found within this time. */
const TARGETS_MS = 5 * 60_000;
/** A listing of the bucket costs a request a thousand versions. */
const DELIVERIES_MS = 2 * 60_000;
/** Targets that are read at once: two queries each. */
const AT_ONCE = 10;

/** An installation as it was last read; nothing is read while nobody looks. */
export interface FollowedSource extends PageSource {
  /** Reads now, and again and again. */
  follow(): void;
  rest(): void;
}

type Part = 'targets' | 'incidents' | 'deliveries';

/**
 * Reads an installation with whatever rights there are: without incidents and targets there is no page; what else may
 * not be read is said on it.
 * @throws UsageError, Unavailable
 */
export async function openSource(
  found: FoundInstallation,
  stores: Stores,
  {
    targets: only,
    everyMs,
    onChange,
  }: {
    /** Absent: all that there are. */
    readonly targets?: readonly string[] | undefined;
    readonly everyMs: number;
    readonly onChange: () => void;
  },
): Promise<FollowedSource> {
  const incidents = incidentReader(stores);
  const problems = new Map<Part, string>();
  let configs: readonly CheckConfig[] = [];
  let read: Pick<PageState, 'targets' | 'incidents'> = { targets: [], incidents: [] };
  let deliveries: readonly DeliveryView[] = [];
  const due = { targets: 0, deliveries: 0 };

  async function readTargets(): Promise<void> {
    due.targets = Date.now() + TARGETS_MS;
    const names = only ?? (await targetNames(stores));
    configs = await inParts(names, (name) => knownTarget(stores, name));
  }

  async function readIncidents(): Promise<void> {
    const now = new Date();
    const all = await inParts(configs, async (config) => {
      const known = await readIncidentsOf(stores, config.installation, config.target.name, now);
      const right = {
        action: 'dynamodb:Query',
        on: `table ${stores.tableName} (keys target#${config.target.name})`,
      };
      const freezes = await freezesOf(stores, config.target.name);
      const view = await allowed(right, () =>
        readTarget(stores.table, shownOf(config), known.snoozes, freezes),
      );
      return { known, view };
    });
    const listed = all.flatMap(({ known }) => known.incidents).sort(inOrder);
    const right = { action: 's3:GetObject', on: `reports/ in bucket ${stores.stateName}` };
    read = {
      targets: all.map(({ view }) => view),
      incidents: await allowed(right, () => incidents.views(listed)),
    };
  }

  /** What was read before stays, and the page says why it is old. */
  async function attempt(part: Part, reading: () => Promise<void>): Promise<void> {
    try {
      await reading();
      problems.delete(part);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.set(part, `${WORDS[part]}, tried at ${new Date().toISOString().slice(11, 16)} UTC: ${why}`);
    }
  }

  async function readAll(): Promise<void> {
    if (Date.now() >= due.targets) await attempt('targets', readTargets);
    await attempt('incidents', readIncidents);
    if (Date.now() >= due.deliveries) {
      due.deliveries = Date.now() + DELIVERIES_MS;
      await attempt('deliveries', async () => {
        deliveries = await readDeliveries(found);
      });
    }
  }

  await readTargets();
  await readIncidents();

  let timer: NodeJS.Timeout | undefined;
  /** Who looks now; what was begun for somebody who has gone does not go on beside it. */
  let follower: symbol | undefined;
  async function again(mine: symbol): Promise<void> {
    await readAll();
    onChange();
    if (follower === mine) timer = setTimeout(() => void again(mine), everyMs);
  }
  return {
    state: (): PageState => ({
      installation: configs[0]?.installation ?? '(no target yet)',
      bucket: found.bucket,
      ...(problems.size === 0 ? {} : { problems: [...problems.values()] }),
      ...read,
      deliveries,
    }),
    timeline: incidents.timeline,
    follow() {
      follower = Symbol('follower');
      void again(follower);
    },
    rest() {
      follower = undefined;
      clearTimeout(timer);
    },
  };
}

const WORDS: Readonly<Record<Part, string>> = {
  targets: 'Which targets there are could not be read',
  incidents: 'What stands here is old',
  deliveries: 'Deliveries could not be read',
};

/** Who may not read them does without. */
async function freezesOf({ table }: Stores, target: string): Promise<readonly StandingFreeze[]> {
  try {
    return await standingFreezes(table, target);
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

const shownOf = ({ target, repository }: CheckConfig): ShownTarget => ({
  name: target.name,
  repository: repository.name,
  branch: target.branch,
  deployer: target.deployer,
  namespaces: target.namespaces,
});

async function inParts<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const all: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    all.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(read))));
  return all;
}
