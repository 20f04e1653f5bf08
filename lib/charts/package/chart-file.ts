import * as z from 'zod';
import { isJsonObject, type Json } from '../../objects/objects.ts';
import { parseYamlDocuments } from '../../objects/yaml.ts';
import { checkYamlStructure, isMultiplied } from '../files/yaml-structure.ts';
import { type Reason, reason } from '../reasons.ts';

/** As helm reads versions (Masterminds/semver, NewVersion): `v` before it and a missing minor or patch are fine. */
const VERSION =
  /^v?(0|[1-9]\d*)(\.(0|[1-9]\d*)){0,2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
/** Upper-case names are fine: helm takes them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}$/;

const dependency = z.object({
  name: z.string({ error: 'a dependency has no name' }),
  alias: z.string().nullish(),
  repository: z.string().nullish(),
  'import-values': z.array(z.unknown()).nullish(),
});

const chartFile = z.object({
  apiVersion: z.enum(['v1', 'v2'], { error: 'apiVersion is v1 or v2' }),
  name: z
    .string({ error: 'name is missing' })
    .regex(NAME, 'name is letters, digits, dots, hyphens and underscores, at most 250'),
  version: z
    .string({ error: 'version is missing, or not text' })
    .regex(VERSION, 'version is not a semantic version'),
  type: z.enum(['', 'application', 'library'], { error: 'type is application or library' }).nullish(),
  kubeVersion: z.string({ error: 'kubeVersion is text' }).nullish(),
  appVersion: z.union([z.string(), z.number()], { error: 'appVersion is text' }).nullish(),
  description: z.string({ error: 'description is text' }).nullish(),
  dependencies: z.array(dependency, { error: 'dependencies is a list' }).nullish(),
});

const requirementsFile = z.object({ dependencies: z.array(dependency).nullish() });

export interface Dependency {
  readonly name: string;
  /** The name that it is instantiated under, if not its own. */
  readonly alias?: string;
  readonly importValues: number;
}

/** What a Chart.yaml says of its chart, as far as delivery needs it. */
export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: 'v1' | 'v2';
  readonly type: 'application' | 'library';
  readonly kubeVersion?: string;
  readonly appVersion?: string;
  readonly description?: string;
  readonly dependencies: readonly Dependency[];
}

export type ReadChartFile =
  | { readonly kind: 'read'; readonly chart: ChartMetadata }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

export interface ChartFileToRead {
  readonly text: string;
  readonly file: string;
  /** Of charts of the first format: a requirements.yaml beside it, which goes before `dependencies`. */
  readonly requirements?: { readonly text: string; readonly file: string };
}

/** A worker's task: Chart.yaml and requirements.yaml, their texts already checked by `checkYamlText`. */
export function readChartFile({ text, file, requirements }: ChartFileToRead): ReadChartFile {
  const structure = [
    ...checkYamlStructure(text, file),
    ...(requirements === undefined ? [] : checkYamlStructure(requirements.text, requirements.file)),
  ];
  if (isMultiplied(structure)) return refused(...structure);
  const parsed = parseOne(text);
  if ('problem' in parsed)
    return refused(
      ...structure,
      reason('chart-file-invalid', { problem: parsed.problem }, { file, line: parsed.line }),
    );
  const disguised = [
    ...disguisedKeys(parsed.value, Object.keys(chartFile.shape), file, parsed.lineOf),
    ...(requirements === undefined ? [] : requirementsAgainst(requirements)),
  ];
  if (disguised.length > 0) return refused(...structure, ...disguised);
  const result = chartFile.safeParse(parsed.value);
  if (!result.success) {
    const reasons = result.error.issues.map(({ path, message }) => {
      const line = parsed.lineOf(`/${path.slice(0, 1).join('/')}`);
      return reason(
        'chart-file-invalid',
        { problem: message },
        { file, ...(line === undefined ? {} : { line }) },
      );
    });
    return refused(...structure, ...reasons);
  }
  if (structure.length > 0) return refused(...structure);
  const { name, version, apiVersion, type, kubeVersion, appVersion, description } = result.data;
  const listed = requirements === undefined ? undefined : dependenciesIn(requirements.text);
  const chart: ChartMetadata = {
    name,
    version,
    apiVersion,
    type: type === 'library' ? 'library' : 'application',
    ...(kubeVersion ? { kubeVersion } : {}),
    ...(appVersion === undefined || appVersion === null ? {} : { appVersion: String(appVersion) }),
    ...(description ? { description } : {}),
    dependencies: listed ?? toDependencies(result.data.dependencies),
  };
  return { kind: 'read', chart };
}

