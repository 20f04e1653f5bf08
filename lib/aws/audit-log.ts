import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** The audit log of one cluster's API server. */
export interface AuditLog {
  /**
   * Lines about an object, oldest first, as many as the limits allow: JSON texts, not yet looked into.
   * @throws what CloudWatch Logs throws, and a time-out
   */
  linesAbout(question: AuditQuestion): Promise<readonly string[]>;
}

export interface AuditQuestion {
  /** A name as Kubernetes has them: anything else is not asked for. */
  readonly name: string;
  readonly namespace?: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** Limits of one question: people wait for the alert. */
const PAGES = 5;
const LINES = 1000;
const LINE_CHARACTERS = 256 * 1024;
const MILLISECONDS = 4000;

/** EKS names its streams so, one a server (EKS user guide, "Send control plane logs to CloudWatch Logs"). */
const STREAMS = 'kube-apiserver-audit-';

/** Names that a filter pattern can hold in quotes without meaning anything more: no quote, no `*`, no backslash. */
const PLAIN_NAME = /^[A-Za-z0-9._:-]{1,253}$/;

export function cloudWatchAuditLog(client: CloudWatchLogsClient, logGroup: string): AuditLog {
  return {
    async linesAbout({ name, namespace, from, until }) {
      if (!PLAIN_NAME.test(name) || (namespace !== undefined && !PLAIN_NAME.test(namespace))) return [];
      const abortSignal = AbortSignal.timeout(MILLISECONDS);
      const lines: string[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < PAGES && lines.length < LINES; page++) {
        const answer = await client.send(
          new FilterLogEventsCommand({
            logGroupName: logGroup,
            logStreamNamePrefix: STREAMS,
            startTime: from,
            endTime: until,
            filterPattern: patternOf(name, namespace),
            limit: LINES - lines.length,
            ...(nextToken === undefined ? {} : { nextToken }),
          }),
          { abortSignal },
        );
        for (const { message } of answer.events ?? [])
          if (message !== undefined && message.length <= LINE_CHARACTERS) lines.push(message);
        nextToken = answer.nextToken;
        if (nextToken === undefined) break;
      }
      return lines;
    },
  };
}

/** Writes of the object, and of all objects of its namespace at once (CloudWatch Logs, filter pattern syntax, JSON). */
function patternOf(name: string, namespace: string | undefined): string {
  const verbs = ['create', 'update', 'patch', 'delete'].map((verb) => `$.verb = "${verb}"`).join(' || ');
  const where = namespace === undefined ? '' : ` && $.objectRef.namespace = "${namespace}"`;
  return (
    `{ $.stage = "ResponseComplete"${where} && ` +
    `(($.objectRef.name = "${name}" && (${verbs})) || $.verb = "deletecollection") }`
  );
}
