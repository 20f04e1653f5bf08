import { parseYamlDocuments, type YamlReader } from '../../objects/yaml.ts';
import { type Declared, type DeclaredObjects, declaredIn } from '../files/declared.ts';
import { type Reason, reason } from '../reasons.ts';

/** Objects of one release. */
export const OBJECTS = 5_000;

export interface OutputsToRead {
  /** What helm wrote, one render each. */
  readonly outputs: readonly string[];
  readonly reader: YamlReader;
}

export interface ReadOutputs {
  /** Each document once, however many renders hold it word for word. */
  readonly documents: readonly (readonly Declared[])[];
  /** For each render the documents that it consists of. */
  readonly renders: readonly (readonly number[])[];
  readonly reasons: readonly Reason[];
}

/** A worker's task: the objects of several renders of one release. Places name the template, and the line in what it rendered to. */
export function readOutput({ outputs, reader }: OutputsToRead): ReadOutputs {
  const known = new Map<string, number>();
  const documents: (readonly Declared[])[] = [];
  const reasons: Reason[] = [];
  const renders = outputs.map((output) =>
    documentsOf(output).map(({ source, text }) => {
      const key = `${source}\n${text}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const index = documents.length;
      known.set(key, index);
      const read = readDocument(text, source, reader);
      documents.push(read.objects);
      reasons.push(...read.reasons);
      return index;
    }),
  );
  const most = Math.max(
    0,
    ...renders.map((indexes) => indexes.reduce((sum, index) => sum + (documents[index]?.length ?? 0), 0)),
  );
  if (most > OBJECTS) reasons.push(reason('objects-too-many', { limit: OBJECTS }));
  return { documents, renders, reasons };
}

function readDocument(
  text: string,
  file: string,
  reader: YamlReader,
): { objects: readonly Declared[]; reasons: readonly Reason[] } {
  const parsed = parseYamlDocuments(text, reader);
  if (parsed.kind === 'invalid') {
    const problem = `${parsed.message} (line ${parsed.line} of what it renders to)`;
    return { objects: [], reasons: [reason('render-invalid-yaml', { problem }, { file })] };
  }
  const declared = parsed.documents
    .filter(({ value }) => value !== null)
    .map((document) => declaredIn(document, file));
  return {
    objects: declared.flatMap(({ objects }) => objects),
    // Their lines are those of the output, not of the template.
    reasons: declared.flatMap(({ reasons }) => reasons.map((entry) => ({ ...entry, place: { file } }))),
  };
}

export interface ManifestsToRead {
  readonly files: readonly { readonly file: string; readonly text: string }[];
  readonly reader: YamlReader;
}

/** A worker's task: the objects of manifests, in the order of the files. */
export function readManifests({ files, reader }: ManifestsToRead): DeclaredObjects {
  const objects: Declared[] = [];
  const reasons: Reason[] = [];
  for (const { file, text } of files) {
    const parsed = parseYamlDocuments(text, reader);
    if (parsed.kind === 'invalid') {
      reasons.push(reason('yaml-invalid', { problem: parsed.message }, { file, line: parsed.line }));
      continue;
    }
    for (const document of parsed.documents) {
      if (document.value === null) continue;
      const declared = declaredIn(document, file);
      objects.push(...declared.objects);
      reasons.push(...declared.reasons);
    }
  }
  return { objects, reasons };
}

const SOURCE = /^---\n# Source: [^/\n]+\/([^\n]+)\n/gm;

/** helm writes `---` and `# Source: <chart>/<path>` before each document. */
export function documentsOf(output: string): { readonly source: string; readonly text: string }[] {
  const heads = [...output.matchAll(SOURCE)];
  return heads.map((head, index) => ({
    source: head[1] ?? '',
    text: output.slice(head.index + head[0].length, heads[index + 1]?.index),
  }));
}
