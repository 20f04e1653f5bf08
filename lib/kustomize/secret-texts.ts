import type { FileTree } from '../content/tree.ts';
import { treePath } from '../desired/tree-path.ts';
import { isJsonObject, type Json } from '../objects/objects.ts';
import { readKustomizationFile } from './kustomization-file.ts';
import { isKustomization } from './tree.ts';

/** Texts that are kept out of messages; more would take longer than the build. */
const TEXTS = 5000;

/**
 * What of a tree may be the value of a Secret: kustomize quotes what it cannot read (patches as a whole, lines of env
 * files), and what it says is kept and told. Found by how it is written, since it may be what cannot be read.
 */
export function secretTextsIn(tree: FileTree): readonly string[] {
  const found = new Set<string>();
  const add = (text: string) => {
    if (found.size < TEXTS) found.add(text);
  };
  for (const [path, { data }] of tree) {
    if (!isKustomization(path) && !/\.(ya?ml|json)$/.test(path)) continue;
    const text = data.toString('utf8');
    for (const each of secretTextsOf(text)) add(each);
    if (!isKustomization(path)) continue;
    const file = readKustomizationFile(text);
    if (file.kind === 'refused') continue;
    for (const each of generatedTexts(file.value.secretGenerator, path, tree)) add(each);
  }
  return [...found];
}

/** Values below `data:` and `stringData:`, and of JSON patches, in YAML or JSON as it is written. */
export function secretTextsOf(text: string): readonly string[] {
  if (!/\b(string)?data\b/i.test(text)) return [];
  const found: string[] = [];
  let below = -1;
  for (const line of text.split('\n')) {
    if (found.length > TEXTS) break;
    const indent = line.length - line.trimStart().length;
    if (line.trim() !== '' && indent <= below) below = -1;
    if (below >= 0) found.push(...valuesIn(line));
    else if (/^[\s'"-]*(string)?data['"]?\s*:\s*$/i.test(line)) below = indent;
    else if (/(string)?data['"]?\s*:\s*\{|\/(string)?data\/|['"]?value['"]?\s*:/i.test(line))
      found.push(...valuesIn(line));
  }
  return found;
}

/** What stands behind a colon, up to the next, quoted or not; a line of a block is a value as a whole. */
function valuesIn(line: string): readonly string[] {
  const values = [...line.matchAll(/:\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,{}[\]'"][^,{}\n]*)/g)].map(
    ([, value = '']) => value.trim().replace(/^(['"])(.*)\1$/, '$2'),
  );
  return [line.trim(), ...values];
}

function generatedTexts(generators: Json | undefined, path: string, tree: FileTree): readonly string[] {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const texts = (value: Json | undefined): readonly string[] =>
    (Array.isArray(value) ? value : [value]).flatMap((each) => (typeof each === 'string' ? [each] : []));
  return (Array.isArray(generators) ? generators : []).filter(isJsonObject).flatMap((generator) => [
    ...texts(generator.literals).flatMap((literal) => [literal, afterEquals(literal)]),
    ...['files', 'envs', 'env'].flatMap((field) =>
      texts(generator[field]).flatMap((named) => {
        const found = treePath(afterEquals(named), folder);
        const lines =
          (found === undefined ? undefined : tree.get(found))?.data.toString('utf8').split('\n') ?? [];
        return lines.flatMap((line) => [line, afterEquals(line)]);
      }),
    ),
  ]);
}

const afterEquals = (text: string): string => text.slice(text.indexOf('=') + 1);
