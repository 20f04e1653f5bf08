import { formatJson } from '../objects/json.ts';
import type { Json, JsonObject } from '../objects/objects.ts';
import type { Path, PathStep } from './verdicts.ts';

/** The place in hand during a comparison: grows and shrinks with the walk, read out only for findings. */
export class Trail {
  readonly #steps: (string | PathStep)[] = [];
  /** The same place in the desired object as a JSON pointer's tokens: items by their index there. */
  readonly #tokens: (string | number)[] = [];
  /** How many steps lead to the outermost atomic node; undefined outside of one. */
  atomicAt: number | undefined;

  get depth(): number {
    return this.#steps.length;
  }

  enter(field: string): void {
    this.#steps.push(field);
    this.#tokens.push(field);
  }

  enterItem(step: PathStep, desiredIndex: number): void {
    this.#steps.push(step);
    this.#tokens.push(desiredIndex);
  }

  /** The node in hand is atomic: what lies in it has no owners of its own. */
  enterAtomic(): void {
    this.atomicAt ??= this.#steps.length;
  }

  leave(): void {
    this.#steps.pop();
    this.#tokens.pop();
    if (this.atomicAt !== undefined && this.#steps.length < this.atomicAt) this.atomicAt = undefined;
  }

  /** The last step, if it is a field. */
  get field(): string | undefined {
    const last = this.#steps.at(-1);
    return typeof last === 'string' ? last : undefined;
  }

  path(): Path {
    return this.#steps.map(stepOf);
  }

  /** As far as the outermost atomic node: there ownership is recorded, and no deeper. */
  ownedPath(): Path {
    return (this.atomicAt === undefined ? this.#steps : this.#steps.slice(0, this.atomicAt)).map(stepOf);
  }

  pointer(): string {
    return this.#tokens
      .map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('');
  }

  /** Fields by name, items as `*`: what the catalogue of platform writers is matched with. */
  plain(): readonly string[] {
    return this.#steps.map((step) =>
      typeof step === 'string' ? step : step.kind === 'field' ? step.name : '*',
    );
  }
}

const stepOf = (step: string | PathStep): PathStep =>
  typeof step === 'string' ? { kind: 'field', name: step } : step;

/** As people read it: `spec.template.spec.containers[name=web].image`, `metadata.labels['app.kubernetes.io/name']`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    switch (step.kind) {
      case 'field':
        text += /^[$\w-]+$/.test(step.name) ? `${text === '' ? '' : '.'}${step.name}` : `['${step.name}']`;
        break;
      case 'index':
        text += `[${step.index}]`;
        break;
      case 'value':
        text += `[${formatJson(step.value)}]`;
        break;
      case 'key':
        text += `[${Object.entries(step.keys)
          .map(([key, value]) => `${key}=${typeof value === 'string' ? value : formatJson(value)}`)
          .join(',')}]`;
        break;
    }
  }
  return text;
}

/** The key fields of an item, its defaults filled in. */
export function keysOf(
  item: JsonObject,
  names: readonly string[],
  defaults: ReadonlyMap<string, Json>,
): Record<string, Json> {
  const keys: Record<string, Json> = {};
  for (const name of names) {
    const value = item[name] ?? defaults.get(name);
    if (value !== undefined) keys[name] = value;
  }
  return keys;
}
