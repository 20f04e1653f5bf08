import type { Item } from '../aws/table.ts';
import type { Heard, IncidentClass, Incidents } from '../incidents/incident.ts';
import { parseJson } from '../objects/json.ts';

/**
 * A scope's state as this release knows it. The one before remembered of an open incident that it was told, but not
 * always as what, and never when: a stalled rollout was a warning, `unknown` one severity or none for a warning, and
 * what an item last changed by was an alert.
 */
export function stateAsNow<Class extends IncidentClass>(
  item: Item,
  text: string,
): NonNullable<Incidents[Class]> {
  const state = parseJson(text) as unknown as NonNullable<Incidents[Class]>;
  const isOpen = state.kind === 'drifting' || state.kind === 'stalled' || state.kind === 'unknown';
  if (!isOpen || 'toldAt' in state) return state;
  const { told } = state as { readonly told?: Heard['told'] | Heard['told'][number] };
  const heard: Heard = {
    told: told === undefined ? ['warning'] : typeof told === 'string' ? [told] : told,
    toldAt: typeof item.changedAt === 'string' ? item.changedAt : (state as { readonly since: string }).since,
  };
  return { ...(state as NonNullable<Incidents[Class]>), ...heard };
}
