import { PlaceError, parsePlace } from './place.ts';
import { type DriftRule, RULE_LIMITS } from './rule.ts';

/** What a rule is put together from: its fields without where it stands. */
export type RuleFields = {
  -readonly [Name in Exclude<keyof DriftRule, 'number' | 'line'>]?: DriftRule[Name];
};

/** Keys that narrow what a rule is about; one of them at least must be there. */
export const SELECTORS = ['kind', 'name', 'namespace', 'path', 'manager', 'by', 'chart', 'verdict'] as const;
const KEYS = [...SELECTORS, 'wait', 'severity', 'reason', 'expires'];

const VERDICTS = ['changed', 'added', 'missing', 'extra'] as const;
const SEVERITIES = ['info', 'warning', 'critical'] as const;

interface Wrong {
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** Puts one value into the rule, or says what is wrong with it. */
export function fieldOf(fields: RuleFields, key: string, value: string): Wrong | undefined {
  const wrong = (message: string): Wrong => ({ at: 'value', message });
  switch (key) {
    case 'kind':
    case 'name':
    case 'namespace':
    case 'manager':
    case 'chart':
      // Names of roles and managers may hold spaces.
      if (value.trim() !== value || value === '' || /[\p{Cc}\u2028\u2029]/u.test(value))
        return wrong('is a name, or a pattern with "*"');
      if (key === 'kind' && !/^[A-Za-z*][A-Za-z0-9*]*(\.[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?)?$/.test(value))
        return wrong('is a kind, as in Deployment, Deployment.apps or Service.core');
      fields[key] = value;
      return undefined;
    case 'path':
      try {
        parsePlace(value);
      } catch (error) {
        if (error instanceof PlaceError) return wrong(error.message);
        throw error;
      }
      fields.path = value;
      return undefined;
    case 'verdict': {
      const verdict = VERDICTS.find((one) => one === value);
      if (verdict === undefined) return wrong(`is ${VERDICTS.join(', ')}`);
      fields.verdict = verdict;
      return undefined;
    }
    case 'by':
      if (value !== 'admission')
        return wrong('is admission: what no writer is recorded for; a tool is named by "manager"');
      fields.by = value;
      return undefined;
    case 'severity': {
      const severity = SEVERITIES.find((one) => one === value);
      if (severity === undefined) return wrong(`is ${SEVERITIES.join(', ')}`);
      fields.severity = severity;
      return undefined;
    }
    case 'wait': {
      const seconds = secondsOf(value);
      if (seconds === undefined) return wrong('is a duration, as in 90s, 30m, 1h30m or 2d');
      if (seconds > RULE_LIMITS.waitSeconds)
        return wrong(`is at most ${RULE_LIMITS.waitSeconds / 86_400}d: to ignore it, leave "wait" out`);
      fields.waitSeconds = seconds;
      return undefined;
    }
    case 'reason':
      if (!/\S/.test(value)) return wrong('is empty: say why, for whoever reads this next');
      fields.reason = value.trim();
      return undefined;
    case 'expires':
      if (!isDay(value))
        return wrong('is a day, as in 2026-12-31: the last one (UTC) on which the rule holds');
      fields.expires = value;
      return undefined;
    default:
      return { at: 'key', message: `is unknown: a rule has ${KEYS.join(', ')}` };
  }
}

const UNITS = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** `1h30m` → 5400; undefined for what is no duration, or none that lasts. */
function secondsOf(text: string): number | undefined {
  if (!/^(\d{1,6}d)?(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g))
    seconds += Number(count) * UNITS[unit as keyof typeof UNITS];
  return seconds > 0 ? seconds : undefined;
}

/** A day that the calendar has: `2026-02-30` is none. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