const toDependencies = (list: z.output<typeof requirementsFile>['dependencies']): Dependency[] =>
  (list ?? []).map((entry) => ({
    name: entry.name,
    ...(entry.alias ? { alias: entry.alias } : {}),
    importValues: entry['import-values']?.length ?? 0,
  }));

function dependenciesIn(text: string): Dependency[] | undefined {
  const parsed = parseOne(text);
  const result = 'problem' in parsed ? undefined : requirementsFile.safeParse(parsed.value);
  return result?.success ? toDependencies(result.data.dependencies) : undefined;
}

/**
 * helm reads requirements.yaml into the same place as Chart.yaml (pkg/chart/loader): another `name` or `version` in it
 * would be deployed, and the one of Chart.yaml judged.
 */
function requirementsAgainst({ text, file }: { readonly text: string; readonly file: string }): Reason[] {
  const parsed = parseOne(text);
  if ('problem' in parsed || !isJsonObject(parsed.value)) return [];
  const known = Object.keys(parsed.value).filter(
    (key) =>
      bare(key) !== 'dependencies' && Object.keys(chartFile.shape).some((one) => bare(one) === bare(key)),
  );
  return [
    ...known.map((key) => invalid(`"${key}" belongs into Chart.yaml`, file, parsed.lineOf(pointerOf(key)))),
    ...disguisedKeys(parsed.value, ['dependencies'], file, parsed.lineOf),
  ];
}

/** Go finds a field in any case (encoding/json): `Dependencies` is one for helm, and would be none for us. */
function disguisedKeys(
  value: Json,
  names: readonly string[],
  file: string,
  lineOf: (pointer: string) => number | undefined,
): Reason[] {
  if (!isJsonObject(value)) return [];
  const inner = Array.isArray(value.dependencies) ? value.dependencies : [];
  const strays = (entry: Json, known: readonly string[]) =>
    isJsonObject(entry)
      ? Object.keys(entry).flatMap((key) => {
          const name = known.find((one) => bare(one) === bare(key));
          return name === undefined || name === key ? [] : [{ key, name }];
        })
      : [];
  return [
    ...strays(value, names).map(({ key, name }) =>
      invalid(`"${key}" is written "${name}"`, file, lineOf(pointerOf(key))),
    ),
    ...inner
      .flatMap((entry) => strays(entry, [...Object.keys(dependency.shape), 'version', 'condition', 'tags']))
      .slice(0, DISGUISED_SHOWN)
      .map(({ key, name }) =>
        invalid(`"${key}" of a dependency is written "${name}"`, file, lineOf('/dependencies')),
      ),
  ];
}

const DISGUISED_SHOWN = 5;
/** As Go folds names: the long s and the Kelvin sign are letters, too. */
const bare = (key: string): string => key.normalize('NFKC').toLowerCase();
const pointerOf = (key: string): string => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
const invalid = (problem: string, file: string, line: number | undefined): Reason =>
  reason('chart-file-invalid', { problem }, { file, ...(line === undefined ? {} : { line }) });

function parseOne(
  text: string,
): { problem: string; line: number } | { value: Json; lineOf: (pointer: string) => number | undefined } {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') return { problem: parsed.message, line: parsed.line };
  const [first, second] = parsed.documents;
  if (first === undefined) return { problem: 'it is empty', line: 1 };
  if (second !== undefined) return { problem: 'it holds more than one document', line: second.line };
  return first;
}

const refused = (...reasons: readonly Reason[]): ReadChartFile => ({ kind: 'refused', reasons });
