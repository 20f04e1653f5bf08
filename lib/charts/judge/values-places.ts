import { limited } from '../files/limited.ts';
import type { Chart } from '../package/chart.ts';
import type { Reason } from '../reasons.ts';
import type { ValuesDocument } from '../render/release-render.ts';

interface Source {
  readonly file: string;
  readonly text: string;
  /** What lies before a pointer of the chart in this file: a subchart's values are below its name. */
  readonly below: string;
}

/**
 * Reasons against the values of a chart with the file and line that brought each value: the uploaded values where they
 * hold it, else the chart's own.
 * @param path of the chart inside the release's: empty, or `charts/<name>/…`, names or aliases
 */
export async function withLines(
  reasons: readonly Reason[],
  path: string,
  chart: Chart,
  uploaded: readonly ValuesDocument[],
): Promise<readonly Reason[]> {
  if (reasons.length === 0) return reasons;
  const names = path.split('/').filter((_part, index) => index % 2 === 1);
  const below = names.map((name) => `/${name}`).join('');
  const defaults = chart.files.get('values.yaml')?.data.toString('utf8');
  const sources: Source[] = [
    // The last one wins.
    ...uploaded.toReversed().map(({ file, text }) => ({ file, text, below })),
    ...(defaults === undefined ? [] : [{ file: 'values.yaml', text: defaults, below }]),
  ];
  let placed = [...reasons];
  for (const { file, text, below: before } of sources) {
    const pointers = placed.map(({ place }) =>
      place?.line === undefined && place?.pointer !== undefined ? `${before}${place.pointer}` : '',
    );
    const located = await limited('locateValues', { text, pointers });
    if (located.kind === 'too-complex') continue;
    placed = placed.map((reason, index) => {
      const line = located.result[index];
      return line === undefined
        ? reason
        : { ...reason, place: { file, line, pointer: pointers[index] ?? '' } };
    });
  }
  return placed;
}
