import { isAlias, isMap, isPair, isScalar, isSeq, type Node, Scalar, type YAMLMap } from 'yaml';
import type { Json } from './objects.ts';
import {
  resolveKey,
  resolvePlain,
  resolveTagged,
  UnreadableScalar,
  type YamlReader,
} from './yaml-scalars.ts';
import { readSyntax } from './yaml-syntax.ts';

export type { YamlReader } from './yaml-scalars.ts';

export interface YamlDocument {
  readonly value: Json;
  /** Where the document begins, counted from 1. */
  readonly line: number;
  /** Line of what the JSON pointer names (of its key, in a mapping); undefined where there is nothing. */
  lineOf(pointer: string): number | undefined;
}

export type ParsedYaml =
  | { readonly kind: 'parsed'; readonly documents: readonly YamlDocument[] }
  | { readonly kind: 'invalid'; readonly message: string; readonly line: number };

/** More nodes than this made through aliases is an attack (the "billion laughs"). */
const ALIASED_NODES = 100_000;

/**
 * YAML text as Kubernetes reads it: documents without content are left out.
 * The syntax is the `yaml` package's, the meaning of scalars, keys and merges is Go's (yaml-scalars.ts).
 * Duplicate keys: the last wins for `kubernetes`, an error for `kustomize`.
 */
export function parseYamlDocuments(text: string, reader: YamlReader): ParsedYaml {
  const syntax = readSyntax(text);
  const { lineAt, refused } = syntax;
  if (refused !== undefined) return invalid(refused.message, lineAt(refused.at));
  const documents: YamlDocument[] = [];
  for (const document of syntax.documents) {
    const [error] = document.errors;
    if (error !== undefined) return invalid(sentence(error.message), lineAt(error.pos[0]));
    const contents = document.contents as Node | null;
    if (contents === null || isEmpty(contents)) continue;
    const reading = new Reading(reader, (alias) => alias.resolve(document));
    try {
      const value = reading.valueOf(contents);
      documents.push({
        value,
        line: lineAt(contents.range?.[0]),
        lineOf: (pointer) => {
          const offset = offsetOf(contents, pointer, reading);
          return offset === undefined ? undefined : lineAt(offset);
        },
      });
    } catch (cause) {
      if (!(cause instanceof UnreadableScalar)) throw cause;
      return invalid(cause.message, lineAt(reading.at));
    }
  }
  return { kind: 'parsed', documents };
}

const invalid = (message: string, line: number): ParsedYaml => ({ kind: 'invalid', message, line });
const sentence = (message: string): string => message.split('\n')[0] ?? message;
const isEmpty = (node: Node): boolean =>
  isScalar(node) && node.type === Scalar.PLAIN && node.source === '' && node.tag === undefined;

type Alias = Extract<Node, { source: string; resolve: unknown }>;

/** One document on its way to JSON. */
class Reading {
  /** Offset of the node in hand, for errors. */
  at = 0;
  readonly #reader: YamlReader;
  readonly #resolve: (alias: Alias) => Node | undefined;
  #aliasDepth = 0;
  #aliased = 0;
  /** Lists and mappings around what is read, and those of them in braces or brackets. */
  #depth = 0;
  #braces = 0;
  readonly #open = new Set<Node>();

  constructor(reader: YamlReader, resolve: (alias: Alias) => Node | undefined) {
    this.#reader = reader;
    this.#resolve = resolve;
  }

