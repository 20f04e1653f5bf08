import { groupOf } from '../../objects/objects.ts';
import { isSensitive } from '../ownership/sensitive.ts';
import type { Finding } from '../verdicts.ts';
import { globMatches } from './glob.ts';
import { covers, parsePlace } from './place.ts';
import type { DriftRule } from './rule.ts';

/** A rule made ready: its path is read once. */
export interface ReadyRule {
  readonly rule: DriftRule;
  selects(finding: Finding, chart: string | undefined): boolean;
}

/**
 * What a rule is about. A rule that names a manager and no path passes over what runs and with which rights: anyone
 * can take a manager's name (`kubectl --field-manager`), so there it takes a path as well. So does one that takes what
 * admission did, wherever that is.
 */
export function ready(rule: DriftRule): ReadyRule {
  const { kind, name, namespace, manager, by, verdict } = rule;
  const place = rule.path === undefined ? undefined : parsePlace(rule.path);
  return {
    rule,
    selects: ({ object, path, attribution, verdict: found, group, live }, chart) =>
      matches(name, object.name) &&
      matches(namespace, object.namespace ?? '') &&
      (kind === undefined || isKind(kind, object.kind, groupOf(object.apiVersion))) &&
      (verdict === undefined || verdict === found) &&
      (rule.chart === undefined || (chart !== undefined && globMatches(rule.chart, chart))) &&
      (place === undefined || covers(place, path)) &&
      (by === undefined ||
        (group !== undefined && (place !== undefined || !isSensitive(namesOf(path), live)))) &&
      (manager === undefined ||
        (attribution?.manager !== undefined &&
          globMatches(manager, attribution.manager) &&
          (place !== undefined || !isSensitive(namesOf(path), live)))),
  };
}

const matches = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || globMatches(pattern, text);

/** `Deployment`: of any group. `Deployment.apps`: of that one; `core` is the group without a name. */
function isKind(pattern: string, kind: string, group: string): boolean {
  const dot = pattern.indexOf('.');
  if (dot < 0) return globMatches(pattern, kind);
  return globMatches(pattern.slice(0, dot), kind) && globMatches(pattern.slice(dot + 1), group || 'core');
}

const namesOf = (path: Finding['path']): readonly string[] =>
  path.map((step) => (step.kind === 'field' ? step.name : '*'));
