import * as z from 'zod';
import { isJsonObject, type Json } from '../../objects/objects.ts';
import { parseYamlDocuments } from '../../objects/yaml.ts';

/** One version of a chart as a Helm repository's index.yaml lists it (helm, pkg/repo/v1/index.go). */
export interface IndexEntry {
  readonly version: string;
  /** Relative to the index's own address, or anywhere. The first is taken. */
  readonly url: string;
  /** SHA-256 of the package, hexadecimal: most indexes give it. */
  readonly digest?: string;
}

export type ChartIndex =
  | { readonly kind: 'listed'; readonly entries: readonly IndexEntry[] }
  /** There is no such chart in it. */
  | { readonly kind: 'not-listed' }
  | { readonly kind: 'unreadable'; readonly problem: string };

export interface IndexToRead {
  readonly text: string;
  readonly chart: string;
}

/** Versions of one chart that are read. */
const ENTRIES = 5000;
/** Characters of one chart's part of an index. */
const PART_LENGTH = 4 * 1024 * 1024;

const entry = z.object({
  version: z.string().max(256),
  urls: z.array(z.string().max(2048)).min(1),
  digest: z
    .string()
    .regex(/^(sha256:)?[0-9a-f]{64}$/)
    .optional()
    .catch(undefined),
});

/**
 * A worker's task: the versions of one chart. An index of ten thousand charts is tens of megabytes, of which the lines
 * of this chart are parsed as YAML and no others.
 */
export function readChartIndex({ text, chart }: IndexToRead): ChartIndex {
  const part = /^\s*\{/.test(text) ? ofJson(text, chart) : ofYaml(text, chart);
  if (part.kind !== 'found') return part;
  if (!Array.isArray(part.value)) return { kind: 'unreadable', problem: 'its entry is no list' };
  const entries = part.value.slice(0, ENTRIES).flatMap((found): IndexEntry[] => {
    const parsed = entry.safeParse(found);
    if (!parsed.success) return [];
    const { version, urls, digest } = parsed.data;
    const [url = ''] = urls;
    return [{ version, url, ...(digest === undefined ? {} : { digest: digest.replace('sha256:', '') }) }];
  });
  return { kind: 'listed', entries };
}

type Part = Exclude<ChartIndex, { kind: 'listed' }> | { readonly kind: 'found'; readonly value: unknown };

function ofJson(text: string, chart: string): Part {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', problem: 'it is no JSON' };
  }
  const entries = isJsonObject(index) && isJsonObject(index.entries) ? index.entries : undefined;
  if (entries === undefined) return NO_ENTRIES;
  return Object.hasOwn(entries, chart) ? { kind: 'found', value: entries[chart] } : { kind: 'not-listed' };
}

const NO_ENTRIES: Part = { kind: 'unreadable', problem: 'it has no entries' };

/** Block style, as helm writes it: the lines from the chart's name to the next one at its depth. */
function ofYaml(text: string, chart: string): Part {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => /^entries:\s*(#.*)?$/.test(line));
  if (start < 0) return whole(text, chart);
  let depth: number | undefined;
  let from: number | undefined;
  let end = lines.length;
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const indent = line.search(/[^ ]/);
    if (indent < 0 || line[indent] === '#') continue;
    if (indent === 0 && line[0] !== '-') {
      end = at;
      break;
    }
    depth ??= indent;
    if (indent > depth || (indent === depth && line[indent] === '-')) continue;
    if (from !== undefined) {
      end = at;
      break;
    }
    if (isNamed(line.slice(indent), chart)) from = at;
  }
  if (from === undefined) return { kind: 'not-listed' };
  const part = `entries:\n${lines.slice(from, end).join('\n')}\n`;
  return part.length > PART_LENGTH
    ? { kind: 'unreadable', problem: `its entry has more than ${PART_LENGTH} characters` }
    : whole(part, chart);
}

/** `name:`, plain or quoted. */
const isNamed = (line: string, chart: string): boolean =>
  ['', '"', "'"].some((quote) => {
    const key = `${quote}${chart}${quote}:`;
    return line.startsWith(key) && /^\s*(#.*|\[\]\s*)?$/.test(line.slice(key.length));
  });

function whole(text: string, chart: string): Part {
  if (text.length > PART_LENGTH)
    return { kind: 'unreadable', problem: 'it is not written as helm writes it' };
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid')
    return { kind: 'unreadable', problem: `line ${parsed.line}: ${parsed.message}` };
  const value: Json | undefined = parsed.documents[0]?.value;
  const entries = isJsonObject(value) && isJsonObject(value.entries) ? value.entries : undefined;
  if (entries === undefined) return NO_ENTRIES;
  return Object.hasOwn(entries, chart) ? { kind: 'found', value: entries[chart] } : { kind: 'not-listed' };
}