  valueOf(node: unknown): Json {
    if (node === null || node === undefined) return null;
    this.at = (node as Node).range?.[0] ?? this.at;
    if (this.#aliasDepth > 0 && ++this.#aliased > ALIASED_NODES)
      throw new UnreadableScalar('aliases multiply the document beyond any use');
    if (isAlias(node)) return this.#through(node, (target) => this.valueOf(target));
    if (isScalar(node)) return this.#scalar(node);
    if (!isSeq(node) && !isMap(node))
      throw new UnreadableScalar('this kind of YAML node has no meaning in JSON');
    this.#depth++;
    if (node.flow === true) this.#braces++;
    try {
      if (isSeq(node)) return node.items.map((item) => this.valueOf(item));
      const object: Record<string, Json> = {};
      this.#fill(object, node);
      return object;
    } finally {
      this.#depth--;
      if (node.flow === true) this.#braces--;
    }
  }

  keyOf(key: unknown): string {
    if (isAlias(key)) return this.#through(key, (target) => this.keyOf(target));
    if (key === null || key === undefined) return resolveKey('', this.#reader);
    if (!isScalar(key)) throw new UnreadableScalar('a mapping or list cannot be a key');
    if (key.type !== Scalar.PLAIN || key.tag !== undefined) return key.source ?? String(key.value);
    const text = key.source ?? String(key.value);
    // At the top kyaml asks for text, and takes what stands there, unless it is null.
    const isTop = this.#depth <= 1 && resolvePlain(text, this.#reader) !== null;
    if (this.#reader === 'kustomize' && (isTop || this.#isTextInBraces(text))) return text;
    return resolveKey(text, this.#reader);
  }

  /** kyaml knows a time by the letter T where it stands in braces or brackets, else by a blank or a small t, too. */
  #isTextInBraces(text: string): boolean {
    return this.#reader === 'kustomize' && this.#braces > 0 && /^\d{4}-\d{1,2}-\d{1,2}[t ]/.test(text);
  }

  #scalar(node: Scalar): Json {
    // The source: the package has already decoded what is tagged !!binary.
    const text = node.source ?? String(node.value ?? '');
    // The package adds letter to letter, which V8 keeps as a rope, 32 bytes a letter, until somebody looks into it.
    text.charCodeAt(0);
    if (node.type === Scalar.QUOTE_DOUBLE) this.#checkEscapes(node);
    if (node.tag !== undefined) return resolveTagged(text, node.tag, this.#reader);
    const isPlain = node.type === Scalar.PLAIN || node.type === undefined;
    return isPlain && !this.#isTextInBraces(text) ? resolvePlain(text, this.#reader) : text;
  }

  /** go-yaml v2 (scannerc.go, yaml_parser_scan_flow_scalar) knows no `\\/`, and no halves of a surrogate pair. */
  #checkEscapes(node: Scalar): void {
    const written = node.srcToken !== undefined && 'source' in node.srcToken ? node.srcToken.source : '';
    for (const [sequence] of written.matchAll(/\\(?:u[dD][89a-fA-F]..|[^u])/g))
      if (sequence === '\\/' || sequence.startsWith('\\u'))
        throw new UnreadableScalar(`"${sequence}" is no escape that Kubernetes reads`);
  }

  /** In the order of the text, so that what comes later wins, a merge (`<<`) too: decode.go, mapping(). */
  #fill(object: Record<string, Json>, map: YAMLMap): void {
    const seen = new Set<string>();
    for (const pair of map.items) {
      if (isMerge(pair.key)) {
        this.#merge(object, pair.value);
        continue;
      }
      // kyaml takes a quoted one for a merge, too, and drops what is none.
      if (this.#reader === 'kustomize' && isScalar(pair.key) && pair.key.value === '<<') {
        if (isMap(pair.value) || isAlias(pair.value) || isSeq(pair.value)) this.#merge(object, pair.value);
        continue;
      }
      this.at = (pair.key as Node | null)?.range?.[0] ?? this.at;
      const key = this.keyOf(pair.key);
      if (this.#reader === 'kustomize' && seen.has(key))
        throw new UnreadableScalar(`mapping key "${key}" already defined`);
      seen.add(key);
      // What is left out in braces kyaml writes as '' before it reads it again.
      const isLeftOut = this.#reader === 'kustomize' && map.flow === true && isNothing(pair.value);
      set(object, key, isLeftOut ? '' : this.valueOf(pair.value));
    }
  }

  #merge(object: Record<string, Json>, value: unknown): void {
    if (isSeq(value)) {
      // Earlier ones take precedence: backwards where the later overwrites, forwards where the first stays.
      const items = this.#reader === 'kubernetes' ? value.items.toReversed() : value.items;
      for (const item of items) this.#merge(object, item);
      return;
    }
    if (isAlias(value)) {
      this.#through(value, (target) => this.#merge(object, target));
      return;
    }
    if (!isMap(value)) throw new UnreadableScalar('a merge (<<) wants a mapping or a list of mappings');
    if (this.#reader === 'kubernetes') {
      this.#fill(object, value);
      return;
    }
    const merged: Record<string, Json> = {};
    this.#fill(merged, value);
    for (const [key, entry] of Object.entries(merged))
      if (!Object.hasOwn(object, key)) set(object, key, entry);
  }

  #through<T>(alias: Alias, use: (target: Node) => T): T {
    const target = this.#resolve(alias);
    if (target === undefined) throw new UnreadableScalar(`unknown anchor "${alias.source}"`);
    if (this.#open.has(target)) throw new UnreadableScalar(`anchor "${alias.source}" contains itself`);
    this.#open.add(target);
    this.#aliasDepth++;
    try {
      return use(target);
    } finally {
      this.#aliasDepth--;
      this.#open.delete(target);
    }
  }
}

const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || (isScalar(value) && isEmpty(value));

const isMerge = (key: unknown): boolean =>
  isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN && key.tag === undefined;

/** A key named `__proto__` is a key like any other. */
function set(object: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

function offsetOf(root: Node, pointer: string, reading: Reading): number | undefined {
  let node: unknown = root;
  let offset = root.range?.[0];
  for (const step of stepsOf(pointer)) {
    if (isMap(node)) {
      const pair = node.items.findLast(
        (item) => isPair(item) && !isMerge(item.key) && keyOr(reading, item.key) === step,
      );
      if (pair === undefined) return undefined;
      offset = (pair.key as Node | null)?.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) return undefined;
      offset = (node as Node | null)?.range?.[0] ?? offset;
    } else return undefined;
  }
  return offset;
}

const keyOr = (reading: Reading, key: unknown): string | undefined => {
  try {
    return reading.keyOf(key);
  } catch {
    return undefined;
  }
};

const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
