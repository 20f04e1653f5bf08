import type { AuditLog } from '../aws/audit-log.ts';
import type { Author, Finding } from '../drift/verdicts.ts';
import { groupOf, type ObjectReference } from '../objects/objects.ts';
import type { Alert } from './alert.ts';
import { type AuditEvent, auditEventOf } from './audit-event.ts';

/** The audit log of a target's cluster, undefined where none is configured. */
export type FindAuditLog = (target: string) => Promise<AuditLog | undefined>;

/** Findings of an alert that are looked up, and how long all of that may take: the alert is worth more than the name. */
const LOOKED_UP = 5;
const MILLISECONDS = 10_000;
/** managedFields has a resolution of 1 s, and is written a little before the response is. */
const APART_MILLISECONDS = 2000;
/** CloudWatch's own time of an event is not the event's. */
const SLACK_MILLISECONDS = 60_000;
/** What leaves no author was done some time before the check that saw it. */
const LOOK_BACK_MILLISECONDS = 60 * 60_000;

/**
 * The alert with who did it, as far as the audit log says. A log that fails, is slow or knows nothing costs nothing:
 * the alert is as it was.
 */
export async function withAuthors(
  alert: Alert,
  find: FindAuditLog,
  onFailure: (error: unknown) => void,
): Promise<Alert> {
  if (alert.kind !== 'drift' && alert.kind !== 'drift-changed') return alert;
  try {
    const log = await find(alert.target);
    if (log === undefined) return alert;
    const until = Date.now() + MILLISECONDS;
    const findings: Finding[] = [];
    for (const [index, finding] of alert.findings.entries()) {
      const isLookedUp = index < LOOKED_UP && Date.now() < until && finding.verdict !== 'extra';
      findings.push(isLookedUp ? await withAuthor(finding, alert.since, log) : finding);
    }
    return { ...alert, findings };
  } catch (error) {
    onFailure(error);
    return alert;
  }
}

async function withAuthor(finding: Finding, seenAt: string, log: AuditLog): Promise<Finding> {
  const { object, attribution } = finding;
  const known = Date.parse(attribution?.since ?? '');
  const seen = Date.parse(seenAt);
  const [from, until] = Number.isNaN(known)
    ? [seen - LOOK_BACK_MILLISECONDS, seen]
    : [known - APART_MILLISECONDS, known + APART_MILLISECONDS];
  if (Number.isNaN(from)) return finding;
  const lines = await log.linesAbout({
    name: object.name,
    ...(object.namespace === undefined ? {} : { namespace: object.namespace }),
    from: from - SLACK_MILLISECONDS,
    until: until + SLACK_MILLISECONDS,
  });
  const events = lines.flatMap((text) => auditEventOf(text) ?? []);
  const by = authorAmong(events, finding, { from, until });
  return by === undefined
    ? finding
    : { ...finding, attribution: { ...(attribution ?? { likely: 'known from the audit log' }), by } };
}

/**
 * Who made a finding, among the writes of a time. Pure.
 *
 * | finding | the event |
 * |---|---|
 * | has a manager and a time | a write of the object (and its subresource) by that manager within 2 s |
 * | the object is missing | its last deletion, or that of all objects of its kind in the namespace |
 * | else (a deletion inside the object leaves no author) | its writes, if all are by one and the same person |
 */
export function authorAmong(
  events: readonly AuditEvent[],
  { verdict, object, attribution }: Pick<Finding, 'verdict' | 'object' | 'attribution'>,
  { from, until }: { readonly from: number; readonly until: number },
): Author | undefined {
  const inTime = events
    .filter(({ author }) => Date.parse(author.at) >= from && Date.parse(author.at) <= until)
    .filter((event) => isAbout(event, object))
    .toSorted((a, b) => (a.author.at < b.author.at ? -1 : 1));
  // The last: at level Metadata (of which EKS writes ConfigMaps and Secrets) the body of a deletion, and so a dry run
  // of it, is not seen; but one that comes after the real one finds nothing, and is refused.
  if (verdict === 'missing')
    return inTime.findLast(({ verb }) => verb === 'delete' || verb === 'deletecollection')?.author;
  const writes = inTime.filter(
    ({ verb, name, subresource }) =>
      name !== '' && !verb.startsWith('delete') && subresource === attribution?.subresource,
  );
  if (attribution?.manager !== undefined)
    return writes.findLast(({ manager }) => manager === attribution.manager)?.author;
  const one = writes[0]?.author;
  return writes.every(({ author }) => author.name === one?.name && author.arn === one?.arn)
    ? writes.at(-1)?.author
    : undefined;
}

/** The log names the plural of a kind: any that the kind can have. Irregular ones are not recognised. */
function isAbout({ group, resource, namespace, name }: AuditEvent, object: ObjectReference): boolean {
  const kind = object.kind.toLowerCase();
  const plurals = [kind, `${kind}s`, `${kind}es`, kind.replace(/y$/, 'ies')];
  return (
    group === groupOf(object.apiVersion) &&
    plurals.includes(resource) &&
    namespace === (object.namespace ?? '') &&
    (name === '' || name === object.name)
  );
}

/** `by alice (arn:aws:…, kubectl/v1.35.0 from 10.0.0.1)`. Not yet made harmless. */
export function formatAuthor({ name, arn, actingAs, agent, address }: Author): string {
  const from = [agent, address === undefined ? undefined : `from ${address}`].filter(Boolean).join(' ');
  const details = [arn, actingAs === undefined ? undefined : `acting as ${actingAs}`, from].filter(Boolean);
  return `by ${name}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}
