/**
 * Go's template syntax (text/template, "Actions" and "Arguments"), as much as ordinary charts use. What is not
 * understood gives no tree at all: whoever asks must then take it for anything.
 */
export type Operand =
  | { readonly kind: 'constant'; readonly text?: string }
  /** `.a.b`, `$x.a`, `(…).a`: what it begins with, and the names after it. */
  | { readonly kind: 'chain'; readonly from: Origin; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly name: string };

export type Origin =
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline };

/** Operands of one command: the first may be a function or method, the rest are its arguments. */
export type Command = readonly Operand[];
export interface Pipeline {
  readonly commands: readonly Command[];
}

export type Node =
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | { readonly kind: 'assign'; readonly names: readonly string[]; readonly pipeline: Pipeline }
  | { readonly kind: 'template'; readonly argument: Pipeline | undefined }
  | { readonly kind: 'define'; readonly body: readonly Node[] }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly names: readonly string[];
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Undefined: there is something in it that this does not know. */
export function parseTemplate(text: string): readonly Node[] | undefined {
  try {
    const actions = actionsIn(text);
    const reader = { actions, at: 0 };
    const nodes = nodesUntil(reader, []);
    return reader.at === actions.length ? nodes.body : undefined;
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

class NotUnderstood extends Error {}

type Action = readonly string[];

const TOKEN = /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|:=|[|(),=]|\$\w*|\.\w+|\.|[A-Za-z_]\w*|[+-]?\d[\w.]*/y;

const COMMENT = /\s*\/\*[\s\S]*?\*\/\s*-?\}\}/y;
const CLOSING = /(?:\s+-)?\}\}/y;

/** The tokens of each action; comments are none. */
function actionsIn(text: string): Action[] {
  const actions: Action[] = [];
  for (let at = text.indexOf('{{'); at >= 0; at = text.indexOf('{{', at)) {
    at += 2;
    if (/^-\s/.test(text.slice(at, at + 2))) at += 1;
    COMMENT.lastIndex = at;
    const comment = COMMENT.exec(text)?.[0];
    if (comment !== undefined) {
      at += comment.length;
      continue;
    }
    const tokens: string[] = [];
    for (;;) {
      CLOSING.lastIndex = at;
      const closing = CLOSING.exec(text)?.[0];
      if (closing !== undefined) {
        at += closing.length;
        break;
      }
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(text)?.[0];
      if (token === undefined) throw new NotUnderstood();
      at += token.length;
      // A space stands between `a` and `.b` where they are two arguments, so it is kept there.
      tokens.push(/^\s/.test(token) ? ' ' : token);
    }
    actions.push(tokens);
  }
  return actions;
}

interface Reader {
  readonly actions: readonly Action[];
  at: number;
}

function nodesUntil(reader: Reader, ends: readonly string[]): { body: Node[]; end: Action } {
  const body: Node[] = [];
  while (reader.at < reader.actions.length) {
    const action = trimmed(reader.actions[reader.at++] ?? []);
    const [keyword = ''] = action;
    if (keyword === 'end' || keyword === 'else') {
      if (!ends.includes(keyword)) throw new NotUnderstood();
      return { body, end: action };
    }
    const node = nodeOf(reader, keyword, action);
    if (node !== undefined) body.push(node);
  }
  if (ends.length > 0) throw new NotUnderstood();
  return { body, end: [] };
}

function nodeOf(reader: Reader, keyword: string, action: Action): Node | undefined {
  const rest = trimmed(action.slice(1));
  switch (keyword) {
    case '':
    case 'break':
    case 'continue':
      return undefined;
    case 'define':
      return { kind: 'define', body: nodesUntil(reader, ['end']).body };
    case 'template':
      // Its name is a constant by grammar.
      return { kind: 'template', argument: rest.length > 1 ? pipelineOf(trimmed(rest.slice(1))) : undefined };
    case 'if':
    case 'with':
    case 'range':
      return branch(reader, keyword, rest);
    case 'block':
      throw new NotUnderstood();
    default: {
      const { names, tokens } = assigned(action);
      return names.length > 0
        ? { kind: 'assign', names, pipeline: pipelineOf(tokens) }
        : { kind: 'print', pipeline: pipelineOf(tokens) };
    }
  }
}

