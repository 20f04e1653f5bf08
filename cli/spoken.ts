import { userInfo } from 'node:os';
import { oneLine } from '../lib/alerts/plain.ts';
import { UsageError } from './command.ts';
import type { Option } from './form.ts';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A time as people type it, in milliseconds: `30s`, `2m`, `1h`. @throws UsageError */
export function spanOf(option: string, text: string, longestMs: number): number {
  const span = /^(\d{1,6})([smh])$/.exec(text);
  const milliseconds = span === null ? 0 : Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS];
  if (milliseconds === 0) throw new UsageError(`${option} is a time such as 30s or 2m, not "${text}"`);
  if (milliseconds > longestMs) throw new UsageError(`${option} is at most ${longestMs / UNIT_MS.m}m`);
  return milliseconds;
}

const NAME_CHARACTERS = 200;

/** Of a command that leaves a name where others read it. */
export const BY_OPTION = {
  type: 'string',
  value: 'NAME',
  means: 'who asks; default: the name of this user, or of who runs the CI job',
} as const satisfies Option;

/** Who asks: as given, else who runs the CI job, else this user. One line. */
export function byOf(given: string | undefined): string {
  const { GITHUB_ACTOR, GITLAB_USER_LOGIN } = process.env;
  return oneLine(given?.trim() || GITHUB_ACTOR || GITLAB_USER_LOGIN || userInfo().username).slice(
    0,
    NAME_CHARACTERS,
  );
}
