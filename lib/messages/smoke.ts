import * as z from 'zod';

/** "Show that you can work": what every function is asked once a deploy, before the deploy counts as done. */
export const smokeRequest = z.strictObject({
  schema: z.literal(1),
  smoke: z.literal('deployed'),
  /** As every call of another function has it beside what is asked (lib/aws/functions.ts). */
  trail: z.unknown().optional(),
});
export type SmokeRequest = z.output<typeof smokeRequest>;
export const SMOKE_REQUEST: SmokeRequest = { schema: 1, smoke: 'deployed' };

/** What a function found: a name for each thing that it tried, and what that said of itself, in a line. */
export const smokeAnswer = z.object({
  schema: z.literal(1),
  smoke: z.literal('well'),
  found: z.record(z.string(), z.string()),
});
export type SmokeAnswer = z.output<typeof smokeAnswer>;

/** Tries one thing that a function cannot work without. @throws what is wrong, for the one who deploys */
export type Probe = () => Promise<string>;

export class NotWell extends Error {
  override readonly name = 'NotWell';
}

/**
 * Tries everything, also after something has failed: who deploys mends all of it at once.
 * @throws NotWell naming every failed probe with its reason
 */
export async function smoke(probes: Readonly<Record<string, Probe>>): Promise<SmokeAnswer> {
  const tried = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => {
      try {
        return { name, found: await probe() };
      } catch (error) {
        return { name, wrong: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
      }
    }),
  );
  const wrong = tried.flatMap((one) => ('wrong' in one ? `${one.name}: ${one.wrong}` : []));
  if (wrong.length > 0) throw new NotWell(wrong.join('; '));
  return {
    schema: 1,
    smoke: 'well',
    found: Object.fromEntries(tried.flatMap((one) => ('found' in one ? [[one.name, one.found]] : []))),
  };
}

/** A function that also answers `smokeRequest`: by trying what it works with. Everything else is its work. */
export interface Smokable<Answer> {
  (event: SmokeRequest): Promise<SmokeAnswer>;
  (event: unknown): Promise<Answer>;
}

export function orSmoke<Answer>(
  probes: Readonly<Record<string, Probe>>,
  work: (event: unknown) => Promise<Answer>,
): Smokable<Answer> {
  function answer(event: SmokeRequest): Promise<SmokeAnswer>;
  function answer(event: unknown): Promise<Answer>;
  function answer(event: unknown): Promise<Answer | SmokeAnswer> {
    return smokeRequest.safeParse(event).success ? smoke(probes) : work(event);
  }
  return answer;
}
