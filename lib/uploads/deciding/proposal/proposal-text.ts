import type { Reason } from '../../../charts/reasons.ts';
import type { ProposalText, Takes } from '../../../proposals/proposals.ts';
import { neutral } from '../../record/claims.ts';
import type { UploadKey } from '../../record/keys.ts';
import type { WaitingRecord } from '../../record/record.ts';
import { block, code, limited } from './markdown.ts';
import type { ObjectsDifference } from './objects-difference.ts';

/** What a reviewer is told of one upload. */
export interface ToldUpload {
  readonly key: UploadKey;
  readonly record: Pick<WaitingRecord, 'key' | 'versionId' | 'chart' | 'claims'>;
  /** The chart version that stands. */
  readonly was?: string | undefined;
  /** Who signed it, where that was verified. */
  readonly signer?: string | undefined;
}

/** What a reviewer is told of the whole. */
export interface Told {
  readonly target: string;
  readonly installation: string;
  readonly uploads: readonly ToldUpload[];
  /** Files of the chart: `+ path`, `- path`, `~ path`. */
  readonly chartFiles: readonly string[];
  readonly values: readonly string[];
  /** Undefined where either side could not be rendered. */
  readonly objects: ObjectsDifference | undefined;
  readonly warnings: readonly Reason[];
  /** What Fairlead itself has to say, in its own words. */
  readonly notes: readonly string[];
  readonly labels: readonly string[];
}

const TITLE_LENGTH = 200;
/** Lines of each list: as many as fit what the host takes. */
const LIMITS = [80, 30, 12, 4, 1] as const;
/** Room for what a host's own counting adds. */
const SPARE = 200;

/** Title, body and labels of the pull request of a release's uploads, or a manifest's. */
export function uploadsText(told: Told, takes: Takes): ProposalText {
  const sizes = LIMITS.map((limit) => bodyOf(told, limit));
  const body = sizes.find((text) => text.length <= takes.bodyCharacters - SPARE) ?? sizes.at(-1) ?? '';
  return { title: titleOf(told), body, labels: told.labels };
}

/** `web 1.4.2 (was 1.4.1) for shop/web in staging` */
function titleOf({ uploads, target }: Told): string {
  const [first] = uploads;
  const chart = uploads.find(({ key }) => key.kind === 'chart') ?? first;
  if (chart === undefined) return `Changes in ${target}`;
  const { key, record, was } = chart;
  if (key.kind === 'manifest') return neutral(`Manifest ${key.path} in ${target}`, TITLE_LENGTH);
  const place = `${key.namespace}/${key.release} in ${target}`;
  if (key.kind === 'values') return neutral(`Values for ${place}`, TITLE_LENGTH);
  const before = was === undefined || was === record.chart?.version ? '' : ` (was ${was})`;
  const more = uploads.some(({ key: { kind } }) => kind === 'values') ? ' with values' : '';
  return neutral(`${record.chart?.name} ${record.chart?.version}${before}${more} for ${place}`, TITLE_LENGTH);
}

function bodyOf(told: Told, limit: number): string {
  const { objects } = told;
  return [
    ...told.notes.map((note) => `> ${note}\n`),
    section('Uploads', limited(told.uploads.flatMap(uploadLines), limit)),
    section('Warnings', limited(told.warnings.map(warningLine), limit)),
    section('Images that it brings', limited((objects?.images ?? []).map(imageLine), limit)),
    section(countOf(objects), objects === undefined ? [] : blocked(objects.lines, limit)),
    section('Values', blocked(told.values, limit)),
    section('Files of the chart', blocked(told.chartFiles, limit)),
    footer(told),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function uploadLines({ key, record, was, signer }: ToldUpload): readonly string[] {
  const { claims, chart } = record;
  const what =
    key.kind === 'chart'
      ? `chart ${code(`${chart?.name} ${chart?.version}`)}${was === undefined ? '' : `, where ${code(was)} stands`}`
      : key.kind;
  const claimed = [
    ...(claims.sourceCommit === undefined ? [] : [`commit ${code(claims.sourceCommit)}`]),
    ...(claims.author === undefined ? [] : [`by ${code(claims.author)}`]),
    ...(claims.sourceUrl === undefined ? [] : [`at ${code(claims.sourceUrl)}`]),
  ];
  return [
    `- ${what}, uploaded as ${code(record.key)} (version ${code(record.versionId)})`,
    ...(signer === undefined ? [] : [`  - signed by ${code(signer)}: verified`]),
    ...(claimed.length === 0
      ? []
      : [`  - its uploader claims: ${claimed.join(', ')} (nobody vouches for it)`]),
  ];
}

const warningLine = ({ message, whatToDo, code: name }: Reason): string =>
  `- ${code(message)} What to do: ${code(whatToDo)} (${code(name)})`;

const imageLine = (image: string): string => `- ${code(image)}`;

function countOf(objects: ObjectsDifference | undefined): string {
  if (objects === undefined) return '';
  const { added, removed, changed } = objects;
  return added + removed + changed === 0
    ? 'No object changes'
    : `Objects: ${added} added, ${removed} removed, ${changed} changed`;
}

function blocked(lines: readonly string[], limit: number): readonly string[] {
  if (lines.length === 0) return [];
  const more = lines.length - limit;
  return [block(more > 0 ? [...lines.slice(0, limit), `and ${more} more lines`] : lines)];
}

const section = (title: string, lines: readonly string[]): string =>
  title === '' || (lines.length === 0 && title !== 'No object changes')
    ? ''
    : [`### ${title}`, '', ...lines, ''].join('\n');

const footer = ({ installation }: Told): string =>
  `---\nBy Fairlead (installation ${code(installation)}). Merged in any way, it is delivered; closed, it is declined. Newer uploads replace what is here, until somebody pushes onto this branch.`;

/** The same once somebody has pushed onto its branch. */
export function pushedOnto({ title, body, labels }: ProposalText, head: string, takes: Takes): ProposalText {
  const note = `> Somebody has pushed commit ${code(head.slice(0, 12))} onto this branch. Fairlead leaves it as it is from here on: newer uploads wait until this is merged or closed.\n\n`;
  return { title, body: (note + body).slice(0, takes.bodyCharacters - SPARE), labels };
}
