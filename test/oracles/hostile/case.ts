import type { ReasonCode } from '../../../lib/charts/reasons.ts';

/** What is put into the bucket. */
export interface Put {
  readonly key: string;
  readonly body: Buffer | string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a case may need of the world around it. */
export interface Surroundings {
  /** A release's name that no other case has; also the last part of a manifest's path. */
  readonly release: string;
  /** Answers every request with a schema and counts it: nobody is to ask. */
  readonly canaryUrl: string;
  /** A file outside of everything that Fairlead may read, with `canarySecret` in it. */
  readonly canaryFile: string;
  readonly canarySecret: string;
}

export type Expected =
  /** Ends rejected, with exactly these codes among its reasons, no more and no less. */
  | { readonly kind: 'rejected'; readonly codes: readonly ReasonCode[] }
  /** Harmless where it is: ends delivered, and nothing of what it tried has happened. */
  | { readonly kind: 'delivered' }
  /** No upload of its own. */
  | { readonly kind: 'evidence' };

/** What a case may take; beyond it the case is wrong. */
export interface Limits {
  /** Of processor time, its children's counted in; by the clock `WALL_FACTOR` times as much. */
  readonly seconds: number;
  /** Of the process that runs the functions, at its highest. MiB. */
  readonly processMib: number;
  /** Of the processes that it starts, together. MiB. */
  readonly childrenMib: number;
}

/** A busy machine is no attack. */
export const WALL_FACTOR = 6;
/** Most cases are refused before anything runs. */
export const QUICK: Limits = { seconds: 5, processMib: 512, childrenMib: 400 };
/** For those that unpack to the limit, or are read to the limit. */
export const LARGE: Limits = { seconds: 20, processMib: 768, childrenMib: 400 };
/** For those that run until they are ended: 20 s a render, and the work before and after. */
export const UNTIL_ENDED: Limits = { seconds: 60, processMib: 768, childrenMib: 640 };

export interface HostileCase {
  /** Unique; what `--only` takes. */
  readonly name: string;
  readonly family: string;
  /** In order, each after the outcome of the one before; the last is the case. */
  readonly puts: (around: Surroundings) => Promise<readonly Put[]> | readonly Put[];
  readonly expected: Expected;
  readonly limits: Limits;
  /** Texts that must be in no output. */
  readonly secrets: readonly string[];
  /** Must be in the rejected record's reasons: that a person finds it. */
  readonly place?: { readonly file: string; readonly line?: number };
  /** Instead of the expected codes, where it is the machine's speed which of two limits comes first. */
  readonly orCodes?: readonly ReasonCode[];
  /** S3's own front cannot take such a key: its event alone is sent. */
  readonly onlyEvent?: 'only-event';
}

type More = Partial<Omit<HostileCase, 'name' | 'family' | 'puts' | 'expected'>>;

export const TARGET = 'staging';
export const chartKey = (release: string, fileName = 'web-1.0.0.tgz', target = TARGET): string =>
  `${target}/shop/${release}/${fileName}`;

export function refused(
  family: string,
  name: string,
  puts: HostileCase['puts'],
  codes: readonly ReasonCode[],
  more: More = {},
): HostileCase {
  return {
    family,
    name,
    puts,
    expected: { kind: 'rejected', codes },
    limits: QUICK,
    secrets: [],
    ...more,
  };
}

export function harmless(
  family: string,
  name: string,
  puts: HostileCase['puts'],
  more: More = {},
): HostileCase {
  return { family, name, puts, expected: { kind: 'delivered' }, limits: QUICK, secrets: [], ...more };
}

/** A case of one package. */
export const asChart =
  (bytes: (around: Surroundings) => Promise<Buffer> | Buffer, fileName?: string, target?: string) =>
  async (around: Surroundings): Promise<readonly Put[]> => [
    { key: chartKey(around.release, fileName, target), body: await bytes(around) },
  ];
