import { createHash } from 'node:crypto';
import { formatReference } from '../objects/objects.ts';
import { type Alert, LIFE } from './alert.ts';
import { reportCommand } from './commands.ts';
import { attributionOf, namespaceOf, ownersOf, type Paragraph, paragraphsOf } from './grouping.ts';
import { headlineOf, membersIn, placeOf, tagOf, VERBS } from './headline.ts';
import { withShownWords } from './masked-alert.ts';
import { cutBytes, oneLine, subjectLine } from './plain.ts';
import type { Remedy } from './remedy.ts';
import { shownValue } from './shown-values.ts';
import { takingBack } from './take-back.ts';
import { formatTime } from './times.ts';
import { remediesOf } from './what-to-do.ts';

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

/** CloudWatch's own limits: SetAlarmState, StateReason; PutMetricAlarm, AlarmName and AlarmDescription. */
const REASON_BYTES = 1023;
const NAME_CHARACTERS = 255;
const DESCRIPTION_BYTES = 1024;
const DIMENSION_BYTES = 1024;
const VALUE_BYTES = 200;
const PARAGRAPHS = 3;

/**
 * In the shape of a CloudWatch alarm, which pagers' integrations read (PagerDuty, Jira Service Management): the alarm's
 * name is the incident's key, ALARM opens it and OK resolves it. The reason says what changed, the description what to
 * do. Undefined for what has no incident that a pager knows: uploads refused, first checks, rollouts that went well.
 */
export function pagerOf(given: Alert, origin: PagerOrigin): PagerMessage | undefined {
  const alert = withShownWords(given);
  const state = stateOf(alert);
  if (state === undefined) return undefined;
  // One that is repeated as it grows graver opens nothing.
  const opens = LIFE[alert.kind] === 'opens' && alert.sequence === 1;
  const name = alarmName(alert.incident);
  const place = oneLine(placeOf(alert));
  const what = `${place}: ${oneLine(headlineOf(alert))}`;
  return {
    subject: subjectLine(`${state}: "${name}" - ${what}`),
    body: JSON.stringify({
      AlarmName: name,
      AlarmDescription: cutBytes(descriptionOf(alert, place), DESCRIPTION_BYTES),
      AWSAccountId: origin.account,
      AlarmConfigurationUpdatedTimestamp: stamp(alert.at),
      NewStateValue: state,
      NewStateReason: cutBytes(oneLine(`${what}${details(alert)}`), REASON_BYTES),
      StateChangeTime: stamp(alert.at),
      Region: origin.region,
      AlarmArn: `arn:aws:cloudwatch:${origin.region}:${origin.account}:alarm:${name}`,
      OldStateValue: opens ? 'OK' : 'ALARM',
      OKActions: [],
      AlarmActions: [],
      InsufficientDataActions: [],
      Trigger: {
        MetricName: alert.kind,
        Namespace: 'Fairlead',
        StatisticType: 'Statistic',
        Statistic: 'MAXIMUM',
        Unit: null,
        Dimensions: [
          { name: 'Target', value: cutBytes(oneLine(alert.target), DIMENSION_BYTES) },
          { name: 'Scope', value: cutBytes(oneLine(alert.scope), DIMENSION_BYTES) },
          { name: 'Severity', value: alert.severity },
        ],
        Period: 60,
        EvaluationPeriods: 1,
        DatapointsToAlarm: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 0,
        TreatMissingData: 'missing',
        EvaluateLowSampleCountPercentile: '',
      },
    }),
  };
}

/** Whether a pager is told of it at all. */
export const isPaged = (alert: Alert): boolean => stateOf(alert) !== undefined;

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

/** The incident's key, as far as an alarm's name may be long: the same key gives the same name, another another. */
export function alarmName(incident: string): string {
  const name = oneLine(incident);
  if (name.length <= NAME_CHARACTERS) return name;
  const digest = createHash('sha256').update(incident).digest('hex').slice(0, 16);
  // Never half of a pair.
  return `${cutBytes(name, NAME_CHARACTERS - digest.length - 1)}-${digest}`;
}

