import { stringify } from 'yaml';
import type { KubernetesObject } from '../objects/objects.ts';

/** An object with what it is for, for the person who applies it. */
export interface Documented {
  readonly object: KubernetesObject;
  /** Lines of plain text; none where the one before says it. */
  readonly about: readonly string[];
}

/** Objects that belong together, with what they are for before the first. */
export const introduced = (
  objects: readonly KubernetesObject[],
  about: readonly string[],
): readonly Documented[] => objects.map((object, index) => ({ object, about: index === 0 ? about : [] }));

/** As `kubectl apply -f -` takes it. The same objects give the same text. */
export function formatDocuments(heading: readonly string[], documents: readonly Documented[]): string {
  const parts = documents.map(
    ({ about, object }) =>
      `---\n${commented(about)}${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`,
  );
  return `${commented(heading)}${parts.join('')}`;
}

/** A line break in a text must not end its comment. */
const commented = (lines: readonly string[]): string =>
  lines
    .flatMap((line) => line.split(/\r\n|[\r\n\u0085\u2028\u2029]/))
    .map((line) => `# ${line}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
