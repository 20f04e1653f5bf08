/** Faults put into the code itself, one at a time, to see that runs find them. Each takes away one thing. */
interface Sabotage {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const SABOTAGES = {
  /** Who loses a write has written all the same. */
  'writes-overwrite': {
    file: 'test/oracles/incidents/memory-table.ts',
    from: "return 'conflict';\n      const after",
    to: 'void 0;\n      const after',
  },
  /** What is older than what is known is told. */
  'stale-told': {
    file: 'lib/alerts/tell.ts',
    from: "if (isOlder(observation, known.seen, now())) return 'nothing';",
    to: '',
  },
  /** What could not be looked at is taken for gone. */
  'unseen-closed': {
    file: 'lib/incidents/target.ts',
    from: "if (scopes.some(({ seen }) => isWhole(seen) && seen.state.kind === 'unknown')) return decisions;",
    to: '',
  },
  /** What is hidden beside a difference is taken for gone. */
  'hidden-gone': {
    file: 'lib/incidents/accepted.ts',
    from: "if (hidden === 'none') return [];\n  return hidden === 'any' ? fingerprints",
    to: "if (hidden !== 'any') return [];\n  return hidden === 'any' ? fingerprints",
  },
  /** What an item has not told yet is lost when it has more to tell. */
  'untold-replaced': {
    file: 'lib/alerts/outbox.ts',
    from: '[...untoldOf(item), ...alerts]',
    to: 'alerts.length > 0 ? [...alerts] : [...untoldOf(item)]',
  },
  /** What one channel had, all had. */
  'told-to-one': {
    file: 'lib/alerts/telling.ts',
    from: 'alerts: outbox.alerts.filter((alert) => waiting.has(nameOf(alert))),',
    to: 'alerts: outbox.alerts.filter((alert) => !outbox.told.has(nameOf(alert))),',
  },
  /** Nobody looks for what the stream has lost. */
  'lost-unfound': {
    file: 'lib/uploads/sweep.ts',
    from: 'for await (const item of parts.table.untold()) {',
    to: 'for await (const item of parts.table.untold()) {\n    continue;',
  },
  /** The end of an incident forgets whom it was told to since. */
  'told-forgotten': {
    file: 'lib/incidents/voice.ts',
    from: 'const all = told.includes(severity) ? told : [...told, severity];',
    to: 'const all = told.length > 0 ? told : [severity];',
  },
  /** A cluster that does not answer is what Git says. */
  'unknown-converges': {
    file: 'lib/incidents/drift-incident.ts',
    from: "case 'rollout':\n      return { ...NOTHING, after: isFirst",
    to: "case 'rollout':\n      if (before !== undefined) return converge({ ...question, accepted: undefined });\n      return { ...NOTHING, after: isFirst",
  },
  /** Another alert of an incident has the number of the one before. */
  'sequence-stays': {
    file: 'lib/incidents/drift-incident.ts',
    from: 'const numbers = { opening: before.opening, sequence: before.sequence + 1 };\n  const base',
    to: 'const numbers = { opening: before.opening, sequence: before.sequence };\n  const base',
  },
  /** The next incident of a scope has the key of the last. */
  'openings-uncounted': {
    file: 'lib/incidents/drift-incident.ts',
    from: 'opening: (before ?? NEVER).opening + 1, sequence: 1',
    to: 'opening: 1, sequence: 1',
  },
  /** What a stalled rollout names is never told by itself, however grave. */
  'grave-swallowed': {
    file: 'lib/incidents/drift-incident.ts',
    from: "severity !== 'critical' &&",
    to: '',
  },
  /** One failure is told. */
  'failures-uncounted': {
    file: 'lib/incidents/unknown-incident.ts',
    from: 'const FAILURES_UNTIL_TOLD = 3;',
    to: 'const FAILURES_UNTIL_TOLD = 2;',
  },
  /** A first check is like any other. */
  'first-check-pages': {
    file: 'lib/incidents/phase.ts',
    from: "if (phase === undefined) return 'first-check';",
    to: "if (phase === undefined) return 'checked-before';",
  },
  /** A snooze is over everything. */
  'snooze-over-critical': {
    file: 'lib/incidents/voice.ts',
    from: "const isRise = severity === 'critical' && !told.includes('critical');",
    to: "const isRise = severity === 'critical' && told.includes('critical');",
  },
  /** What a snooze has hushed stays hushed. */
  'snooze-lasts': {
    file: 'lib/incidents/voice.ts',
    from: 'if (hushed !== undefined) return true;',
    to: 'if (hushed !== undefined) return false;',
  },
  /** Every check reminds. */
  'reminders-always': {
    file: 'lib/incidents/voice.ts',
    from: '>= hours * HOUR;',
    to: '>= 0;',
  },
  /** However many scopes begin at once, each is told by itself. */
  'bursts-apart': {
    file: 'lib/incidents/burst.ts',
    from: 'if (waiting === 0 && beginning.size <= BURST_SCOPES) return new Map();',
    to: 'if (beginning.size + waiting <= 1000 * BURST_SCOPES) return new Map();',
  },
  /** Many are told as one, and none of them says that it is one of them. */
  'claims-skipped': {
    file: 'lib/incidents/target.ts',
    from: '  return [\n    ...scopeWrites(state, told),\n',
    to: '  return [\n    ...(members.length > 0 ? [] : scopeWrites(state, told)),\n',
  },
  /** A member that was told is told by itself, too. */
  'members-alone': {
    file: 'lib/incidents/target.ts',
    from: 'alerts: { ...heard.alerts, drift: [] },',
    to: 'alerts: heard.alerts,',
  },
} as const satisfies Readonly<Record<string, Sabotage>>;
export type SabotageName = keyof typeof SABOTAGES;
