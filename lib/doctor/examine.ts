import { eachAtOnce } from '../at-once/at-once.ts';
import { type Check, type Diagnosis, skipped } from './diagnosis.ts';

/** Checks at once: they wait for servers, and a server is not to be flooded. */
const AT_ONCE = 8;
/** Milliseconds that one check may take. A repository that does not answer is not to hold up the rest. */
const LONGEST_MS = 60_000;

export interface Found {
  readonly check: string;
  readonly diagnosis: Diagnosis;
}

/** Every check, in the order that they were given, however they ended. */
export async function examine(
  checks: readonly Check[],
  longestMs: number = LONGEST_MS,
): Promise<readonly Found[]> {
  const found = await eachAtOnce(checks, AT_ONCE, async ({ name, look }) =>
    (await inTime(look, longestMs)).map((diagnosis) => ({ check: name, diagnosis })),
  );
  return found.flat();
}

async function inTime(look: Check['look'], longestMs: number): Promise<readonly Diagnosis[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<readonly Diagnosis[]>((resolve) => {
    timer = setTimeout(
      () => resolve([skipped('here', `no answer within ${longestMs / 1000} seconds`)]),
      longestMs,
    );
  });
  try {
    return await Promise.race([look(), tooLong]);
  } catch (error) {
    // A fault of the check itself is not one of the installation: it is said, and fails nothing.
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return [skipped('here', `this check failed itself (${why.replace(/\s+/g, ' ').slice(0, 300)})`)];
  } finally {
    clearTimeout(timer);
  }
}

/** Whether anything does not work: what the exit code says. */
export const isWell = (found: readonly Found[]): boolean =>
  found.every(({ diagnosis }) => diagnosis.kind !== 'wrong');
