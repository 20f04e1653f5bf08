import type { Table } from '../aws/table.ts';
import type { ItemWrite } from '../incidents/target.ts';
import { slotOf } from '../uploads/record/keys.ts';
import { readMark, type SlotMark } from '../uploads/record/slots.ts';
import type { Alert, TakeBack } from './alert.ts';
import { fairlead, isOrdinary, quoted } from './commands.ts';
import { subjectOfScope } from './deployers-object.ts';
import type { Remedy } from './remedy.ts';

/**
 * A step back is offered where a delivery may have brought what is told: a rollout that came to no end, and what differs
 * since soon after one. Who wakes up over it has one line to paste.
 */

/** What differs later than this after a delivery was not brought by it. Minutes. */
const BROUGHT_WITHIN = 60;

/** The alerts that are to be written, with what a step back would go back to. */
export async function withTakeBack(
  table: Table,
  target: string,
  writes: readonly ItemWrite[],
): Promise<readonly ItemWrite[]> {
  const found: ItemWrite[] = [];
  for (const write of writes) {
    const alerts: Alert[] = [];
    for (const alert of write.alerts) alerts.push(await withOne(table, target, alert));
    found.push({ ...write, alerts });
  }
  return found;
}

async function withOne(table: Table, target: string, alert: Alert): Promise<Alert> {
  switch (alert.kind) {
    case 'stalled':
    case 'drift':
    case 'drift-changed':
    case 'reminder': {
      if (alert.kind === 'reminder' && alert.of === 'unknown') return alert;
      const subject = subjectOfScope(alert.scope);
      if (subject.kind !== 'release' || alert.layout === 'foreign') return alert;
      const where = { target, namespace: subject.namespace, release: subject.release };
      const [chart, values] = await Promise.all([
        readMark(table, slotOf({ kind: 'chart', fileName: '', ...where })),
        readMark(table, slotOf({ kind: 'values', ...where })),
      ]);
      const takeBack = takeBackOf({ chart, values }, alert.chart);
      if (takeBack === undefined) return alert;
      const isStalled = alert.kind === 'stalled' || (alert.kind === 'reminder' && alert.of === 'stalled');
      if (!isStalled && !isSoonAfter(takeBack.at, alert.since)) return alert;
      const { at: _, ...rest } = takeBack;
      return { ...alert, takeBack: rest };
    }
    default:
      return alert;
  }
}

interface Marks {
  readonly chart: SlotMark | undefined;
  readonly values: SlotMark | undefined;
}

/**
 * What the newest delivery of a release took the place of: pure. None where somebody else has put another chart there
 * since, where it was the first, and where it was a step back itself.
 * @param judged the chart that the alert is about
 */
export function takeBackOf(
  { chart, values }: Marks,
  judged: { readonly name: string; readonly version: string } | undefined,
): (TakeBack & { readonly at: string }) | undefined {
  if (
    chart?.chart === undefined ||
    chart.chart.name !== judged?.name ||
    chart.chart.version !== judged.version
  )
    return undefined;
  const brought = values !== undefined && values.order > chart.order ? 'values' : 'chart';
  const last = brought === 'values' && values !== undefined ? values : chart;
  // Before a step back stands what was stepped back from.
  if (last.by === 'rollback') return undefined;
  const at = last.order.slice(0, last.order.indexOf('#'));
  // By one commit, both have gone back together.
  if (values?.commit === chart.commit) {
    if (chart.before === undefined && values.before === undefined) return undefined;
    const to = chart.before === undefined ? undefined : chart.before.chart;
    return { brought: 'chart', at, ...(to === undefined ? {} : { to }) };
  }
  if (brought === 'values') return { brought, at, to: chart.chart };
  if (chart.before === undefined) return undefined;
  return { brought, at, ...(chart.before.chart === undefined ? {} : { to: chart.before.chart }) };
}

const isSoonAfter = (delivered: string, since: string): boolean => {
  const minutes = (Date.parse(since) - Date.parse(delivered)) / 60_000;
  return minutes >= 0 && minutes <= BROUGHT_WITHIN;
};

/** One line that takes the last delivery back. None for a name that no command should hold. */
export function takingBack(alert: Extract<Alert, { readonly takeBack?: TakeBack }>): readonly Remedy[] {
  const { takeBack, target, scope } = alert;
  const subject = subjectOfScope(scope);
  if (takeBack === undefined || subject.kind !== 'release') return [];
  const { namespace, release } = subject;
  if (![target, namespace, release].every(isOrdinary)) return [];
  const { brought, to } = takeBack;
  const isNamed = to !== undefined && isOrdinary(to.name) && isOrdinary(to.version.replaceAll('+', '-'));
  const chart = isNamed ? `${to.name} ${to.version}` : undefined;
  const what =
    brought === 'chart'
      ? `the chart that was delivered last${chart === undefined ? '' : ` (to ${chart})`}`
      : `the values that were delivered last${chart === undefined ? '' : ` (${chart} stays)`}`;
  return [
    {
      title: `Take back ${what}`,
      text: [
        'Chart and values as they were before, by one commit. What CI uploads next waits until you unfreeze the release.',
      ],
      commands: [fairlead(`rollback ${quoted(target)} ${quoted(`${namespace}/${release}`)}`, alert)],
    },
  ];
}
