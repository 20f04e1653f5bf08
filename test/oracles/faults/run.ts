import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './checker.ts';
import type { Evidence } from './evidence.ts';
import type { GitProcess } from './git-process.ts';
import type { Violation } from './judging.ts';
import { Storm } from './storm.ts';
import { removeFolder, type Workers } from './workers.ts';

export interface RunResult {
  readonly seed: number;
  readonly uploads: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** What became of commands. */
  readonly ofCommands: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly faults: number;
  readonly foreignCommits: number;
  /** In the storm: seen by the server, and taken by it without Fairlead getting to know. */
  readonly pushes: number;
  readonly unnoticed: number;
  readonly unnoticedCommands: number;
  readonly violations: readonly Violation[];
  readonly seconds: number;
  /** Kept where something is wrong: log, repositories, bucket. */
  readonly folder: string | undefined;
}

/** How many uploads a run has. */
export const UPLOADS = { least: 24, most: 36 };

export type CommandsGiven = 'none' | 'given';

export interface RunParts {
  readonly workers: Workers;
  readonly git: GitProcess;
  readonly uploads: { readonly least: number; readonly most: number };
  /** Whether people give commands about some of what is uploaded. */
  readonly commands: CommandsGiven;
  /** Folder with helm and kubectl. */
  readonly tools: string;
  /** Answers of render-release by their question: the same in every run. */
  readonly rendered: Map<string, unknown>;
  readonly keep: 'on violation' | 'always';
}

/** One seed: a storm, then calm, then the judgement. */
export async function runSeed(seed: number, parts: RunParts): Promise<RunResult & { evidence: Evidence }> {
  const begun = performance.now();
  const folder = await mkdtemp(join(tmpdir(), `fairlead-faults-${seed}-`));
  const storm = await Storm.prepare(seed, folder, parts);
  try {
    await storm.rage();
    const left = await storm.calm();
    const evidence = await storm.evidence();
    const { violations: broken, outcomes, ofCommands } = check(evidence);
    const waits = left.map((what): Violation => ({ rule: 'nothing waits', what }));
    const frozen = (await storm.frozen()).map((what): Violation => ({ rule: 'nothing stays frozen', what }));
    const violations = [...broken, ...waits, ...frozen];
    storm.log('judged', { violations, outcomes, ofCommands });
    await storm.stop();
    const kept = violations.length > 0 || parts.keep === 'always';
    if (!kept) await removeFolder(folder);
    return {
      seed,
      uploads: evidence.versions.filter(({ given }) => given === undefined).length,
      outcomes,
      ofCommands,
      kills: storm.faults.kills,
      faults: storm.faults.count,
      foreignCommits: evidence.foreign.length,
      pushes: storm.pushes.count.seen,
      unnoticed: storm.pushes.count.unnoticed,
      unnoticedCommands: storm.pushes.count.unnoticedCommands,
      violations,
      seconds: (performance.now() - begun) / 1000,
      folder: kept ? folder : undefined,
      evidence,
    };
  } catch (error) {
    await storm.stop().catch(() => {});
    throw error;
  }
}
