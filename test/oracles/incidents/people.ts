import { partOf } from './invariants.ts';
import type { Played } from './play.ts';
import { type Entry, keyOf, Violation } from './record.ts';

/** What people have got: each by the severities that they asked for. */
const AUDIENCES: Readonly<Record<string, readonly string[]>> = {
  all: ['info', 'warning', 'critical'],
  'from warnings on': ['warning', 'critical'],
  'critical alone': ['critical'],
  'warnings alone': ['warning'],
};

type Published = Extract<Entry, { kind: 'published' }>;
const isPublished = (entry: Entry): entry is Published => entry.kind === 'published';

export function holdForPeople({ record }: Played): void {
  allIsPublished(record);
  sameAgain(record.filter(isPublished));
  for (const [audience, severities] of Object.entries(AUDIENCES)) inOrder(audience, severities, record);
  criticalIsHeard(record);
}

/** Everything that was written is told, on the bus and to people, and nothing else is. */
function allIsPublished(record: readonly Entry[]): void {
  const published = new Map<string, Set<string>>();
  for (const entry of record)
    if (entry.kind === 'published') {
      const channels = published.get(keyOf(entry)) ?? new Set();
      published.set(keyOf(entry), channels.add(entry.channel));
    }
  const said = new Set<string>();
  for (const entry of record) {
    if (entry.kind !== 'said') continue;
    const { alert } = entry;
    said.add(keyOf(alert));
    const channels = published.get(keyOf(alert)) ?? new Set();
    const isForMachines =
      alert.quiet !== undefined || (alert.kind === 'rolled-out' && alert.after === 'rollout');
    const expected = isForMachines
      ? ['report', 'bus']
      : ['report', 'bus', 'email', 'chat', ...(partOf(alert) === 'single' ? [] : ['pager'])];
    for (const channel of expected)
      if (!channels.has(channel))
        throw new Violation('nothing is untold', `${keyOf(alert)} ${alert.kind} to ${channel}`);
    for (const channel of channels)
      if (!expected.includes(channel))
        throw new Violation(
          'nobody is told what is not for them',
          `${keyOf(alert)} ${alert.kind} to ${channel}`,
        );
  }
  for (const key of published.keys())
    if (!said.has(key)) throw new Violation('only what was decided is told', key);
}

/** What comes twice is the same twice. */
function sameAgain(published: readonly Published[]): void {
  const first = new Map<string, string>();
  for (const entry of published) {
    const key = `${entry.channel} ${keyOf(entry)}`;
    const before = first.get(key);
    if (before !== undefined && before !== entry.message)
      throw new Violation('a repeat is identical', `${key}: ${before}\nand ${entry.message}`);
    first.set(key, entry.message);
  }
}

/** Of a key, each audience of a pager gets sequences that go up, an OK only after an ALARM, and at the end the OK. */
function inOrder(audience: string, severities: readonly string[], record: readonly Entry[]): void {
  const heard = new Map<string, { highest: number; state: string; closed: boolean }>();
  for (const entry of record) {
    if (!isPublished(entry) || entry.channel !== 'pager' || entry.state === undefined) continue;
    if (!entry.severities.some((severity) => severities.includes(severity))) continue;
    const { incident, sequence, state } = entry;
    const before = heard.get(incident);
    const isFirst = sequence > (before?.highest ?? 0);
    if (state === 'OK' && before === undefined)
      throw new Violation('no OK without its ALARM', `${keyOf(entry)} to ${audience}`);
    if (before?.closed && isFirst)
      throw new Violation('nothing of a key after its OK', `${keyOf(entry)} ${state} to ${audience}`);
    heard.set(incident, {
      highest: Math.max(sequence, before?.highest ?? 0),
      state,
      closed: (before?.closed ?? false) || state === 'OK',
    });
  }
  for (const [incident, { state, highest }] of heard)
    if (state !== 'OK')
      throw new Violation(
        'every ALARM has its OK',
        `${incident} is ${state} to ${audience} after ${highest}, and all is well`,
      );
}

/** Whatever somebody has asked to be quiet: that it is critical now is told. */
function criticalIsHeard(record: readonly Entry[]): void {
  const gravest = new Map<string, string>();
  for (const entry of record) {
    if (entry.kind !== 'said') continue;
    const { incident, severity, quiet } = entry.alert;
    if (severity === 'critical' && gravest.get(incident) !== 'critical' && quiet !== undefined)
      throw new Violation('a rise to critical is told whoever snoozed', keyOf(entry.alert));
    if (severity === 'critical') gravest.set(incident, severity);
  }
}
