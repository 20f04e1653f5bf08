import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ListedStore, ObjectStore } from '../aws/objects.ts';
import { formatJson, parseJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { alertAsWritten } from './alert-as-written.ts';
import { maskedAlert } from './masked-alert.ts';

/**
 * Every alert in full, in the state bucket: `reports/<target>/<digest of the incident>/<sequence>.json`, masked as what
 * people get. The reports of an incident, in order, are its timeline.
 */
export interface Report {
  readonly schema: 1;
  readonly alert: Alert;
}

/** Where all reports begin. */
export const REPORTS = 'reports/';
/** Larger is none of ours: an item of the table, which an alert comes from, holds 400 KB. */
const REPORT_BYTES = 2 * 1024 * 1024;
const SEQUENCE_DIGITS = 8;

const report = z.object({ schema: z.literal(1), alert: alertAsWritten });

type Incident = Pick<Alert, 'target' | 'incident'>;

/** An incident's key holds names of any length, so it is folded to 24 hexadecimal digits of its SHA-256. */
const folderOf = ({ target, incident }: Incident): string =>
  `${REPORTS}${target}/${createHash('sha256').update(incident).digest('hex').slice(0, 24)}/`;

/** With zeroes before it, so that a list is in the order of the alerts. */
export const reportKey = (alert: Incident & Pick<Alert, 'sequence'>): string =>
  `${folderOf(alert)}${String(alert.sequence).padStart(SEQUENCE_DIGITS, '0')}.json`;

/** Told twice after a crash, an alert has one report. */
export async function writeReport(state: Pick<ObjectStore, 'put'>, alert: Alert): Promise<void> {
  const body = formatJson({ schema: 1, alert: maskedAlert(alert) } satisfies Report);
  await state.put(reportKey(alert), body, 'application/json');
}

/** The report of one alert; undefined where there is none, or where it has met the bucket's lifecycle. */
export async function readReport(
  state: Pick<ObjectStore, 'get'>,
  alert: Incident & Pick<Alert, 'sequence'>,
): Promise<Report | undefined> {
  return await readKey(state, reportKey(alert));
}

/** The reports of an incident, first to last. @throws if one is not what `writeReport` writes */
export async function* readReports(state: ListedStore, incident: Incident): AsyncIterable<Report> {
  for await (const key of state.keys(folderOf(incident))) {
    const found = await readKey(state, key);
    // Deleted since it was listed.
    if (found !== undefined) yield found;
  }
}

/** Requests under way: one object each. */
const READS_AT_ONCE = 10;

/**
 * The newest so many reports of an incident, first to last, and how many older ones there are: where somebody keeps
 * editing there are thousands. @throws if one is not what `writeReport` writes
 */
export async function readNewestReports(
  state: ListedStore,
  incident: Incident,
  newest: number,
): Promise<{ readonly reports: readonly Report[]; readonly older: number }> {
  const keys: string[] = [];
  for await (const key of state.keys(folderOf(incident))) keys.push(key);
  const wanted = keys.slice(-newest);
  const reports: Report[] = [];
  for (let at = 0; at < wanted.length; at += READS_AT_ONCE) {
    const some = await Promise.all(wanted.slice(at, at + READS_AT_ONCE).map((key) => readKey(state, key)));
    // Deleted since it was listed.
    reports.push(...some.filter((found) => found !== undefined));
  }
  return { reports, older: keys.length - wanted.length };
}

async function readKey(state: Pick<ObjectStore, 'get'>, key: string): Promise<Report | undefined> {
  const stored = await state.get(key, { maxBytes: REPORT_BYTES });
  return stored === undefined ? undefined : report.parse(parseJson(stored.body.toString('utf8')));
}
