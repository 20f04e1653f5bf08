import type { Chart } from '../package/chart.ts';
import { isInside } from './chart-sources.ts';
import {
  type Command,
  type Node,
  type Operand,
  type Origin,
  type Pipeline,
  parseTemplate,
} from './template-syntax.ts';

/**
 * Whether one render says all there is to say: whether a chart's templates are written only in what answers the same
 * as an install and as an upgrade, now and later. What helm is run for more than once is to find what does not
 * (stability.ts); where nothing can, one run is enough.
 *
 * The proof is by what is allowed, never by what is forbidden: values, the names of release and chart, the
 * capabilities, files, and functions whose answer follows from their arguments. The root context and whatever may hold
 * it or `.Release` is *opaque*: it may be passed on to a named template, be kept under a name, and be asked for those
 * fields, and nothing else: it is not printed, compared, ranged over or given to any other function, since each of
 * these could read `.Release.IsUpgrade` without naming it. `tpl` is not allowed, so that values are no code.
 */
export function isUnvarying(chart: Chart): boolean {
  for (const [path, { data }] of chart.files) {
    if (path.startsWith('templates/') && !isUnvaryingTemplate(data.toString('utf8'))) return false;
    // A chart inside that could not be read was not looked at.
    if (path.startsWith('charts/') && !isInside(path, chart)) return false;
  }
  return chart.subcharts.every(isUnvarying);
}

/** The same of one file of `templates/`, whatever the others define. */
export function isUnvaryingTemplate(text: string): boolean {
  if (!text.includes('{{')) return true;
  const nodes = parseTemplate(text);
  if (nodes === undefined) return false;
  const opaque = opaqueVariables(nodes);
  return opaque !== undefined && areFine(nodes, { dot: 'opaque', opaque });
}

/** What is known of a value: the same at each render, or possibly all of the context. */
type Taint = 'plain' | 'opaque';
/** Undefined: it could tell one render from another. */
type Known = Taint | undefined;

interface Scope {
  readonly dot: Taint;
  /** Names of variables that were ever given something opaque, anywhere in the file. */
  readonly opaque: ReadonlySet<string>;
}

const areFine = (nodes: readonly Node[], scope: Scope): boolean => nodes.every((node) => isFine(node, scope));

function isFine(node: Node, scope: Scope): boolean {
  switch (node.kind) {
    case 'print':
      return taintOf(node.pipeline, scope) === 'plain';
    case 'assign':
      return taintOf(node.pipeline, scope) !== undefined;
    case 'template':
      return node.argument === undefined || taintOf(node.argument, scope) !== undefined;
    case 'define':
      return areFine(node.body, { ...scope, dot: 'opaque' });
    case 'if':
    case 'with':
    case 'range': {
      if (taintOf(node.pipeline, scope) !== 'plain') return false;
      const inside = node.kind === 'if' ? scope : { ...scope, dot: 'plain' as const };
      return areFine(node.body, inside) && areFine(node.otherwise, scope);
    }
  }
}

/** Grows until no more are found: what one is given may be another. Undefined: what they are given is not fine at all. */
function opaqueVariables(nodes: readonly Node[]): ReadonlySet<string> | undefined {
  // The context itself, in the file and in each of its definitions.
  const found = new Set(['$']);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    if (!gather(nodes, { dot: 'opaque', opaque: found }, found)) return undefined;
  }
  return found;
}

const gather = (nodes: readonly Node[], scope: Scope, into: Set<string>): boolean =>
  nodes.every((node) => gatherOf(node, scope, into));

function gatherOf(node: Node, scope: Scope, into: Set<string>): boolean {
  switch (node.kind) {
    case 'print':
    case 'template':
      return true;
    case 'assign': {
      const taint = taintOf(node.pipeline, scope);
      if (taint === 'opaque') for (const name of node.names) into.add(name);
      return taint !== undefined;
    }
    case 'define':
      return gather(node.body, { ...scope, dot: 'opaque' }, into);
    case 'if':
    case 'with':
    case 'range': {
      // Names that they give are plain, or areFine says no.
      const inside = node.kind === 'if' ? scope : { ...scope, dot: 'plain' as const };
      return gather(node.body, inside, into) && gather(node.otherwise, scope, into);
    }
  }
}

function taintOf({ commands }: Pipeline, scope: Scope): Known {
  let piped: Known;
  for (const [index, command] of commands.entries()) {
    piped = taintOfCommand(command, scope, index === 0 ? [] : [piped]);
    if (piped === undefined) return undefined;
  }
  return piped;
}

function taintOfCommand(command: Command, scope: Scope, piped: readonly Known[]): Known {
  const [first, ...rest] = command;
  if (first === undefined) return undefined;
  const given = [...rest.map((operand) => taintOfOperand(operand, scope)), ...piped];
  if (first.kind === 'function') return taintOfCall(first.name, rest, given);
  const taint = taintOfOperand(first, scope);
  // With arguments it is a method, `.Capabilities.APIVersions.Has`.
  return given.length === 0 || (taint === 'plain' && given.every((each) => each === 'plain'))
    ? taint
    : undefined;
}

