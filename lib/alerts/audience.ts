import type { AlertClass, AudienceFilter, Severity } from '../config/audiences.ts';
import type { Audience } from '../config/config.ts';
import { parseKey } from '../uploads/record/keys.ts';
import type { Alert, AlertKind } from './alert.ts';
import { namespaceOf } from './grouping.ts';

/**
 * Whom an alert is for, said once: as a pure function for what Fairlead sends itself, and as attributes and filter
 * policy for what SNS passes on. `test/lib/alerts/audience.test.ts` holds the two equal.
 */
export interface Addressed {
  /** One, but of a drill those that it is for; so with the classes. */
  readonly targets: readonly string[];
  readonly classes: readonly AlertClass[];
  /** Of a closing alert those that its incident was told with: who got one of those gets this one, and nobody else. */
  readonly severities: readonly Severity[];
  /** Of the release and of what was found; none where it is about the whole target. */
  readonly namespaces: readonly string[];
}

/** Stands for every namespace, where there are more than can be listed. No namespace is called so. */
export const ANY_NAMESPACE = '*';
/** Together they are carried by every message: SNS counts them (plain.ts, MESSAGE_BYTES). */
const NAMESPACES = 100;

const CLASS_OF = {
  drift: 'drift',
  'drift-changed': 'drift',
  converged: 'drift',
  summary: 'drift',
  stalled: 'stalled',
  'rolled-out': 'stalled',
  unknown: 'unknown',
  'known-again': 'unknown',
  rejected: 'delivery',
  failed: 'delivery',
  frozen: 'delivery',
  blocked: 'delivery',
  unblocked: 'delivery',
} as const satisfies Record<Exclude<AlertKind, 'reminder' | DrillAlert['kind']>, AlertClass>;

type DrillAlert = Extract<Alert, { readonly reaches: unknown }>;

const classOf = (alert: Exclude<Alert, DrillAlert>): AlertClass =>
  alert.kind === 'reminder' ? alert.of : CLASS_OF[alert.kind];

/** @param before the namespaces that earlier alerts of the same incident were told with: their readers hear on */
export function addressedOf(alert: Alert, before: readonly string[] = []): Addressed {
  if (alert.kind === 'drill' || alert.kind === 'drill-over') return alert.reaches;
  const namespaces = [...new Set([...before, ...namespacesOf(alert)])];
  return {
    targets: [alert.target],
    classes: [classOf(alert)],
    severities:
      alert.told === undefined || alert.told.length === 0 ? [alert.severity] : [...new Set(alert.told)],
    namespaces:
      namespaces.length > NAMESPACES || namespaces.includes(ANY_NAMESPACE)
        ? [ANY_NAMESPACE]
        : namespaces.sort(),
  };
}

/** Of the release, of each finding, of each member of a burst, of each upload. */
function namespacesOf(alert: Exclude<Alert, DrillAlert>): readonly string[] {
  if (classOf(alert) === 'delivery') return uploadsOf(alert).flatMap(namespaceOfKey);
  const scope = namespacesOfScope(alert.scope);
  const findings = 'findings' in alert ? alert.findings : [];
  const gone = alert.kind === 'drift-changed' ? alert.gone : [];
  const members = 'members' in alert ? (alert.members ?? []) : [];
  const isWhole =
    scope.length > 0 ||
    (('more' in alert ? (alert.more ?? 0) : 0) === 0 &&
      ('left' in alert ? (alert.left ?? 0) : 0) <= members.length);
  return [
    ...scope,
    ...[...findings, ...gone].flatMap(({ object }) => object.namespace ?? []),
    ...members.flatMap((member) => namespacesOfScope(typeof member === 'string' ? member : member.scope)),
    // Of what did not fit nobody knows the namespaces: rather one too many hears of it than one too few.
    ...(isWhole ? [] : [ANY_NAMESPACE]),
  ];
}

/** Of a release, its one; of what is wider, none: `shop/web`, `manifests/shop/web`. */
export function namespacesOfScope(scope: string): readonly string[] {
  const namespace = namespaceOf(scope.replace(/^manifests\//, ''));
  return namespace === undefined ? [] : [namespace];
}

function uploadsOf(alert: Alert): readonly string[] {
  switch (alert.kind) {
    case 'frozen':
      return [alert.upload];
    case 'rejected':
      return [alert.upload, ...(alert.also ?? []).map(({ upload }) => upload)];
    case 'failed':
      return alert.uploads;
    default:
      return [];
  }
}

/** `s3://bucket/<key>?versionId=…`. */
function namespaceOfKey(upload: string): readonly string[] {
  const parsed = parseKey(upload.replace(/^s3:\/\/[^/]*\//, '').replace(/\?versionId=[^?]*$/, ''));
  const key = parsed.kind === 'evidence' ? parseKey(parsed.package) : parsed;
  return key.kind === 'slot' && key.key.kind !== 'manifest' ? [key.key.namespace] : [];
}

/** Whether who filters so hears of it. */
export const hears = (filter: AudienceFilter, addressed: Addressed): boolean =>
  (filter.targets?.some((target) => addressed.targets.includes(target)) ?? true) &&
  (filter.classes?.some((one) => addressed.classes.includes(one)) ?? true) &&
  (filter.severities?.some((severity) => addressed.severities.includes(severity)) ?? true) &&
  (namespacesHeard(filter)?.some((namespace) => addressed.namespaces.includes(namespace)) ?? true);

const namespacesHeard = ({ namespaces }: AudienceFilter): readonly string[] | undefined =>
  namespaces === undefined ? undefined : [...namespaces, ANY_NAMESPACE];

/** Message attributes of SNS: what audiences filter by, and what belongs together in whatever form it comes. */
export function attributesOf(
  { scope, kind, incident, sequence }: Alert,
  { targets, classes, severities, namespaces }: Addressed,
): Readonly<Record<string, string | readonly string[]>> {
  return {
    target: oneOrAll(targets),
    scope,
    kind,
    class: oneOrAll(classes),
    severity: oneOrAll(severities),
    ...(namespaces.length === 0 ? {} : { namespace: oneOrAll(namespaces) }),
    incident,
    sequence: String(sequence),
  };
}

const oneOrAll = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? '') : values;

/**
 * The filter policy of a subscription, by attribute; undefined for who hears of everything. SNS takes five attributes
 * and 150 combinations of values (lib/config/audience-contradictions.ts).
 */
export function filterPolicyOf(
  filter: AudienceFilter,
): Readonly<Record<string, readonly string[]>> | undefined {
  const named = {
    target: filter.targets,
    namespace: namespacesHeard(filter),
    class: filter.classes,
    severity: filter.severities,
  };
  const policy = Object.fromEntries(
    Object.entries(named).flatMap(([name, values]) => (values === undefined ? [] : [[name, values]])),
  );
  return Object.keys(policy).length === 0 ? undefined : policy;
}

/** Whether it hears of Fairlead's own alarms: if it says so, or else if it hears of the whole installation. */
export function hearsOperators(audience: Audience): boolean {
  switch (audience.form) {
    case 'email':
    case 'pager':
      return audience.operators ?? (audience.targets === undefined && audience.namespaces === undefined);
    case 'slack':
    case 'teams':
      return audience.operators ?? true;
    case 'chat':
    case 'webhook':
      return false;
  }
}
