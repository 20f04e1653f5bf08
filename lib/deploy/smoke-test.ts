import type { RemoteFunction } from '../aws/functions.ts';
import { SMOKE_REQUEST, smokeAnswer } from '../messages/smoke.ts';

export interface SmokeTestParts {
  readonly functionOf: (name: string) => RemoteFunction;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

export type SmokeTested =
  | { readonly kind: 'well'; readonly found: Readonly<Record<string, Readonly<Record<string, string>>>> }
  /** In words for the one who deploys: each function with what is wrong. */
  | { readonly kind: 'not-well'; readonly reason: string };

/**
 * A role that was made a moment ago is not known everywhere yet (IAM guide, "Changes that I make are not always
 * immediately visible"): what fails is asked again for so long.
 */
const ASKED_AGAIN_MILLISECONDS = 60_000;
const PAUSE_MILLISECONDS = 5_000;
/** A cold start, its probes, and what the SDK tries again by itself. */
const ANSWER_MILLISECONDS = 60_000;

/** Asks each function to show that it can work, all of them at once. */
export async function smokeTest(names: readonly string[], parts: SmokeTestParts): Promise<SmokeTested> {
  const until = parts.now().getTime() + ASKED_AGAIN_MILLISECONDS;
  const answers = await Promise.all(names.map((name) => ask(name, until, parts)));
  const wrong = answers.flatMap((answer) => ('wrong' in answer ? `${answer.name}: ${answer.wrong}` : []));
  if (wrong.length > 0) return { kind: 'not-well', reason: wrong.join('. ') };
  return {
    kind: 'well',
    found: Object.fromEntries(
      answers.flatMap((answer) => ('found' in answer ? [[answer.name, answer.found]] : [])),
    ),
  };
}

async function ask(name: string, until: number, parts: SmokeTestParts) {
  for (;;) {
    try {
      const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
      const { found } = smokeAnswer.parse(await parts.functionOf(name).invoke(SMOKE_REQUEST, signal));
      return { name, found };
    } catch (error) {
      if (parts.now().getTime() + PAUSE_MILLISECONDS > until) return { name, wrong: reasonOf(error) };
      await parts.pause(PAUSE_MILLISECONDS);
    }
  }
}

/** Of a failed call, what the function says of itself: Lambda wraps it in JSON, with a stack. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `no answer within ${ANSWER_MILLISECONDS / 1000} seconds: does its network lead to what it works with?`;
  const [, said] = /"errorMessage":\s*("(?:[^"\\]|\\.)*")/.exec(error.message) ?? [];
  return said === undefined ? `${error.name}: ${error.message}` : String(JSON.parse(said));
}
