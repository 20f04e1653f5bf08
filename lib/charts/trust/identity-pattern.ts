/**
 * Whether a pattern fits the whole of a text: `*` is any run of characters but `/` and `@`, everything else itself. By
 * pieces and without backtracking: the time is linear in the text for each piece.
 */
export function fitsIdentity(pattern: string, text: string): boolean {
  const [wanted, found] = [splitAt(pattern), splitAt(text)];
  if (wanted.length !== found.length) return false;
  return wanted.every((part, index) => fitsPart(part, found[index] ?? ''));
}

/** The parts and what is between them: `a/b@c` is a, /, b, @, c. */
const splitAt = (text: string): readonly string[] => text.split(/([/@])/);

function fitsPart(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    // The leftmost place leaves the most for what comes after.
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
