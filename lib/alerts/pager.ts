import { formatReference } from '../objects/objects.ts';
import { type Alert, LIFE } from './alert.ts';
import { headlineOf, namespaceOf, placeOf, VERBS } from './headline.ts';
import { cutBytes, oneLine, subjectLine } from './plain.ts';
import { shownValue } from './shown-values.ts';

export interface PagerMessage {
  readonly subject: string;
  /** JSON. */
  readonly body: string;
}

/** Where the functions run: what CloudWatch's alarms name. */
export interface PagerOrigin {
  readonly region: string;
  readonly account: string;
}

/** CloudWatch's own limit for the reason of a state (SetAlarmState, StateReason: 1,023 characters). */
const REASON_BYTES = 1023;

/**
 * In the shape of a CloudWatch alarm, which pagers' integrations read (PagerDuty, Jira Service Management): the alarm's
 * name is the incident's key, ALARM opens it and OK resolves it. Undefined for what has no incident that a pager
 * knows: uploads refused, rollouts that went well.
 */
export function pagerOf(alert: Alert, origin: PagerOrigin): PagerMessage | undefined {
  const state = stateOf(alert);
  if (state === undefined) return undefined;
  // One that is repeated as it grows graver opens nothing.
  const opens = LIFE[alert.kind] === 'opens' && alert.sequence === 1;
  const before = opens ? 'OK' : 'ALARM';
  const place = oneLine(placeOf(alert));
  const reason = cutBytes(oneLine(`${place}: ${headlineOf(alert)}${firstFindings(alert)}`), REASON_BYTES);
  return {
    subject: subjectLine(`${state}: "${alert.incident}" - ${place}: ${headlineOf(alert)}`),
    body: JSON.stringify({
      AlarmName: alert.incident,
      AlarmDescription: `${place}: ${alert.kind}, ${alert.severity} (Fairlead, installation ${alert.installation})`,
      AWSAccountId: origin.account,
      AlarmArn: `arn:aws:cloudwatch:${origin.region}:${origin.account}:alarm:${alert.incident}`,
      NewStateValue: state,
      OldStateValue: before,
      NewStateReason: reason,
      StateChangeTime: alert.at.replace('Z', '+0000'),
      Region: origin.region,
      Trigger: {
        MetricName: alert.kind,
        Namespace: 'Fairlead',
        StatisticType: 'Statistic',
        Statistic: 'MAXIMUM',
        Unit: null,
        Dimensions: [
          { name: 'Target', value: alert.target },
          { name: 'Scope', value: alert.scope },
        ],
        Period: 60,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 0,
        TreatMissingData: '',
      },
    }),
  };
}

function stateOf(alert: Alert): 'ALARM' | 'OK' | undefined {
  if (alert.kind === 'rolled-out' && alert.after === 'rollout') return undefined;
  switch (LIFE[alert.kind]) {
    case 'opens':
    case 'continues':
      return 'ALARM';
    case 'closes':
      return 'OK';
    case 'single':
      return undefined;
  }
}

/** What a person who was just woken needs: the first few values, on one line. */
function firstFindings(alert: Alert): string {
  if (!('findings' in alert))
    return alert.kind === 'unknown' || alert.kind === 'blocked' ? `. ${alert.reason}` : '';
  return alert.findings
    .slice(0, 3)
    .map((finding) => {
      const object = formatReference(finding.object, namespaceOf(alert.scope));
      return finding.path.length === 0
        ? `. ${object} ${VERBS[finding.verdict]}`
        : `. ${object} ${finding.at}: Git ${shownValue(finding, 'desired')}, cluster ${shownValue(finding, 'live')}`;
    })
    .join('');
}
