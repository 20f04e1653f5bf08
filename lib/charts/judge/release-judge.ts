import { gzipSync } from 'node:zlib';
import { checkValuesFile } from '../files/file-checks.ts';
import { limited } from '../files/limited.ts';
import { credentialsIn } from '../files/values-file.ts';
import type { Chart } from '../package/chart.ts';
import { formatBytes, type Reason, reason } from '../reasons.ts';
import { effectiveValues, type ReleaseToRender, type ValuesDocument } from '../render/release-render.ts';
import { withLines } from './values-places.ts';

/** What a Kubernetes Secret holds, in which helm keeps a release (helm pkg/storage/driver). */
const RELEASE_BYTES = 1024 * 1024;

/** Every reason against a chart and its values that needs no render. */
export async function judgeInputs(release: ReleaseToRender & { readonly chart: Chart }): Promise<Reason[]> {
  const { chart, values } = release;
  const reasons: Reason[] = [];
  if (chart.metadata.type === 'library') reasons.push(reason('chart-library', {}, { file: 'Chart.yaml' }));
  for (const { file, text } of values) reasons.push(...(await checkValuesFile(Buffer.from(text), file)));
  for (const { path, text } of unrendered(chart)) reasons.push(...credentialsIn(text, path));
  reasons.push(...(await checkSchemas(release)));
  return reasons;
}

/** What enters Git and no object shows: the values that charts bring themselves, and their notes. */
function unrendered(chart: Chart, prefix = ''): { path: string; text: string }[] {
  const own = ['values.yaml', 'templates/NOTES.txt'].flatMap((name) => {
    const file = chart.files.get(name);
    return file === undefined ? [] : [{ path: `${prefix}${name}`, text: file.data.toString('utf8') }];
  });
  return [...own, ...chart.subcharts.flatMap((subchart) => unrendered(subchart, `${subchart.path}/`))];
}

async function checkSchemas(release: ReleaseToRender & { readonly chart: Chart }): Promise<Reason[]> {
  const schemas = schemasIn(release.chart, '');
  if (schemas.length === 0) return [];
  const reasons: Reason[] = [];
  for (const schema of schemas) reasons.push(...(await validated(schema)));
  // A schema that leads elsewhere is not asked about values.
  if (reasons.length > 0) return reasons;
  for (const effective of (await effectiveValues(release)) ?? [])
    reasons.push(
      ...(await withLines(await validated(effective), effective.path, release.chart, release.values)),
    );
  return reasons;
}

function schemasIn(chart: Chart, path: string): { path: string; schema: string }[] {
  const own = chart.files.get('values.schema.json');
  return [
    ...(own === undefined ? [] : [{ path, schema: own.data.toString('utf8') }]),
    ...chart.subcharts.flatMap((subchart) => schemasIn(subchart, `${subchart.path}/`)),
  ];
}

async function validated(input: Parameters<typeof limited<'validateValues'>>[1]): Promise<readonly Reason[]> {
  const outcome = await limited('validateValues', input);
  if (outcome.kind === 'done') return outcome.result;
  const problem = `it takes more than ${outcome.limitSeconds} seconds to check`;
  return [reason('values-schema-invalid', { problem }, { file: `${input.path}values.schema.json` })];
}

/** What `--include-crds` shows and no release holds: it has the files of its own crds/ as files. */
const OF_CRDS_FOLDER =
  /^---\n# Source: [^/\n]+\/(?:charts\/[^/\n]+\/)*crds\/[^\n]*\n(?:(?!---\n# Source: ).*\n?)*/gm;

/**
 * Whether helm could keep the release: its chart (without the charts inside), values and manifest as JSON, gzip and
 * base64, in one Secret (helm pkg/storage/driver/util.go).
 */
export function checkReleaseSize(chart: Chart, values: readonly ValuesDocument[], output: string): Reason[] {
  const size = storedBytes(chart, values, output);
  return size > RELEASE_BYTES
    ? [reason('release-too-large', { size: formatBytes(size), limit: formatBytes(RELEASE_BYTES) })]
    : [];
}

/** Bytes of the release in its Secret, within a few percent; what is far below the limit is not compressed. */
export function storedBytes(chart: Chart, values: readonly ValuesDocument[], output: string): number {
  const files = [...chart.files].filter(([path]) => !path.startsWith('charts/'));
  const stored = JSON.stringify({
    chart: files.map(([name, { data }]) => ({ name, data: data.toString('base64') })),
    config: values.map(({ text }) => text),
    manifest: output.replace(OF_CRDS_FOLDER, ''),
  });
  if (stored.length < RELEASE_BYTES / 2) return stored.length;
  return Math.ceil(gzipSync(stored, { level: 9 }).length / 3) * 4;
}