/** `2026-11-21T12:52:00.000+0000`, as CloudWatch writes times. */
const stamp = (iso: string): string => oneLine(iso).replace(/Z$/, '+0000');

/**
 * What to do, in lines of its own so that a command can be copied: the first thing, what takes back the delivery that
 * brought it, and where all of it is. Where not both fit, the latter.
 */
function descriptionOf(alert: Alert, place: string): string {
  const [first] = remediesOf(alert);
  const begin = `${place}: ${tagOf(alert)} (Fairlead, installation ${oneLine(alert.installation)})`;
  const report = [reportCommand(alert) ?? []].flat();
  if (first === undefined) return [begin, ...report].join('\n');
  const back = 'takeBack' in alert ? takingBack(alert) : [];
  const fitting = [[first, ...back], ...(back.length === 0 ? [] : [back])]
    .map((steps) => [begin, ...steps.flatMap(linesOf), ...report].join('\n'))
    .find((whole) => Buffer.byteLength(whole) <= DESCRIPTION_BYTES);
  // Half a command is none.
  return fitting ?? [begin, `${first.title} (commands in the email)`, ...report].join('\n');
}

function linesOf({ title, commands, paste }: Remedy): readonly string[] {
  if (paste !== undefined) return [`${title} (to paste from the email)`];
  return [title, ...commands.filter((command) => !command.startsWith('#'))];
}

/** What a person who was just woken needs: the first few values and who did it, on one line. */
function details(alert: Alert): string {
  if (alert.kind === 'drill' || alert.kind === 'drill-over')
    return '. This is a drill: there is nothing to do, and its end follows by itself';
  const members =
    'members' in alert && alert.members !== undefined ? `. It is about ${membersIn(alert)}` : '';
  if ('reason' in alert) return `${members}. ${alert.reason}`;
  const since = LIFE[alert.kind] !== 'closes' && 'since' in alert ? `. Since ${formatTime(alert.since)}` : '';
  if (alert.kind === 'stalled' || (alert.kind === 'reminder' && alert.of === 'stalled')) {
    const says = alert.deployerSays === undefined ? [] : [`The deployer says: ${alert.deployerSays}`];
    // The headline has the first.
    const others = [...says, ...alert.unready.slice(1, PARAGRAPHS)].map((text) => `. ${text}`).join('');
    return `${since}${others}${found(alert)}`;
  }
  return 'findings' in alert ? `${since}${members}${found(alert)}` : since;
}

function found({
  findings,
  scope,
  more = 0,
}: Extract<Alert, { readonly findings: readonly unknown[] }>): string {
  const paragraphs = paragraphsOf(findings);
  const shown = paragraphs.slice(0, PARAGRAPHS);
  const left = paragraphs.slice(PARAGRAPHS).reduce((sum, each) => sum + each.findings.length, more);
  return `${shown.map((paragraph) => inShort(paragraph, scope)).join('')}${left > 0 ? `. And ${left} more` : ''}`;
}

function inShort(paragraph: Paragraph, scope: string): string {
  const { first, objects, cause } = paragraph;
  const owners = ownersOf(paragraph);
  const object =
    objects === 1
      ? `${formatReference(first.object, namespaceOf(scope))}${owners === undefined ? '' : ` (${owners})`}`
      : `${objects} x ${first.object.kind}`;
  const { likely, by } = attributionOf(paragraph) ?? {};
  const who =
    cause === 'admission'
      ? ', rewritten at admission'
      : by !== undefined
        ? `, by ${by.name}`
        : likely === undefined
          ? ''
          : `, ${cutBytes(likely, VALUE_BYTES)}`;
  if (first.path.length === 0) return `. ${object} ${VERBS[first.verdict]}${who}`;
  const value = (side: 'desired' | 'live') => cutBytes(shownValue(first, side), VALUE_BYTES);
  return `. ${object} ${first.at}: Git ${value('desired')}, cluster ${value('live')}${who}`;
}
