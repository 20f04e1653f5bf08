/** Whether labels (or annotations) are selected. */
export type Selects = (labels: Readonly<Record<string, string>>) => boolean;

const CHARACTERS = 2048;
const KEY = '([A-Za-z0-9][A-Za-z0-9._/-]*)';
const NOT_THERE = new RegExp(`^!\\s*${KEY}$`);
const THERE = new RegExp(`^${KEY}$`);
const EQUAL = new RegExp(`^${KEY}\\s*(==|=|!=)\\s*([A-Za-z0-9._-]*)$`);
const AMONG = new RegExp(`^${KEY}\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const COMPARED = new RegExp(`^${KEY}\\s*([<>])\\s*(-?\\d+)$`);

/**
 * A label selector as Kubernetes writes it (apimachinery, pkg/labels/selector.go): requirements joined by commas, all
 * of which must hold. `!=` and `notin` hold where the label is absent, too. Undefined for what is none.
 */
export function parseLabelSelector(text: string): Selects | undefined {
  if (text.length > CHARACTERS) return undefined;
  const requirements: Selects[] = [];
  for (const part of partsOf(text)) {
    const requirement = requirementOf(part.trim());
    if (requirement === undefined) return undefined;
    requirements.push(requirement);
  }
  return (labels) => requirements.every((holds) => holds(labels));
}

/** At the commas that are not inside parentheses. */
function partsOf(text: string): readonly string[] {
  if (text.trim() === '') return [];
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function requirementOf(text: string): Selects | undefined {
  const absent = NOT_THERE.exec(text)?.[1];
  if (absent !== undefined) return (labels) => !Object.hasOwn(labels, absent);
  const present = THERE.exec(text)?.[1];
  if (present !== undefined) return (labels) => Object.hasOwn(labels, present);
  const [, key = '', how = '', value = ''] =
    EQUAL.exec(text) ?? AMONG.exec(text) ?? COMPARED.exec(text) ?? [];
  const valueIn = (labels: Readonly<Record<string, string>>) =>
    Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (how) {
    case '=':
    case '==':
      return (labels) => valueIn(labels) === value;
    case '!=':
      return (labels) => valueIn(labels) !== value;
    case 'in':
    case 'notin': {
      const among = new Set(value.split(',').map((one) => one.trim()));
      return (labels) => {
        const found = valueIn(labels);
        return found === undefined ? how === 'notin' : among.has(found) === (how === 'in');
      };
    }
    case '<':
    case '>':
      return (labels) => {
        const found = valueIn(labels);
        if (found === undefined || !/^-?\d+$/.test(found)) return false;
        return how === '<' ? BigInt(found) < BigInt(value) : BigInt(found) > BigInt(value);
      };
    default:
      return undefined;
  }
}
