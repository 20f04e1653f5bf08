/**
 * Figures for CloudWatch out of a function's own log: no right, no call, no library. Each name here is a metric an
 * installation pays for (docs/cost.md), so that only sums over all targets are here; each target's own stand in the
 * log, where they cost what their bytes do.
 */

/** CloudWatch's names of units. */
type Unit = 'Count' | 'Seconds';

interface Described {
  readonly unit: Unit;
  /** `sum`: so many more, summed up over a call. `last`: how it is now. `each`: every value by itself. */
  readonly kind: 'sum' | 'last' | 'each';
  readonly says: string;
}

export const METRICS = {
  UploadsReceived: { unit: 'Count', kind: 'sum', says: 'uploads that were heard of' },
  UploadsDelivered: { unit: 'Count', kind: 'sum', says: 'uploads that are in Git' },
  UploadsRejected: { unit: 'Count', kind: 'sum', says: 'uploads that were refused' },
  UploadsFailed: { unit: 'Count', kind: 'sum', says: 'uploads that could not be delivered within a day' },
  SecondsToCommit: { unit: 'Seconds', kind: 'each', says: 'from the event of an upload to its outcome' },
  OldestWaitingUpload: { unit: 'Seconds', kind: 'last', says: 'how long the oldest open upload waits' },
  MessagesFailed: { unit: 'Count', kind: 'sum', says: 'messages that were not worked off and come again' },
  ChecksFinished: { unit: 'Count', kind: 'sum', says: 'drift checks that came to a verdict, unknown too' },
  OldestVerdictAge: {
    unit: 'Seconds',
    kind: 'last',
    says: 'of the target that no check has finished for longest',
  },
  VerdictsOverdue: {
    unit: 'Count',
    kind: 'last',
    says: 'targets that no check has finished for three intervals',
  },
  OpenDrift: { unit: 'Count', kind: 'last', says: 'open incidents of drift' },
  OpenUnknown: { unit: 'Count', kind: 'last', says: 'open incidents of what cannot be judged' },
  OpenCritical: { unit: 'Count', kind: 'last', says: 'open incidents of all kinds that are critical' },
  OldestUntoldAlert: {
    unit: 'Seconds',
    kind: 'last',
    says: 'how long the oldest alert waits that somebody was not told',
  },
  AlertsTold: { unit: 'Count', kind: 'sum', says: 'alerts that a channel took, each channel counted' },
  AlertTriesFailed: { unit: 'Count', kind: 'sum', says: 'tries to tell that a channel did not take' },
  AlertsGivenUp: {
    unit: 'Count',
    kind: 'sum',
    says: 'alerts that a channel will not get, because it took nothing for too long',
  },
  BackupsComplete: { unit: 'Count', kind: 'sum', says: 'rounds in which every repository was backed up' },
} as const satisfies Record<string, Described>;

export type MetricName = keyof typeof METRICS;

/** One more of it, or how it is now. */
export type Measure = (name: MetricName, value: number) => void;

export const METRICS_NAMESPACE = 'Fairlead';
/** Of every metric, and the only one: several installations live in one account. */
export const INSTALLATION_DIMENSION = 'installation';

/** A metric may have so many values in a line (CloudWatch user guide, "Embedded metric format specification"). */
const VALUES_A_LINE = 100;

/** What was measured during one call. */
export class Figures {
  private readonly values = new Map<MetricName, number[]>();

  measure(name: MetricName, value: number): void {
    const known = this.values.get(name) ?? [];
    switch (METRICS[name].kind) {
      case 'sum':
        this.values.set(name, [(known[0] ?? 0) + value]);
        break;
      case 'last':
        this.values.set(name, [value]);
        break;
      case 'each':
        this.values.set(name, [...known, value]);
        break;
    }
  }

  /**
   * Members for lines of the log that CloudWatch takes the figures from: one line, or several where there are more
   * values than a line may have. A line that nothing was measured for has none.
   */
  lines(now: Date): readonly Readonly<Record<string, unknown>>[] {
    const lines: Record<string, unknown>[] = [];
    for (
      let from = 0;
      from === 0 || [...this.values.values()].some(({ length }) => length > from);
      from += VALUES_A_LINE
    ) {
      const some = [...this.values].flatMap(([name, values]) => {
        const part = values.slice(from, from + VALUES_A_LINE);
        return part.length === 0 ? [] : [[name, METRICS[name].kind === 'each' ? part : part[0]] as const];
      });
      lines.push(
        some.length === 0
          ? {}
          : {
              _aws: directive(
                some.map(([name]) => name),
                now,
              ),
              ...Object.fromEntries(some),
            },
      );
    }
    return lines;
  }
}

/** CloudWatch user guide, "Embedded metric format specification". */
const directive = (names: readonly MetricName[], now: Date) => ({
  Timestamp: now.getTime(),
  CloudWatchMetrics: [
    {
      Namespace: METRICS_NAMESPACE,
      Dimensions: [[INSTALLATION_DIMENSION]],
      Metrics: names.map((name) => ({ Name: name, Unit: METRICS[name].unit })),
    },
  ],
});
