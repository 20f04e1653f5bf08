import type { Json } from '../../objects/objects.ts';
import { isJsonObject } from '../../objects/objects.ts';
import { parseYamlDocuments } from '../../objects/yaml.ts';
import { findCredentials } from '../judge/credentials.ts';
import { type Reason, reason } from '../reasons.ts';
import { checkYamlStructure, isMultiplied } from './yaml-structure.ts';

export interface ReadValues {
  readonly reasons: readonly Reason[];
  /** The values, where they could be read. */
  readonly values?: Json;
}

/** A worker's task: one values file, its text already checked by `checkYamlText`. */
export function readValues({ text, file }: { readonly text: string; readonly file: string }): ReadValues {
  const reasons: Reason[] = [...credentialsIn(text, file), ...checkYamlStructure(text, file)];
  if (isMultiplied(reasons)) return { reasons };
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid')
    return {
      reasons: [...reasons, reason('yaml-invalid', { problem: parsed.message }, { file, line: parsed.line })],
    };
  const [first, second] = parsed.documents;
  if (second !== undefined)
    reasons.push(reason('yaml-documents', { count: parsed.documents.length }, { file, line: second.line }));
  // An empty file, or one of comments, is no values.
  const values = first?.value ?? {};
  if (!isJsonObject(values))
    reasons.push(reason('values-not-a-mapping', { found: sortOf(values) }, { file, line: first?.line ?? 1 }));
  return { reasons, values };
}

export interface PointersToLocate {
  readonly text: string;
  /** JSON pointers into the first document. */
  readonly pointers: readonly string[];
}

/** A worker's task: 1-based lines of what the pointers name; undefined for what the text does not hold. */
export function locateValues({ text, pointers }: PointersToLocate): readonly (number | undefined)[] {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  const [document] = parsed.kind === 'parsed' ? parsed.documents : [];
  return pointers.map((pointer) => (pointer === '' ? undefined : document?.lineOf(pointer)));
}

export const credentialsIn = (text: string, file: string): Reason[] =>
  findCredentials(text).map(({ kind, line }) => reason('credential-found', { kind }, { file, line }));

const sortOf = (value: Json): string => (Array.isArray(value) ? 'a list' : `a ${typeof value}`);
