import type { FileEntry, FileTree } from '../../content/tree.ts';
import type { Chart } from '../package/chart.ts';
import { isRandom, templatesWithLookup, withOtherMoment } from './template-source.ts';

/** A chart's templates as helm names them in its output: subcharts by name, not by folder. */
export interface ChartSources {
  readonly templates: ReadonlyMap<string, string>;
  /** It may render differently each time by more than the date. */
  readonly isRandom: boolean;
  readonly withLookup: ReadonlySet<string>;
}

const TEMPLATE = /^(templates|files)\/|^values\.yaml$/;

/** @param values documents that may go through `tpl` */
export function sourcesOf(chart: Chart, values: readonly string[]): ChartSources {
  const templates = new Map<string, string>();
  gather(chart, '', templates);
  const texts = [...templates.values(), ...values];
  // Any file may be read and go through `tpl`.
  if (texts.some((text) => /(?<!\w)tpl(?!\w)/.test(text))) texts.push(...otherTexts(chart));
  return { templates, isRandom: texts.some(isRandom), withLookup: templatesWithLookup(templates) };
}

const otherTexts = (chart: Chart): string[] => [
  ...[...chart.files]
    .filter(([file, { data }]) => !TEMPLATE.test(file) && !isInside(file, chart) && data.includes('{{'))
    .map(([, { data }]) => data.toString('utf8')),
  ...chart.subcharts.flatMap(otherTexts),
];

function gather(chart: Chart, path: string, into: Map<string, string>): void {
  for (const [file, { data }] of chart.files)
    if (TEMPLATE.test(file)) into.set(`${path}${file}`, data.toString('utf8'));
  for (const subchart of chart.subcharts) gather(subchart, `${path}charts/${subchart.metadata.name}/`, into);
}

/** The text of a template that helm names in its output; an alias of a subchart is taken for the one that has such a file. */
export function templateText({ templates }: ChartSources, source: string): string | undefined {
  const exact = templates.get(source);
  if (exact !== undefined) return exact;
  const tail = source.slice(Math.max(0, source.lastIndexOf('templates/')));
  return [...templates].find(([path]) => path.endsWith(`/${tail}`))?.[1];
}

export function usesLookup({ withLookup }: ChartSources, source: string): boolean {
  if (withLookup.has(source)) return true;
  if (withLookup.size === 0) return false;
  const tail = source.slice(Math.max(0, source.lastIndexOf('templates/')));
  return [...withLookup].some((path) => path.endsWith(`/${tail}`));
}

/** The chart's tree with another date in place of `now`, the packages in it laid out as folders; undefined: it is the same. */
export function treeAtOtherMoment(chart: Chart): FileTree | undefined {
  let changed = false;
  const tree = new Map<string, FileEntry>();
  const lay = (each: Chart, path: string): void => {
    for (const [file, entry] of each.files) {
      if (isInside(file, each)) continue;
      const text = entry.data.includes('{{') ? entry.data.toString('utf8') : undefined;
      const other = text === undefined ? undefined : withOtherMoment(text);
      changed ||= other !== text;
      tree.set(
        `${path}${file}`,
        other === undefined || other === text ? entry : { ...entry, data: Buffer.from(other) },
      );
    }
    for (const subchart of each.subcharts) lay(subchart, `${path}${folderOf(subchart, each)}/`);
  };
  lay(chart, '');
  return changed ? tree : undefined;
}

/** Whether a chart's file is of one of the charts inside it. */
export const isInside = (file: string, chart: Chart): boolean =>
  chart.subcharts.some((subchart) => {
    const inner = pathIn(subchart, chart);
    return file === inner || file.startsWith(`${inner}/`);
  });
const pathIn = (subchart: Chart, chart: Chart): string =>
  chart.path === '' ? subchart.path : subchart.path.slice(chart.path.length + 1);
const folderOf = (subchart: Chart, chart: Chart): string => pathIn(subchart, chart).replace(/\.tgz$/i, '');

/** A chart that prints what helm makes of the values, for it and each enabled subchart; none of its own templates. */
export function valuesProbe(chart: Chart): FileTree {
  const tree = new Map<string, FileEntry>();
  const lay = (each: Chart, path: string): void => {
    for (const file of ['Chart.yaml', 'requirements.yaml', 'values.yaml']) {
      const entry = each.files.get(file);
      if (entry !== undefined) tree.set(`${path}${file}`, entry);
    }
    for (const subchart of each.subcharts) lay(subchart, `${path}${folderOf(subchart, each)}/`);
  };
  lay(chart, '');
  tree.set('templates/probe.yaml', { mode: 0o644, data: Buffer.from(PROBE) });
  return tree;
}

/** helm prints a template's output only if it is YAML: one JSON document is. */
const PROBE = `{{- define "fairlead.probe" -}}
{"chart":{{ .Chart.Name | toJson }},"values":{{ .Values | toJson }},"subcharts":{
{{- $first := true -}}
{{- range $name, $scope := .Subcharts -}}
{{- if not $first }},{{ end }}{{ $first = false }}{{ $name | toJson }}:{{ include "fairlead.probe" $scope }}
{{- end -}}
}}
{{- end -}}
{{ include "fairlead.probe" . }}
`;
