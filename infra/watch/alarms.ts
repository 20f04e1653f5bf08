import type { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Section } from './runbook.ts';

export interface AlarmSettings {
  readonly metric: IMetric;
  /** It tells what is above this, or `below` it. */
  readonly above?: number;
  readonly below?: number;
  readonly meaning: string;
  readonly section: Section;
  /** So many periods of the metric running; 1 where it is not said. */
  readonly periods?: number;
  /** Of those, in so many; all where it is not said. */
  readonly within?: number;
  /** No value: nothing has happened, or whoever measures is dead. */
  readonly silence?: 'well' | 'alarm';
}

/** Alarms of one installation: each tells the operators, by itself or through one that it is a part of. */
export class Alarms extends Construct {
  private readonly prefix: string;
  private readonly tell: ITopic;
  private readonly told: IAlarm[] = [];

  constructor(
    scope: Construct,
    id: string,
    settings: { readonly installation: string; readonly tell: ITopic },
  ) {
    super(scope, id);
    this.prefix = settings.installation;
    this.tell = settings.tell;
  }

  /** Those that tell, for a dashboard. */
  get all(): readonly IAlarm[] {
    return this.told;
  }

  alarm(name: string, settings: AlarmSettings): void {
    this.connect(this.silent(name, settings));
  }

  /** One alarm over several: they have one cause, and whoever is called is called once. */
  together(
    name: string,
    {
      meaning,
      section,
      parts,
    }: Pick<AlarmSettings, 'meaning' | 'section'> & {
      readonly parts: Readonly<Record<string, AlarmSettings>>;
    },
  ): void {
    const alarms = Object.entries(parts).map(([part, settings]) => this.silent(part, settings));
    this.connect(
      new CompositeAlarm(this, name, {
        compositeAlarmName: `${this.prefix}-${name}`,
        alarmDescription: described(meaning, section),
        alarmRule: AlarmRule.anyOf(...alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
      }),
    );
  }

  private silent(name: string, settings: AlarmSettings): Alarm {
    const {
      metric,
      above,
      below,
      meaning,
      section,
      periods = 1,
      within = periods,
      silence = 'well',
    } = settings;
    return new Alarm(this, name, {
      alarmName: `${this.prefix}-${name}`,
      alarmDescription: described(meaning, section),
      metric,
      threshold: above ?? below ?? 0,
      comparisonOperator:
        below === undefined
          ? ComparisonOperator.GREATER_THAN_THRESHOLD
          : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: Math.max(periods, within),
      datapointsToAlarm: periods,
      treatMissingData: silence === 'well' ? TreatMissingData.NOT_BREACHING : TreatMissingData.BREACHING,
    });
  }

  private connect(alarm: AlarmBase): void {
    const action = new SnsAction(this.tell);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.told.push(alarm);
  }
}

const described = (meaning: string, section: Section): string =>
  `${meaning}. What to do: docs/runbook.md#${section}`;

const MINUTES_OF_A_DAY = 24 * 60;

/**
 * An alarm looks back a day, and a week where its periods are hours (CloudWatch guide, "Evaluating an alarm"): how many
 * periods of which length cover so many minutes.
 */
export function lookingBack(
  minutes: number,
  { short, long }: { readonly short: Duration; readonly long: Duration },
): { readonly period: Duration; readonly periods: number } {
  const period = minutes > MINUTES_OF_A_DAY ? long : short;
  return { period, periods: Math.ceil(minutes / period.toMinutes()) };
}
