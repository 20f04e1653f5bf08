import type { Severity, SeverityRule } from '../config/config.ts';
import { alike } from '../drift/rules/alike.ts';
import { ready } from '../drift/rules/selects.ts';
import type { Finding } from '../drift/verdicts.ts';
import { groupOf, isJsonObject, type Json } from '../objects/objects.ts';

/**
 * How grave a finding is, as data: warning, unless one of these says critical (docs/alerts.md, severity).
 */

/** Whose disappearance stops something that ran. */
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'ReplicaSet', 'Pod']);

/** Whose disappearance removes a protection. */
const PROTECTIONS = new Set([
  'NetworkPolicy',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** Whose deletion takes everything inside with it. */
const CONTAINERS_OF_OTHERS = new Set(['Namespace', 'PersistentVolumeClaim', 'CustomResourceDefinition']);

/** A field that is critical with a live value, whatever was there. */
const DANGEROUS_WHEN: Readonly<Record<string, (live: Json) => boolean>> = {
  privileged: (live) => live === true,
  hostNetwork: (live) => live === true,
  hostPID: (live) => live === true,
  hostIPC: (live) => live === true,
  hostPath: () => true,
  capabilities: () => true,
  automountServiceAccountToken: (live) => live !== false,
  allowPrivilegeEscalation: (live) => live !== false,
};

/** Declared so for protection: gone from the cluster, the platform's default is the weaker one. */
const PROTECTS_WHEN: Readonly<Record<string, (desired: Json) => boolean>> = {
  automountServiceAccountToken: (desired) => desired === false,
  allowPrivilegeEscalation: (desired) => desired === false,
  readOnlyRootFilesystem: (desired) => desired === true,
  runAsNonRoot: (desired) => desired === true,
  capabilities: () => true,
};

/** Fields of RBAC objects that grant; any live value that Git does not declare widens. */
const GRANTS = new Set(['rules', 'subjects', 'roleRef', 'aggregationRule']);

/**
 * What a rule of drift.yaml says, else the first entry of the configuration that is about the finding, else what it is
 * by itself.
 */
export function severityBy(rules: readonly SeverityRule[]): (finding: Finding) => Severity {
  const entries = rules.map(({ severity, reason, kinds, namespaces, path }) => {
    const one = { number: 0, line: 0, reason, ...(path === undefined ? {} : { path }) };
    const selectors = (kinds ?? [undefined]).flatMap((kind) =>
      (namespaces ?? [undefined]).map((namespace) =>
        ready({
          ...one,
          ...(kind === undefined ? {} : { kind }),
          ...(namespace === undefined ? {} : { namespace }),
        }),
      ),
    );
    return { severity, selectors };
  });
  return (finding) =>
    finding.rule?.severity ??
    entries.find(({ selectors }) => selectors.some((one) => one.selects(finding, undefined)))?.severity ??
    (isCritical(finding) ? 'critical' : 'warning');
}

/** As Fairlead says by itself. */
export const severityOf = severityBy([]);

export const GRAVITY = { info: 0, warning: 1, critical: 2 } as const satisfies Record<Severity, number>;

export const graver = (a: Severity, b: Severity): Severity => (GRAVITY[b] > GRAVITY[a] ? b : a);

type BySeverity = { readonly severityOf: (finding: Finding) => Severity };

/**
 * Of the same thing in many objects one first, the gravest before the others, so that what is cut is what was said.
 */
export function eachThingFirst(
  findings: readonly Finding[],
  { severityOf: by }: BySeverity,
): readonly Finding[] {
  const things = alike(findings);
  const gravestFirst = (some: readonly Finding[]) => some.toSorted((a, b) => GRAVITY[by(b)] - GRAVITY[by(a)]);
  return [
    ...gravestFirst(things.flatMap(([first]) => first ?? [])),
    ...gravestFirst(things.flatMap(([, ...others]) => others)),
  ];
}

export const gravestOf = (findings: readonly Finding[], by: BySeverity): Severity =>
  findings.map(by.severityOf).reduce(graver, 'info');

export const isCritical = (finding: Finding): boolean =>
  removesWorkloadOrProtection(finding) ||
  stopsWorkload(finding) ||
  isBeingDeleted(finding) ||
  widensRights(finding) ||
  weakensIsolation(finding);

function removesWorkloadOrProtection({ verdict, object, path, live }: Finding): boolean {
  if (verdict === 'missing') return WORKLOADS.has(object.kind) || PROTECTIONS.has(object.kind);
  const first = path[0];
  return (
    object.kind.endsWith('WebhookConfiguration') &&
    first?.kind === 'field' &&
    first.name === 'webhooks' &&
    live === undefined
  );
}

/** None left of what Git wants some of: as good as deleted. */
const stopsWorkload = ({ object, path, live }: Finding): boolean =>
  WORKLOADS.has(object.kind) &&
  live === 0 &&
  path.length === 2 &&
  path.every((step, index) => step.kind === 'field' && step.name === ['spec', 'replicas'][index]);

const isBeingDeleted = ({ verdict, object, path, note }: Finding): boolean =>
  CONTAINERS_OF_OTHERS.has(object.kind) &&
  (verdict === 'missing' ||
    path.some((step) => step.kind === 'field' && step.name === 'deletionTimestamp') ||
    (note?.startsWith('being deleted') ?? false));

function widensRights({ verdict, object, path, live }: Finding): boolean {
  if (groupOf(object.apiVersion) !== 'rbac.authorization.k8s.io') return false;
  if (verdict === 'extra') return true;
  const first = path[0];
  return first?.kind === 'field' && GRANTS.has(first.name) && live !== undefined;
}

function weakensIsolation({ object, path, desired, live }: Finding): boolean {
  // Their keys are anybody's words.
  if (object.kind === 'ConfigMap' || object.kind === 'Secret') return false;
  const names = path.flatMap((step) => (step.kind === 'field' ? [step.name] : []));
  const last = names.at(-1) ?? '';
  const within = names.slice(0, -1);
  // A finding inside `capabilities` or `hostPath` is one about it.
  if (within.some((name) => name === 'capabilities' || name === 'hostPath')) return true;
  if (live === undefined) return anyField(last, desired, PROTECTS_WHEN);
  return anyField(last, live, DANGEROUS_WHEN);
}

/** Whether the named field, or any field inside its value, is one that the table calls so. */
function anyField(
  name: string,
  value: Json | undefined,
  table: Readonly<Record<string, (value: Json) => boolean>>,
): boolean {
  if (value === undefined) return false;
  if (Object.hasOwn(table, name) && table[name]?.(value) === true) return true;
  if (Array.isArray(value)) return value.some((entry) => anyField('', entry, table));
  return isJsonObject(value) && Object.entries(value).some(([key, entry]) => anyField(key, entry, table));
}
