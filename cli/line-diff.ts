/** A line of a unified diff. */
export interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

/** Edits that are looked for; texts that differ in more are shown as one replaced by the other. */
const EDITS = 1000;

/**
 * The shortest way from one text to the other, by line (E. Myers, "An O(ND) Difference Algorithm", 1986).
 */
export function diffLines(from: readonly string[], to: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (
    end < from.length - start &&
    end < to.length - start &&
    from[from.length - 1 - end] === to[to.length - 1 - end]
  )
    end++;
  return [
    ...lines('same', from.slice(0, start)),
    ...between(from.slice(start, from.length - end), to.slice(start, to.length - end)),
    ...lines('same', from.slice(from.length - end)),
  ];
}

const lines = (kind: DiffLine['kind'], texts: readonly string[]): DiffLine[] =>
  texts.map((text) => ({ kind, text }));

function between(from: readonly string[], to: readonly string[]): DiffLine[] {
  const reached: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(from.length + to.length, EDITS); edits++) {
    reached.push(furthest);
    const next = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOn(furthest, diagonal, edits);
      while (x < from.length && x - diagonal < to.length && from[x] === to[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= from.length && x - diagonal >= to.length) return wayBack(from, to, [...reached, next], edits);
    }
    furthest = next;
  }
  return [...lines('gone', from), ...lines('new', to)];
}

/** Where a diagonal begins after one more edit: a line of `to` put in, or one of `from` left out. */
function startOn(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  const above = furthest.get(diagonal + 1) ?? -1;
  const left = furthest.get(diagonal - 1) ?? -1;
  return diagonal === -edits || (diagonal !== edits && left < above) ? above : left + 1;
}

function wayBack(
  from: readonly string[],
  to: readonly string[],
  reached: readonly ReadonlyMap<number, number>[],
  edits: number,
): DiffLine[] {
  const way: DiffLine[] = [];
  let x = from.length;
  let y = to.length;
  for (let edit = edits; edit > 0; edit--) {
    const before = reached[edit] ?? new Map<number, number>();
    const diagonal = x - y;
    const isNew =
      diagonal === -edit ||
      (diagonal !== edit && (before.get(diagonal - 1) ?? -1) < (before.get(diagonal + 1) ?? -1));
    const startX = before.get(isNew ? diagonal + 1 : diagonal - 1) ?? 0;
    const startY = startX - (isNew ? diagonal + 1 : diagonal - 1);
    while (x > startX + (isNew ? 0 : 1) && y > startY + (isNew ? 1 : 0)) {
      way.push({ kind: 'same', text: from[--x] ?? '' });
      y--;
    }
    if (isNew) way.push({ kind: 'new', text: to[--y] ?? '' });
    else way.push({ kind: 'gone', text: from[--x] ?? '' });
  }
  while (x > 0) way.push({ kind: 'same', text: from[--x] ?? '' });
  return way.reverse();
}

/** Lines around a difference that show where it is. */
const CONTEXT = 3;

/** The differences with what stands around them; `undefined` between two that are far from each other. */
export function withContext(all: readonly DiffLine[], context = CONTEXT): readonly (DiffLine | undefined)[] {
  const near = new Set<number>();
  for (const [at, { kind }] of all.entries()) {
    if (kind === 'same') continue;
    for (let line = at - context; line <= at + context; line++) near.add(line);
  }
  const shown: (DiffLine | undefined)[] = [];
  for (const [at, line] of all.entries()) {
    if (!near.has(at)) continue;
    if (shown.length > 0 && !near.has(at - 1)) shown.push(undefined);
    shown.push(line);
  }
  return shown;
}
