import { reasonView } from '../page/reason-view.ts';
import type { DeliveryView } from '../page/state.ts';
import type { FoundInstallation } from './installation.ts';
import { type ListedUpload, listUploads } from './listing.ts';

/** What the page shows of deliveries: not older, and not more. */
const DAYS = 7;
const SHOWN = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The newest uploads, from the bucket and their records, or their tags where records may not be read. @throws Unavailable */
export async function readDeliveries(found: FoundInstallation): Promise<readonly DeliveryView[]> {
  const { uploads } = await listUploads(found, '', new Date(Date.now() - DAYS * DAY_MS));
  const views: DeliveryView[] = [];
  for await (const upload of uploads) {
    views.push(viewOf(upload));
    if (views.length === SHOWN) break;
  }
  return views;
}

const STATES = {
  unrecorded: 'received',
  received: 'received',
  unknown: 'received',
  checked: 'checked',
  frozen: 'frozen',
  proposed: 'proposed',
} as const;

function viewOf({ key, versionId, lastModified, known }: ListedUpload): DeliveryView {
  return {
    key,
    versionId,
    state: known.state === 'waiting' ? STATES[known.stage] : known.state,
    receivedAt: known.receivedAt ?? lastModified.toISOString(),
    endedAt: known.endedAt,
    ...(known.state === 'delivered' ? { commit: known.commit, change: known.change } : {}),
    ...(known.state === 'superseded' ? { by: known.by } : {}),
    ...('url' in known ? { proposal: known.url } : {}),
    replays: known.replays?.length ?? 0,
    reasons: 'reasons' in known ? known.reasons.map(reasonView) : [],
    warnings: (known.warnings ?? []).map(reasonView),
  };
}
