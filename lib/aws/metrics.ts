/** Counts for CloudWatch, out of a function's own log: no right, no call, no library. */
export interface Metrics {
  count(name: string, value: number): void;
}

export const METRICS_NAMESPACE = 'Fairlead';
/** The one dimension: several installations live in one account. */
export const INSTALLATION_DIMENSION = 'Installation';

/** CloudWatch user guide, "Embedded metric format": one line of JSON to the log. */
export const functionMetrics = (installation: string): Metrics => ({
  count(name, value) {
    const _aws = {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: METRICS_NAMESPACE,
          Dimensions: [[INSTALLATION_DIMENSION]],
          Metrics: [{ Name: name, Unit: 'Count' }],
        },
      ],
    };
    console.log(JSON.stringify({ _aws, [INSTALLATION_DIMENSION]: installation, [name]: value }));
  },
});

/** Alerts that a channel did not get, because it took nothing for too long. */
export const GIVEN_UP = 'AlertsGivenUp';
