import type { FunctionName } from '../run/function.ts';

/** A question to the logs that is kept by name (CloudWatch Logs Insights), and of whose logs it is asked. */
export interface SavedQuery {
  readonly functions: readonly FunctionName[];
  readonly lines: readonly string[];
  /** What whoever asks fills in, and what it is. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export const LOGGING = [
  'receive-upload',
  'deliver-uploads',
  'render-release',
  'read-desired',
  'check-drift',
  'send-alerts',
  'sweep',
] as const satisfies readonly FunctionName[];

/**
 * Every field here is one that a function writes, or Lambda itself (`@…`): test/infra/queries.test.ts runs the functions
 * and looks. What each is for is told in docs/runbook.md.
 */
export const QUERIES = {
  follow: {
    functions: LOGGING,
    parameters: {
      id: 'The version id of an upload, a commit (40 digits), or an incident, as in an alert',
    },
    lines: [
      'fields @timestamp, service, message, outcome, target, upload, commit, incident, error.message',
      'filter @message like "{{id}}"',
      'sort @timestamp asc',
      'limit 1000',
    ],
  },
  failures: {
    functions: LOGGING,
    lines: [
      'fields @timestamp, service, message, error.name, error.message, target, key, upload, commit, received, function_request_id',
      'filter level = "ERROR"',
      'sort @timestamp desc',
      'limit 200',
    ],
  },
  calls: {
    functions: LOGGING,
    lines: [
      'filter message = "call ended"',
      'stats count(*) as calls, sum(MessagesFailed) as failed, pct(seconds, 50) as median, pct(seconds, 95) as p95, max(seconds) as longest by service, outcome',
      'sort service asc',
    ],
  },
  memory: {
    functions: LOGGING,
    lines: [
      'filter @type = "REPORT"',
      'stats count(*) as calls, count(@initDuration) as coldStarts, max(@initDuration) as longestStart, max(@duration) as longest, max(@maxMemoryUsed / 1048576) as usedMiB, max(@memorySize / 1048576) as givenMiB by @log',
    ],
  },
  uploads: {
    functions: ['receive-upload', 'deliver-uploads'],
    lines: [
      'fields @timestamp, key, upload, outcome, change, commit, codes',
      'filter message = "upload ended"',
      'sort @timestamp desc',
      'limit 500',
    ],
  },
  waiting: {
    functions: ['deliver-uploads'],
    lines: [
      'fields @timestamp, repository, branch, says, key, upload, why',
      'filter message in ["repository blocked", "upload waits"]',
      'sort @timestamp desc',
      'limit 500',
    ],
  },
  targets: {
    functions: ['sweep'],
    lines: [
      'filter message = "target"',
      'stats latest(verdict) as verdict, latest(verdictAgeSeconds) as ageSeconds, latest(open.drift) as drift, latest(open.stalled) as stalled, latest(open.unknown) as unknown, latest(open.delivery) as delivery, latest(severities.critical) as critical by target',
      'sort ageSeconds desc',
    ],
  },
  checks: {
    functions: ['read-desired', 'check-drift'],
    lines: [
      'fields @timestamp, service, message, target, commit, sequence, releases, scopes.unknown, why, error.message',
      'filter message in ["desired state read", "checked", "check dropped", "the repository does not let us in", "the cluster could not be looked up"] or level = "ERROR"',
      'sort @timestamp desc',
      'limit 500',
    ],
  },
  alerts: {
    functions: ['send-alerts'],
    lines: [
      'fields @timestamp, message, incident, sequence, kind, target, scope, commit, channels.0, channel, error.message',
      'filter message like /alert/',
      'sort @timestamp desc',
      'limit 500',
    ],
  },
} as const satisfies Readonly<Record<string, SavedQuery>>;

export const textOf = ({ lines }: SavedQuery): string => lines.join('\n| ');
