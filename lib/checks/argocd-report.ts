import { isJsonObject, type JsonObject, type KubernetesObject, partOf } from '../objects/objects.ts';
import { DEPLOYERS_MESSAGE, detail } from './readiness.ts';
import type { DeployerReport } from './rollout.ts';

export interface ApplicationQuestion {
  readonly commit: string;
  /** Of the chart from outside at the tip, where it is one. */
  readonly chartVersion?: string | undefined;
}

/**
 * What Argo CD says of an Application (argo-cd, pkg/apis/application/v1alpha1/types.go): whether the tip is what it has
 * applied, by `status.operationState` when it succeeded, else the newest of `status.history`; where nothing had to be
 * synced, by `status.sync`, which says what was compared and whether it was the same. With several sources there is a
 * revision for each; that of a chart from outside is its version.
 */
export function applicationReport(
  application: KubernetesObject | undefined,
  question: ApplicationQuestion,
): DeployerReport {
  if (application === undefined) return { kind: 'silent' };
  const { metadata } = application;
  const name = `Application ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
  const spec = partOf(application.spec);
  const status = partOf(application.status);
  const operation = partOf(status.operationState);
  const phase = text(operation.phase);
  const message = text(operation.message);
  // While it tries again it says what went wrong.
  if (phase === 'Running') return elsewhere(`${name} is being synced${said('', message)}`);

  const sources = sourcesOf(spec);
  const isTip = (revisions: readonly string[]) =>
    revisions.length > 0 &&
    revisions.every((revision, index) => isAtTip(revision, sources[index] ?? {}, sources, question));
  const applied = appliedRevisions(status);
  if (isTip(applied)) return { kind: 'applied' };
  const sync = partOf(status.sync);
  const isCompared = isTip(revisionsOf(sync));
  if (isCompared && sync.status === 'Synced' && isOf(sync, spec)) return { kind: 'applied' };
  // A commit that changes nothing of an Application is compared and never synced.
  const pending = isCompared ? atTip : elsewhere;
  if (phase === 'Failed' || phase === 'Error') return pending(`${name} fails${said(phase, message)}`);
  const error = errorOf(status);
  if (error !== undefined) return pending(`${name} fails${error}`);
  const has = applied.map((revision) => revision.slice(0, 100)).join(', ') || 'nothing yet';
  const byHand = isManual(spec) ? ' and is synced by hand' : '';
  return pending(`${name} has applied ${has}${byHand}`);
}

/** The version of a chart that is applied or, before anything was, compared. Undefined where it is of no chart. */
export function appliedChart(application: KubernetesObject): string | undefined {
  const sources = sourcesOf(partOf(application.spec));
  const charts = sources.flatMap((source, index) => (isChart(source) ? [index] : []));
  const [index] = charts;
  if (index === undefined || charts.length > 1) return undefined;
  const status = partOf(application.status);
  const found = appliedRevisions(status)[index] ?? revisionsOf(partOf(status.sync))[index];
  return found === '' ? undefined : found;
}

const said = (reason: string, message: string): string => detail({ reason, message }, DEPLOYERS_MESSAGE);

/** `ComparisonError`, `InvalidSpecError`, …: why nothing could be synced at all. */
function errorOf(status: JsonObject): string | undefined {
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isJsonObject) : [];
  const found = conditions.find(({ type }) => text(type).endsWith('Error'));
  return found === undefined ? undefined : said(text(found.type), text(found.message));
}

const elsewhere = (says: string): DeployerReport => ({ kind: 'pending', says, at: 'elsewhere' });
const atTip = (says: string): DeployerReport => ({ kind: 'pending', says, at: 'tip' });

const sourcesOf = (spec: JsonObject): readonly JsonObject[] =>
  Array.isArray(spec.sources) && spec.sources.length > 0 ? spec.sources.map(partOf) : [partOf(spec.source)];

/** One with `sources` has a list, and any other a single one (syncResult, history and sync alike). */
function revisionsOf(entry: JsonObject): readonly string[] {
  const list = Array.isArray(entry.revisions) ? entry.revisions.map(text) : [];
  if (list.length > 0) return list;
  const one = text(entry.revision);
  return one === '' ? [] : [one];
}

function appliedRevisions(status: JsonObject): readonly string[] {
  const operation = partOf(status.operationState);
  if (operation.phase === 'Succeeded') return revisionsOf(partOf(operation.syncResult));
  const history = Array.isArray(status.history) ? status.history.filter(isJsonObject) : [];
  return revisionsOf(partOf(history[history.length - 1]));
}

/** A chart in a repository or registry: it has a version, and no commit. */
const isChart = ({ chart, repoURL }: JsonObject): boolean =>
  text(chart) !== '' || text(repoURL).startsWith('oci://');

/** Of several charts it is not known which version each is to have: what Git declares of them is in the commit. */
function isAtTip(
  revision: string,
  source: JsonObject,
  sources: readonly JsonObject[],
  { commit, chartVersion }: ApplicationQuestion,
): boolean {
  if (!isChart(source)) return revision === commit;
  const isOnly = sources.filter(isChart).length === 1;
  return (
    !isOnly || chartVersion === undefined || bare(revision) === bare(chartVersion) || DIGEST.test(revision)
  );
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const bare = (version: string): string => version.replace(/^v/, '');

/** What was compared was this source: one that has been changed since is compared again. */
function isOf(sync: JsonObject, spec: JsonObject): boolean {
  const compared = partOf(sync.comparedTo);
  const [before, now] = [sourcesOf(compared), sourcesOf(spec)];
  return before.every((source, index) =>
    (['repoURL', 'path', 'chart', 'targetRevision'] as const).every(
      (field) => text(source[field]) === text(now[index]?.[field]),
    ),
  );
}

function isManual(spec: JsonObject): boolean {
  const { automated } = partOf(spec.syncPolicy);
  return !isJsonObject(automated) || automated.enabled === false;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