function taintOfCall(name: string, operands: readonly Operand[], given: readonly Known[]): Known {
  if (given.includes(undefined)) return undefined;
  // The text that a named template makes is plain, since all of them are looked at.
  if (name === 'include') return given[0] === 'plain' ? 'plain' : undefined;
  if (name === 'dict') return taintOfDict(operands, given);
  if (given.includes('opaque') || !PURE.has(name)) return undefined;
  if (name === 'printf' && !isPlainFormat(operands[0])) return undefined;
  return 'plain';
}

/** Something opaque may be kept under a plain name, but under none that the context itself has. */
function taintOfDict(operands: readonly Operand[], given: readonly Known[]): Known {
  if (!given.includes('opaque')) return 'plain';
  for (let at = 0; at < given.length; at += 2) {
    const key = operands[at];
    if (key?.kind !== 'constant' || key.text === undefined || CONTEXT.has(key.text)) return undefined;
  }
  return 'opaque';
}

/** `%p` prints an address. */
const isPlainFormat = (format: Operand | undefined): boolean =>
  format?.kind === 'constant' &&
  format.text !== undefined &&
  /^([^%]|%[-+ #0]*\d*(\.\d+)?[sdvqtfgx%])*$/.test(format.text);

function taintOfOperand(operand: Operand, scope: Scope): Known {
  switch (operand.kind) {
    case 'constant':
      return 'plain';
    case 'function':
      return taintOfCall(operand.name, [], []);
    case 'chain': {
      const from = taintOfOrigin(operand.from, scope);
      return from === 'opaque' ? taintOfField(operand.names) : from;
    }
  }
}

function taintOfOrigin(from: Origin, scope: Scope): Known {
  switch (from.kind) {
    case 'dot':
      return scope.dot;
    case 'variable':
      return scope.opaque.has(from.name) ? 'opaque' : 'plain';
    case 'pipeline':
      return taintOf(from.pipeline, scope);
  }
}

/** A field of something opaque: plain from where only what is plain lies. */
function taintOfField(names: readonly string[]): Known {
  for (const [index, name] of names.entries()) {
    if (!CONTEXT.has(name)) continue;
    const field = names[index + 1];
    switch (name) {
      case 'Values':
      case 'Files':
        return 'plain';
      case 'Release':
      case 'Chart':
      case 'Capabilities':
      case 'Template':
        if (field === undefined) return 'opaque';
        // A list in the order of a map, another each time: it may be asked, and not shown.
        if (field === 'APIVersions' && names[index + 2] !== 'Has') return undefined;
        return PLAIN_FIELDS[name].has(field) ? 'plain' : undefined;
      default:
        return undefined;
    }
  }
  return 'opaque';
}

/** Names that the context has (Helm, "Built-in Objects"). */
const CONTEXT = new Set(['Values', 'Files', 'Release', 'Chart', 'Capabilities', 'Template', 'Subcharts']);

/** Maintainers and dependencies of a chart are pointers, which print as addresses. */
const PLAIN_FIELDS = {
  Release: new Set(['Name', 'Namespace', 'Service']),
  Chart: new Set([
    'Name',
    'Version',
    'AppVersion',
    'Description',
    'Home',
    'Icon',
    'Type',
    'KubeVersion',
    'APIVersion',
    'Keywords',
    'Annotations',
  ]),
  Capabilities: new Set(['KubeVersion', 'APIVersions']),
  Template: new Set(['Name', 'BasePath']),
} as const;

/** Functions of Go, Sprig and Helm whose answer follows from their arguments alone. */
const PURE = new Set(
  `and or not eq ne lt le gt ge index len print println printf slice html js urlquery
  quote squote upper lower title untitle trim trimAll trimSuffix trimPrefix trunc abbrev replace repeat contains
  hasPrefix hasSuffix indent nindent substr nospace cat join split splitList splitn sortAlpha toString toStrings
  snakecase camelcase kebabcase plural regexMatch regexFind regexFindAll regexReplaceAll regexReplaceAllLiteral
  regexSplit int int64 float64 atoi add add1 sub mul div mod max min ceil floor round until untilStep seq
  default empty coalesce ternary all any list tuple first last initial rest append prepend concat uniq without has
  compact reverse dict get set unset hasKey pluck pick omit dig deepEqual kindOf kindIs typeOf typeIs
  b64enc b64dec b32enc b32dec sha1sum sha256sum adler32sum toYaml toYamlPretty toJson toPrettyJson toRawJson toToml
  fromYaml fromYamlArray fromJson fromJsonArray semverCompare base dir clean ext required fail`.split(/\s+/),
);
