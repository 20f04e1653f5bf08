import { oneLine } from '../lib/alerts/plain.ts';
import { uploadUrl } from '../lib/uploads/record/record.ts';
import type { FoundInstallation } from './installation.ts';
import type { ListedUpload } from './listing.ts';
import type { KnownUpload } from './outcome.ts';

/** Characters: what a terminal of 100 columns shows in one line each. */
const WIDTHS = { when: 17, state: 11, key: 46, result: 26 } as const;
const SHORT_COMMIT = 10;

/** A table for people. `missing`: what could not be read and would have told more. */
export function formatUploads(
  listed: readonly ListedUpload[],
  { bucket }: FoundInstallation,
  missing: readonly string[],
): string {
  if (listed.length === 0) return `none in s3://${bucket} that this asks for`;
  const rows = listed.map(({ key, lastModified, known }) =>
    line(timeOf(lastModified), known.state, shortened(oneLine(key), WIDTHS.key - 2), resultOf(known)),
  );
  const onlyTags = listed.some(({ known }) => known.source === 'tags');
  return [
    line('UPLOADED (UTC)', 'STATE', 'KEY', 'RESULT'),
    ...rows,
    ...(listed.some(({ known }) => 'reasons' in known)
      ? ['(-o json tells every reason, and what to do)']
      : []),
    ...(onlyTags ? [`(from the objects' tags alone; the records say more: ${missing.join(', ')})`] : []),
  ].join('\n');
}

const line = (when: string, state: string, key: string, result: string): string =>
  `${when.padEnd(WIDTHS.when)}${state.padEnd(WIDTHS.state)}${key.padEnd(WIDTHS.key)}${shortened(result, WIDTHS.result)}`.trimEnd();

/** `2026-11-21 15:04` */
const timeOf = (time: Date): string => time.toISOString().slice(0, 16).replace('T', ' ');

/** Cut in the middle: a key's target and its version are at its ends. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.ceil((width - 1) / 2);
  return `${text.slice(0, width - 1 - end)}…${text.slice(-end)}`;
}

function resultOf(known: KnownUpload): string {
  switch (known.state) {
    case 'delivered':
      return `${known.commit.slice(0, SHORT_COMMIT)}${CHANGES[known.change ?? 'commit']}${known.warnings === undefined || known.warnings.length === 0 ? '' : ` ${known.warnings.length} warnings`}`;
    case 'superseded':
      return 'by a newer one';
    case 'declined':
      return known.url === undefined ? 'its pull request was closed' : oneLine(known.url);
    case 'done':
      return known.what;
    case 'rejected':
    case 'failed':
      return codesOf(known.reasons.map(({ code }) => code));
    case 'waiting':
      return SHORT_STAGES[known.stage];
  }
}

const CHANGES = { commit: '', unchanged: ' (unchanged)', edited: ' (edited)' } as const;

const SHORT_STAGES = {
  unrecorded: 'not heard of yet',
  received: 'being checked',
  checked: 'waits for its commit',
  frozen: 'frozen',
  proposed: 'in a pull request',
  unknown: 'no outcome yet',
} as const;

/** The first, and how many more. */
function codesOf(codes: readonly string[]): string {
  const [first = '', ...more] = [...new Set(codes)];
  return oneLine(more.length === 0 ? first : `${first} +${more.length}`);
}

/** For programs: one document, with every reason. */
export function formatUploadsJson(listed: readonly ListedUpload[], { bucket }: FoundInstallation): string {
  const uploads = listed.map(({ key, versionId, lastModified, known }) => ({
    key,
    versionId,
    url: uploadUrl(bucket, { key, versionId }),
    uploadedAt: lastModified.toISOString(),
    ...known,
  }));
  return JSON.stringify({ schema: 1, bucket, uploads }, null, 2);
}
