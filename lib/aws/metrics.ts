/** Figures for CloudWatch, out of a function's own log: no right, no call, no library. */
export interface Metrics {
  /** So many more; a sum over time says how many. */
  count(name: string, value: number): void;
  /** How it is now. `by`: dimensions beside the installation; each of their values is a metric that costs. */
  gauge(name: string, unit: Unit, value: number, by?: Readonly<Record<string, string>>): void;
}

/** CloudWatch's names of units. */
export type Unit = 'Count' | 'Seconds';

export const METRICS_NAMESPACE = 'Fairlead';
/** Of every metric: several installations live in one account. */
export const INSTALLATION_DIMENSION = 'Installation';

/** CloudWatch user guide, "Embedded metric format": one line of JSON to the log. */
export const functionMetrics = (installation: string): Metrics => {
  const write: Metrics['gauge'] = (name, unit, value, by = {}) => {
    const _aws = {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: METRICS_NAMESPACE,
          Dimensions: [[INSTALLATION_DIMENSION, ...Object.keys(by)]],
          Metrics: [{ Name: name, Unit: unit }],
        },
      ],
    };
    console.log(JSON.stringify({ _aws, [INSTALLATION_DIMENSION]: installation, ...by, [name]: value }));
  };
  return { gauge: write, count: (name, value) => write(name, 'Count', value) };
};

/** Alerts that a channel did not get, because it took nothing for too long. */
export const GIVEN_UP = 'AlertsGivenUp';
/** Alerts that a channel took, each channel counted; and tries that it did not take. */
export const TOLD = 'AlertsTold';
export const FAILED_TRIES = 'AlertTriesFailed';
/** Open now, by class and by severity. */
export const OPEN_INCIDENTS = 'OpenIncidents';
export const CLASS_DIMENSION = 'Class';
export const SEVERITY_DIMENSION = 'Severity';
/** Of the target that no check has finished for the longest. */
export const VERDICT_AGE = 'OldestVerdictAge';
