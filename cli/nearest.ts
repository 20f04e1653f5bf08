/** What was likely meant: the choice that the fewest letters tell from what was typed; undefined where none is near. */
export function nearest(typed: string, choices: readonly string[]): string | undefined {
  const near = choices
    .map((choice) => ({ choice, letters: distance(typed, choice) }))
    .sort((a, b) => a.letters - b.letters)
    .at(0);
  return near !== undefined && near.letters <= Math.ceil(near.choice.length / 3) ? near.choice : undefined;
}

/** Nothing that long was meant to be a word of ours, or the name of a scope or an incident. */
const LONGEST = 250;

/** Letters to insert, drop, replace or swap with their neighbour (optimal string alignment). */
function distance(from: string, to: string): number {
  if (from.length > LONGEST) return Number.POSITIVE_INFINITY;
  let older: number[] = [];
  let old = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let at = 1; at <= to.length; at++) {
      const isSame = from[row - 1] === to[at - 1];
      let least = Math.min(
        (old[at] ?? 0) + 1,
        (line[at - 1] ?? 0) + 1,
        (old[at - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwapped = row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      if (isSwapped) least = Math.min(least, (older[at - 2] ?? 0) + 1);
      line.push(least);
    }
    older = old;
    old = line;
  }
  return old[to.length] ?? 0;
}