function branch(reader: Reader, kind: 'if' | 'with' | 'range', head: Action): Node {
  const { names, tokens } = assigned(head);
  const { body, end } = nodesUntil(reader, ['end', 'else']);
  const more = trimmed(end.slice(1));
  const [next] = more;
  let otherwise: readonly Node[] = [];
  if (next === 'if' || next === 'with') otherwise = [branch(reader, next, trimmed(more.slice(1)))];
  else if (next !== undefined) throw new NotUnderstood();
  else if (end[0] === 'else') otherwise = nodesUntil(reader, ['end']).body;
  return { kind, names, pipeline: pipelineOf(tokens), body, otherwise };
}

/** `$x := …`, `$x = …`, `$k, $v := …` */
function assigned(tokens: Action): { names: string[]; tokens: Action } {
  const at = tokens.findIndex((token) => token === ':=' || token === '=');
  if (at < 0) return { names: [], tokens };
  const names = tokens.slice(0, at).filter((token) => token !== ' ' && token !== ',');
  if (names.length === 0 || names.some((name) => !/^\$\w+$/.test(name))) throw new NotUnderstood();
  return { names, tokens: trimmed(tokens.slice(at + 1)) };
}

const trimmed = (tokens: Action): Action => {
  const from = tokens[0] === ' ' ? 1 : 0;
  const to = tokens.at(-1) === ' ' && tokens.length > from ? -1 : undefined;
  return tokens.slice(from, to);
};

function pipelineOf(tokens: Action): Pipeline {
  const reader = { tokens, at: 0 };
  const pipeline = readPipeline(reader);
  if (reader.at !== tokens.length) throw new NotUnderstood();
  return pipeline;
}

interface TokenReader {
  readonly tokens: Action;
  at: number;
}

function readPipeline(reader: TokenReader): Pipeline {
  const commands: Operand[][] = [[]];
  for (;;) {
    const token = reader.tokens[reader.at];
    const command = commands.at(-1) as Operand[];
    if (token === undefined || token === ')') {
      if (command.length === 0) throw new NotUnderstood();
      return { commands };
    }
    if (token === ' ') reader.at++;
    else if (token === '|') {
      if (command.length === 0) throw new NotUnderstood();
      reader.at++;
      commands.push([]);
    } else command.push(readOperand(reader));
  }
}

function readOperand(reader: TokenReader): Operand {
  const token = reader.tokens[reader.at++] ?? '';
  if (token === '(') {
    const pipeline = readPipeline(reader);
    if (reader.tokens[reader.at++] !== ')') throw new NotUnderstood();
    return { kind: 'chain', from: { kind: 'pipeline', pipeline }, names: namesAfter(reader) };
  }
  if (token === '.') return { kind: 'chain', from: { kind: 'dot' }, names: namesAfter(reader) };
  if (token.startsWith('.')) {
    return { kind: 'chain', from: { kind: 'dot' }, names: [token.slice(1), ...namesAfter(reader)] };
  }
  if (token.startsWith('$'))
    return { kind: 'chain', from: { kind: 'variable', name: token }, names: namesAfter(reader) };
  if (token.startsWith('"')) {
    // Escapes are not resolved: who wants to know the text is told of plain ones only.
    return token.includes('\\') ? { kind: 'constant' } : { kind: 'constant', text: token.slice(1, -1) };
  }
  if (token.startsWith('`')) return { kind: 'constant', text: token.slice(1, -1) };
  if (/^([+-]?\d|(true|false|nil)$)/.test(token)) return { kind: 'constant' };
  if (/^[A-Za-z_]/.test(token)) return { kind: 'function', name: token };
  throw new NotUnderstood();
}

function namesAfter(reader: TokenReader): string[] {
  const names: string[] = [];
  while (/^\.\w+$/.test(reader.tokens[reader.at] ?? ''))
    names.push((reader.tokens[reader.at++] ?? '').slice(1));
  return names;
}
