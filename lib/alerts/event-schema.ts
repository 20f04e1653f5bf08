import * as z from 'zod';
import { ALERT_CLASSES } from '../config/audiences.ts';
import { LIFE } from './alert.ts';

/**
 * What machines get, on the event bus and by webhooks: `docs/alert-event.schema.json` is made of this. Within v1 fields
 * are added, and none changes its meaning or goes: readers take what they do not know for nothing, our own tests take it
 * for an error. A new kind is a new `detail-type`, which nobody gets who has not asked for it.
 */
export const EVENT_VERSION = 'fairlead.dev/v1';

const time = z.string().describe('ISO 8601, UTC');
const count = z.number().int().min(0);
const severity = z.enum(['info', 'warning', 'critical']);
const anyValue = z.unknown().describe('any JSON; masked where it looks like a credential');

const objectReference = z
  .object({
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string().exactOptional().describe('absent for kinds of the whole cluster'),
    name: z.string(),
  })
  .meta({ id: 'objectReference' });

const pathStep = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('field'), name: z.string() }),
    z.object({ kind: z.literal('key'), keys: z.record(z.string(), z.unknown()).readonly() }),
    z.object({ kind: z.literal('value'), value: z.unknown() }),
    z.object({ kind: z.literal('index'), index: z.number().int() }),
  ])
  .meta({ id: 'pathStep' });

const author = z
  .object({
    name: z.string(),
    arn: z.string().exactOptional(),
    actingAs: z.string().exactOptional(),
    agent: z.string().exactOptional(),
    address: z.string().exactOptional(),
    verb: z.string(),
    at: time,
  })
  .meta({ id: 'author' });

const attribution = z
  .object({
    manager: z
      .string()
      .exactOptional()
      .describe('the tool, as managedFields name it: not a person, and forgeable'),
    operation: z.enum(['Apply', 'Update']).exactOptional(),
    subresource: z.string().exactOptional(),
    since: z.string().exactOptional().describe('at the latest'),
    likely: z.string().describe('how it is known, in words for people'),
    by: author.exactOptional().describe('who it was, where the audit log of the API server says so'),
  })
  .meta({ id: 'attribution' });

const finding = z
  .object({
    verdict: z.enum(['changed', 'added', 'missing', 'extra']),
    object: objectReference,
    path: z.array(pathStep).readonly().describe('empty for a whole object'),
    at: z.string().describe('the same path, as people read it'),
    desired: anyValue.exactOptional().describe('what Git says; absent where it says nothing'),
    live: anyValue.exactOptional().describe('what the cluster has; absent where it has nothing'),
    secret: z.boolean().describe('a value of a Secret: never shown'),
    attribution: attribution.exactOptional(),
    note: z.string().exactOptional(),
    rule: z
      .object({
        number: z.number().int(),
        reason: z.string(),
        severity: severity.exactOptional(),
        waitSeconds: z.number().exactOptional(),
      })
      .exactOptional()
      .describe('the rule of drift.yaml that is about it'),
    group: z.string().exactOptional().describe('the same for what one webhook did to other objects'),
    source: z.string().exactOptional().describe('the template or manifest that declares the object'),
    scope: z.string().exactOptional().describe('whose it is, where many scopes are told as one'),
  })
  .meta({ id: 'finding' });

const appliedBy = z
  .object({
    kind: z.enum(['HelmRelease', 'Kustomization', 'Application']),
    namespace: z.string(),
    name: z.string(),
    putsBack: z.enum(['by-itself', 'with-a-change-in-git', 'when-asked', 'nothing']),
    file: z.string().exactOptional(),
  })
  .meta({ id: 'appliedBy' });

const reason = z
  .object({
    code: z.string(),
    message: z.string(),
    place: z
      .object({
        file: z.string().exactOptional(),
        line: z.number().int().exactOptional(),
        pointer: z.string().exactOptional(),
      })
      .exactOptional(),
    whatToDo: z.string(),
    excerpt: z.string().exactOptional(),
  })
  .meta({ id: 'reason' });

const base = {
  schema: z.literal(1),
  installation: z.string(),
  target: z.string(),
  scope: z.string().describe('shop/web, manifests, drift.yaml, target, or the key of an upload'),
  incident: z.string().describe('the same from the first alert to the last'),
  sequence: z.number().int().min(1).describe('counts up within the incident; repeated after a crash'),
  at: time,
  severity,
  told: z.array(severity).readonly().exactOptional().describe('of one that closes: what it was told as'),
  because: z.enum(['no-longer-declared', 'later-commit']).exactOptional(),
  quiet: z
    .object({ until: time, reason: z.string() })
    .exactOptional()
    .describe('snoozed: people were not told'),
};

const where = {
  commit: z.string(),
  repository: z.string(),
  root: z.string(),
  deployer: z.enum(['flux', 'argocd', 'none']),
  argocdNamespace: z.string().exactOptional(),
  chart: z.object({ name: z.string(), version: z.string(), newestOf: z.string().optional() }).exactOptional(),
  appliedBy: appliedBy.exactOptional(),
  layout: z.literal('foreign').exactOptional(),
  takeBack: z
    .object({
      brought: z.enum(['chart', 'values']).describe('what was delivered last'),
      to: z
        .object({ name: z.string(), version: z.string() })
        .exactOptional()
        .describe('the chart that stands again after a step back'),
    })
    .exactOptional()
    .describe('a delivery brought it, and "fairlead rollback" takes that back'),
};

