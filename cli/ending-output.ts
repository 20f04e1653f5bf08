import { oneLine } from '../lib/alerts/plain.ts';
import { formatPlace, type Reason } from '../lib/charts/reasons.ts';
import { nameOfSigner } from '../lib/charts/trust/signer.ts';
import type { Obstacles, RolloutProgress } from '../lib/checks/rolled-out.ts';
import { type FrozenMark, uploadUrl } from '../lib/uploads/record/record.ts';
import type { Result, Stage } from './ending.ts';
import type { FoundInstallation } from './installation.ts';
import type { Ended, UploadVersion } from './outcome.ts';

export interface Named extends UploadVersion {
  /** What was uploaded as it; without one, it was there before. */
  readonly file?: string;
}

/** For people. `missing`: what could not be read and would have told more. */
export function formatResults(results: readonly Result<Named>[], missing: readonly string[]): string {
  const lines = results.flatMap((result) => {
    const [first = '', ...more] = linesOf(result);
    return [`${oneLine(result.file ?? result.key)}: ${first}`, ...more];
  });
  const onlyTags = results.some(({ ending }) => ending.kind === 'ended' && ending.known.source === 'tags');
  return [
    ...lines,
    ...(onlyTags ? [`(from the object's tags alone; the record says more: ${missing.join(', ')})`] : []),
  ].join('\n');
}

function linesOf({ ending, key }: Result<Named>): readonly string[] {
  switch (ending.kind) {
    case 'uploaded':
      return [`uploaded as ${key}; with --wait, its outcome is waited for`];
    case 'timed out':
      return [
        `its outcome is not known after ${ending.seconds} s: ${STAGES[ending.stage]}`,
        '  It is not lost: its tags and "npx fairlead uploads" will say how it ends.',
      ];
    case 'frozen':
      return frozenLines(ending.known.frozen);
    case 'proposed':
      return [
        `proposed${ending.known.url === undefined ? '' : `: ${oneLine(ending.known.url)}`}`,
        '  It is delivered when somebody merges that.',
      ];
    case 'unreadable':
      return [ending.says];
    case 'ended':
      return [...endedLines(ending.known), ...rolloutLines(ending.rollout)];
  }
}

function frozenLines(frozen: FrozenMark | undefined): readonly string[] {
  const whose =
    frozen === undefined ? '' : `, since ${frozen.since} by ${oneLine(frozen.by)}${whyOf(frozen.reason)}`;
  return [
    `frozen${whose}: it waits, and nothing of it is lost`,
    '  Who froze it can say when it may go on: "npx fairlead unfreeze" delivers the newest that waits.',
  ];
}

const whyOf = (reason: string | undefined): string => (reason === undefined ? '' : ` (${oneLine(reason)})`);

/** Where something waits, in words. */
const STAGES: Readonly<Record<Stage, string>> = {
  unrecorded: 'nobody has heard of it yet',
  received: 'it is being checked',
  checked: 'it waits for its commit',
  frozen: 'it is frozen, and goes when somebody lifts the freeze ("npx fairlead unfreeze")',
  proposed: 'its pull request is open',
  blocked: 'its repository takes nothing now, an alert says why; it waits in its order',
  unknown: 'it has no outcome yet',
};

const DONE_WORDS = {
  frozen: 'frozen: what is uploaded from now on waits, until "npx fairlead unfreeze"',
  unfrozen: 'unfrozen: the newest that waited goes',
} as const;

const DELIVERED = {
  commit: (commit: string) => `delivered in commit ${commit}`,
  unchanged: (commit: string) => `delivered: nothing changes, commit ${commit} holds it already`,
  edited: (commit: string) => `delivered in commit ${commit}, with changes of its reviewers`,
} as const;

