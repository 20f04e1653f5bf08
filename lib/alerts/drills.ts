import * as z from 'zod';
import type { Item, Table } from '../aws/table.ts';
import { ALERT_CLASSES, type AlertClass, type AudienceFilter, type Severity } from '../config/audiences.ts';
import type { Alert } from './alert.ts';
import { ANY_NAMESPACE } from './audience.ts';
import { type Heard, nameOf, outboxOf, untoldOf, withUntold } from './outbox.ts';

/**
 * A drill: an alert that says that nothing is wrong, on the very way that alerts go, and its end. It lies in one item of
 * its own, `drill` / `now`, written anew by each, so that who drills needs to write below one key and nothing else; no
 * incident is made, and none is counted.
 */
const KEY = { pk: 'drill', sk: 'now' } as const;
/** `send-alerts` marks in the item what it has told, while its end is written: more than this in a row is no accident. */
const ATTEMPTS = 20;

type Opening = Extract<Alert, { readonly kind: 'drill' }>;
/** What the item remembers of the last one. */
const remembered = z.object({
  state: z.enum(['open', 'over']),
  number: z.number().int(),
  opening: z.custom<Opening>((value) => (value as Partial<Opening> | null)?.kind === 'drill'),
});

export type Reached = Opening['reaches'];

/** Every audience that hears of that severity, whatever else it filters by. */
export const everyone = (filters: readonly AudienceFilter[], severity: Severity): Reached => ({
  targets: [...new Set(['drill', ...filters.flatMap(({ targets = [] }) => targets)])],
  namespaces: [ANY_NAMESPACE],
  classes: ALERT_CLASSES,
  severities: [severity],
});

/** As little as one audience hears of: who filters for the same hears it too. */
export const oneAudience = (
  { targets, namespaces, classes, severities }: AudienceFilter,
  severity: Severity,
): Reached => ({
  targets: [targets?.[0] ?? 'drill'],
  namespaces: [namespaces?.[0] ?? ANY_NAMESPACE],
  classes: classes === undefined ? ALERT_CLASSES : ([classes[0]] as readonly AlertClass[]),
  severities: severities === undefined || severities.includes(severity) ? [severity] : severities.slice(0, 1),
});

export interface DrillAsked {
  readonly installation: string;
  /** As the person says. */
  readonly by: string;
  readonly reaches: Reached;
  /** Names of channels; absent: all. */
  readonly channels?: readonly string[];
  readonly at: string;
}

/** Begins one; ends the one before it where that was never done. @throws if the item stays contended */
export async function beginDrill(table: Pick<Table, 'get' | 'put'>, asked: DrillAsked): Promise<Opening> {
  const { installation, by, reaches, channels, at } = asked;
  return await changed(table, (item) => {
    const known = item && rememberedIn(item);
    const number = (known?.number ?? 0) + 1;
    const opening: Opening = {
      schema: 1,
      installation,
      target: 'drill',
      scope: 'everyone',
      incident: `${installation}/drill/everyone/drill/${number}`,
      sequence: 1,
      at,
      severity: reaches.severities[0] ?? 'critical',
      kind: 'drill',
      by,
      reaches,
      ...(channels === undefined ? {} : { channels }),
    };
    const before = known?.state === 'open' ? [overOf(known.opening, at)] : [];
    const state = JSON.stringify({ state: 'open', number, opening });
    // What came of earlier ones is of no use any more; what waits for a channel stays.
    const next = item?.alerts === undefined ? { state } : { ...item, state };
    return { next, alerts: [...before, opening], answer: opening };
  });
}

/** Ends the one that is open: what its end says. Undefined where none is. @throws if the item stays contended */
export async function endDrill(
  table: Pick<Table, 'get' | 'put'>,
  at: string,
  only?: Pick<Opening, 'incident'>,
): Promise<Alert | undefined> {
  return await changed(table, (item) => {
    const known = item && rememberedIn(item);
    if (known?.state !== 'open' || (only !== undefined && known.opening.incident !== only.incident))
      return { answer: undefined };
    const over = overOf(known.opening, at);
    const next = { ...item, state: JSON.stringify({ ...known, state: 'over' }) };
    return { next, alerts: [over], answer: over };
  });
}

export interface Told {
  /** In their order. */
  readonly tries: readonly Heard[];
  /** `told`: every channel has it, or was given up. `replaced`: another drill has begun, which ended this one. */
  readonly state: 'told' | 'waiting' | 'replaced';
}

/** How far an alert of a drill has come. */
export async function heardOf(table: Pick<Table, 'get'>, alert: Alert): Promise<Told> {
  const item = await table.get(KEY);
  if (item === undefined) return { tries: [], state: 'told' };
  const name = nameOf(alert);
  const tries = (outboxOf(item).heard ?? []).filter((each) => each.alert === name);
  if (untoldOf(item).some((each) => nameOf(each) === name)) return { tries, state: 'waiting' };
  return { tries, state: rememberedIn(item)?.opening.incident === alert.incident ? 'told' : 'replaced' };
}

const overOf = ({ kind: _, at: since, ...opening }: Opening, at: string): Alert => ({
  ...opening,
  kind: 'drill-over',
  sequence: 2,
  severity: 'info',
  told: opening.reaches.severities,
  since,
  at,
});

function rememberedIn(item: Item) {
  if (typeof item.state !== 'string') return undefined;
  return remembered.safeParse(JSON.parse(item.state)).data;
}

interface Change<Answer> {
  readonly next?: Readonly<Record<string, unknown>>;
  readonly alerts?: readonly Alert[];
  readonly answer: Answer;
}

async function changed<Answer>(
  table: Pick<Table, 'get' | 'put'>,
  decide: (item: Item | undefined) => Change<Answer>,
): Promise<Answer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await table.get(KEY);
    const { next, alerts = [], answer } = decide(before);
    if (next === undefined) return answer;
    const item = { ...next, ...KEY, schema: 1, version: (before?.version ?? 0) + 1 };
    const written = withUntold(item, alerts, alerts.at(-1)?.at ?? '');
    if ((await table.put(written, before?.version ?? 'absent')) === 'written') return answer;
  }
  throw new Error(`the drill was changed by somebody else ${ATTEMPTS} times in a row`);
}