const member = z
  .object({
    scope: z.string(),
    findings: count,
    severity,
    appliedBy: appliedBy.exactOptional(),
  })
  .meta({ id: 'member' });
const members = z.array(member).readonly();
const findings = z.array(finding).readonly();
const found = { findings, more: count.exactOptional(), since: time };
const differing = {
  ...found,
  members: members.exactOptional().describe('of a burst: scopes that differ now, as many as fit'),
  left: count.exactOptional().describe('of a burst: how many differ now'),
  resolved: count.exactOptional().describe('of a burst: how many have become as Git says since'),
};
const stalling = {
  ...found,
  unready: z.array(z.string()).readonly(),
  deployerSays: z.string().exactOptional(),
};
const unjudged = {
  reason: z.string(),
  rule: z.string().exactOptional().describe('the RBAC rule that is missing, as YAML'),
  since: time,
  members: z.array(z.string()).readonly().exactOptional(),
  left: count.exactOptional(),
};
const reminding = { kind: z.literal('reminder'), snoozedUntil: time.exactOptional() };
const scopes = count.exactOptional().describe('of a burst: how many it was of');
const refused = {
  upload: z.string(),
  claimedAuthor: z.string().exactOptional().describe('as the upload says of itself'),
  reasons: z.array(reason).readonly(),
};

const drill = {
  by: z.string().describe('who asked for it, as they say'),
  reaches: z
    .object({
      targets: z.array(z.string()).readonly(),
      namespaces: z.array(z.string()).readonly(),
      classes: z.array(z.enum(ALERT_CLASSES)).readonly(),
      severities: z.array(severity).readonly(),
    })
    .describe('whom it is for: audiences that name any of these'),
  channels: z.array(z.string()).readonly().exactOptional().describe('which ways it is for; absent: all'),
};

const alert = z.union([
  z.object({ ...base, ...where, kind: z.literal('drift'), ...differing }),
  z.object({
    ...base,
    ...where,
    kind: z.literal('drift-changed'),
    ...differing,
    fresh: count.describe('how many of findings, from the first on, are new'),
    gone: findings,
  }),
  z.object({
    ...base,
    ...where,
    kind: z.literal('converged'),
    since: time,
    scopes,
    accepted: count.exactOptional().describe('findings that a first check named, and that are still there'),
  }),
  z.object({ ...base, ...where, kind: z.literal('summary'), ...found, members, left: count }),
  z.object({ ...base, ...where, ...reminding, of: z.literal('drift'), ...differing }),
  z.object({ ...base, ...where, ...reminding, of: z.literal('stalled'), ...stalling }),
  z.object({ ...base, ...reminding, of: z.literal('unknown'), ...unjudged }),
  z.object({
    ...base,
    ...where,
    kind: z.literal('rolled-out'),
    since: time,
    after: z.enum(['rollout', 'stalled']),
  }),
  z.object({ ...base, ...where, kind: z.literal('stalled'), ...stalling }),
  z.object({ ...base, kind: z.literal('unknown'), ...unjudged }),
  z.object({ ...base, kind: z.literal('known-again'), since: time, scopes }),
  z.object({
    ...base,
    kind: z.literal('rejected'),
    ...refused,
    also: z.array(z.object(refused)).readonly().exactOptional(),
    more: count.exactOptional(),
  }),
  z.object({
    ...base,
    kind: z.literal('failed'),
    uploads: z.array(z.string()).readonly(),
    more: count.exactOptional(),
    reasons: z.array(reason).readonly(),
    prefix: z.string(),
  }),
  z.object({
    ...base,
    kind: z.literal('frozen'),
    upload: z.string(),
    since: time.describe('since when it is frozen'),
    by: z.string().describe('who froze it: an ARN'),
    reason: z.string().exactOptional().describe('in the words of who froze it'),
  }),
  z.object({ ...base, kind: z.literal('blocked'), reason: z.string(), since: time }),
  z.object({ ...base, kind: z.literal('unblocked'), since: time }),
  z.object({ ...base, kind: z.literal('drill'), ...drill }),
  z.object({ ...base, kind: z.literal('drill-over'), ...drill, since: time }),
]);

export const eventDetail = z
  .object({
    apiVersion: z.literal(EVENT_VERSION),
    headline: z.string().describe('one line, for people'),
    cut: count.describe("left out beyond the alert's own `more`, because an event is at most 256 KB"),
    alert,
  })
  .describe(
    `An alert of Fairlead, as detail of an event (detail-type "${EVENT_VERSION} KIND") and as body of a webhook. KIND is one of ${Object.keys(LIFE).join(', ')}.`,
  );
export type SchemaDetail = z.input<typeof eventDetail>;

const ID = 'https://fairlead.dev/schemas/alert-event/v1.json';

/**
 * JSON Schema 2020-12 of events.
 * @param unknownFields `taken`: for readers, whom a later version of v1 must not break; `refused`: for our own tests
 */
export const eventJsonSchema = (unknownFields: 'taken' | 'refused'): Record<string, unknown> => ({
  ...z.toJSONSchema(eventDetail, {
    target: 'draft-2020-12',
    io: unknownFields === 'taken' ? 'input' : 'output',
  }),
  $id: ID,
  title: 'Alert of Fairlead',
});