function endedLines(known: Ended): readonly string[] {
  const warnings = (known.warnings ?? []).map(formatReason);
  switch (known.state) {
    case 'delivered':
      return [
        DELIVERED[known.change ?? 'commit'](known.commit),
        ...(known.signer === undefined ? [] : [`  signed by ${oneLine(nameOfSigner(known.signer))}`]),
        ...(warnings.length === 0 ? [] : ['  with warnings:', ...warnings]),
      ];
    case 'declined':
      return [`declined: its pull request was closed unmerged${byWhat(known.url)}`];
    case 'done':
      return [DONE_WORDS[known.what]];
    case 'superseded':
      return [`superseded: something newer of the same release went first${byWhat(known.by)}`];
    case 'rejected':
      return [countOf('rejected', known.reasons), ...known.reasons.map(formatReason)];
    case 'failed':
      return [
        countOf('failed: it could not be delivered for a day', known.reasons),
        ...known.reasons.map(formatReason),
      ];
  }
}

const byWhat = (by: string | undefined): string => (by === undefined ? '' : ` (${oneLine(by)})`);

const countOf = (what: string, reasons: readonly Reason[]): string =>
  reasons.length > 1 ? `${what}, for ${reasons.length} reasons` : what;

function rolloutLines(rollout: RolloutProgress | undefined): readonly string[] {
  switch (rollout?.kind) {
    case undefined:
      return [];
    case 'rolled-out':
      return [`  rolled out: the cluster runs commit ${rollout.seen}`];
    case 'under-way':
      return [
        `  not known to be rolled out in time: ${oneLine(rollout.says)}`,
        ...obstacleLines(rollout.obstacles),
      ];
    case 'stalled':
      return [`  its rollout has stalled, since ${rollout.since}`, ...obstacleLines(rollout)];
    case 'differs':
      return ['  applied, but the cluster is not what it declares', ...obstacleLines(rollout)];
    case 'unseen':
      return [`  whether it is rolled out will not be known: ${oneLine(rollout.says)}`];
    case 'replaced':
      return [
        `  not rolled out: commit ${rollout.seen}, which came later, declares ${oneLine(rollout.chart)}`,
      ];
  }
}

function obstacleLines(obstacles: Obstacles | undefined): readonly string[] {
  if (obstacles === undefined) return [];
  const { differs, more, notReady, deployerSays } = obstacles;
  return [
    ...(deployerSays === undefined ? [] : [`    the deployer: ${oneLine(deployerSays)}`]),
    ...differs.map((line) => `    differs: ${oneLine(line)}`),
    ...(more > 0 && differs.length > 0 ? [`    and ${more} more`] : []),
    ...notReady.map((line) => `    not ready: ${oneLine(line)}`),
  ];
}

/** `templates/a.yaml:7: What is wrong. [code]`, an excerpt, and what to do. */
export function formatReason({ code, message, place, whatToDo, excerpt }: Reason): string {
  const at = place === undefined ? '' : formatPlace(place);
  return [
    `  ${at === '' ? '' : `${oneLine(at)}: `}${oneLine(message)} [${oneLine(code)}]`,
    ...(excerpt === undefined ? [] : excerpt.split('\n').map((line) => `    | ${oneLine(line)}`)),
    `    → ${oneLine(whatToDo)}`,
  ].join('\n');
}

/** For programs: one document. `outcome` is an outcome, or `uploaded`, `timed out` or `unreadable`. */
export function formatResultsJson(results: readonly Result<Named>[], { bucket }: FoundInstallation): string {
  const uploads = results.map(({ ending, file, key, versionId }) => ({
    ...(file === undefined ? {} : { file }),
    key,
    versionId,
    url: uploadUrl(bucket, { key, versionId }),
    ...endingJson(ending),
  }));
  return JSON.stringify({ schema: 1, bucket, uploads }, null, 2);
}

function endingJson(ending: Result['ending']) {
  switch (ending.kind) {
    case 'uploaded':
      return { outcome: ending.kind };
    case 'timed out':
      return { outcome: ending.kind, stage: ending.stage };
    case 'proposed':
    case 'frozen': {
      const { state: _, stage: _held, ...known } = ending.known;
      return { outcome: ending.kind, ...known };
    }
    case 'unreadable':
      return { outcome: ending.kind, message: ending.says };
    case 'ended': {
      const { state, ...known } = ending.known;
      return {
        outcome: state,
        ...known,
        ...(ending.rollout === undefined ? {} : { rollout: ending.rollout }),
      };
    }
  }
}
