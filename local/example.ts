import type { Installation } from './installation.ts';

/** Delivers the example chart if nothing was delivered before. Gives a line for people, or nothing. */
export async function deliverExample(
  _installation: Installation,
  _signal: AbortSignal,
): Promise<string | undefined> {
  return undefined;
}
