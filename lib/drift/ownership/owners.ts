import { formatJson } from '../../objects/json.ts';
import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../../objects/objects.ts';
import type { Path, PathStep } from '../verdicts.ts';

/** One entry of `metadata.managedFields`, without its fields. Identity: manager, operation, apiVersion, subresource. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
  /** Upper bound of when, 1 s resolution; absent on some entries. */
  readonly time?: string;
}

interface Entry extends Writer {
  readonly fields: JsonObject;
}

/** Who wrote what in one live object, as the API server recorded it. */
export class Owners {
  readonly #entries: readonly Entry[];

  constructor(object: KubernetesObject) {
    const recorded = object.metadata.managedFields;
    this.#entries = Array.isArray(recorded) ? recorded.flatMap(entryOf) : [];
  }

  /** False where managedFields is absent or was cleared (`[{}]`). */
  get recorded(): boolean {
    return this.#entries.length > 0;
  }

  get writers(): readonly Writer[] {
    return this.#entries;
  }

  /** Everyone who owns the node at `path` or something below it. */
  of(path: Path): readonly Writer[] {
    return this.#entries.filter(({ fields }) => nodeAt(fields, path) !== undefined);
  }

  /** Everyone who owns something below the node at `path`, and not the node alone. */
  below(path: Path): readonly Writer[] {
    return this.#entries.filter(({ fields }) =>
      Object.keys(nodeAt(fields, path) ?? {}).some((key) => key !== '.'),
    );
  }

  /** Managers that also write the object's `status`: the kind's own controllers. */
  controllers(): ReadonlySet<string> {
    return new Set(
      this.#entries
        .filter(({ fields, subresource }) => subresource === 'status' || Object.hasOwn(fields, 'f:status'))
        .map(({ manager }) => manager),
    );
  }
}

function nodeAt(fields: JsonObject, path: Path): JsonObject | undefined {
  let node: JsonObject | undefined = fields;
  for (const step of path) {
    if (node === undefined) return undefined;
    node = childOf(node, step);
  }
  return node;
}

function childOf(node: JsonObject, step: PathStep): JsonObject | undefined {
  const key = keyOf(step);
  const child = Object.hasOwn(node, key)
    ? node[key]
    : step.kind === 'key'
      ? itemOf(node, step.keys)
      : undefined;
  return isJsonObject(child) ? child : undefined;
}

/** structured-merge-diff, fieldpath/serialize-pe.go: key fields in the order of their names. */
function keyOf(step: PathStep): string {
  switch (step.kind) {
    case 'field':
      return `f:${step.name}`;
    case 'index':
      return `i:${step.index}`;
    case 'value':
      return `v:${formatJson(step.value)}`;
    case 'key':
      return `k:${formatJson(Object.fromEntries(Object.entries(step.keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`;
  }
}

/** An item whose recorded keys leave out a default. */
function itemOf(node: JsonObject, keys: Readonly<Record<string, Json>>): Json | undefined {
  for (const [name, child] of Object.entries(node)) {
    if (!name.startsWith('k:')) continue;
    const recorded = parsed(name.slice(2));
    if (recorded === undefined) continue;
    if (Object.entries(recorded).every(([key, value]) => keys[key] === value)) return child;
  }
  return undefined;
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function entryOf(entry: unknown): Entry[] {
  if (!isJsonObject(entry)) return [];
  const { manager, operation, apiVersion, subresource, time, fieldsV1 } = entry;
  if (!isJsonObject(fieldsV1)) return [];
  return [
    {
      manager: typeof manager === 'string' ? manager : '',
      operation: operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
      ...(typeof subresource === 'string' && subresource !== '' ? { subresource } : {}),
      ...(typeof time === 'string' ? { time } : {}),
      fields: fieldsV1,
    },
  ];
}
