import { nameOfSigner } from '../../charts/trust/signer.ts';
import type { Digest } from '../../content/tree.ts';
import type { ProposalText, Takes } from '../../proposals/proposals.ts';
import { chartFolder, valuesFile } from '../../repository/layout.ts';
import type { Decided, GroupDecision, GroupParts } from '../deciding/group.ts';
import { standingSubject } from '../deciding/group.ts';
import { code } from '../deciding/proposal/markdown.ts';
import { type ObjectsDifference, objectsDifference } from '../deciding/proposal/objects-difference.ts';
import { uploadsText } from '../deciding/proposal/proposal-text.ts';
import { valuesDifference } from '../deciding/proposal/values-difference.ts';
import { below, type Standing, standingFile } from '../deciding/standing.ts';
import { listProposals } from './proposal-item.ts';
import type { Place } from './propose.ts';

/** What is to be told of: what would be put upon what stands. */
export interface ToTell {
  readonly standing: Standing;
  readonly decision: GroupDecision;
  readonly commits: readonly Decided[];
  readonly declares: readonly string[];
}

/** What a reviewer wants to know of a release's uploads, or a manifest's; made when it is needed. */
export const wordsOf =
  (at: Place, told: ToTell) =>
  async (takes: Takes): Promise<ProposalText> => {
    const { call, target } = at;
    const { parts } = call;
    const { standing, commits } = told;
    const warnings = commits.flatMap((one) => one.warnings);
    return uploadsText(
      {
        target: target.name,
        installation: parts.installation,
        labels: target.delivery.labels,
        uploads: commits.map(({ accepted: { key, record, before } }) => ({
          key,
          record,
          was: before?.chart?.version,
          ...(record.signer === undefined ? {} : { signer: nameOfSigner(record.signer) }),
        })),
        chartFiles: chartFiles(at, standing, commits),
        values: await values(at, standing, commits),
        objects: await objects(at, told),
        warnings: [...new Map(warnings.map((one) => [`${one.code} ${one.message}`, one])).values()],
        notes: await others(at, told.declares),
      },
      takes,
    );
  };

function chartFiles({ target }: Place, standing: Standing, commits: readonly Decided[]): readonly string[] {
  for (const { accepted, change } of commits) {
    const { key } = accepted;
    if (key.kind !== 'chart' || change.kind !== 'commit') continue;
    const folder = chartFolder(target, key);
    const old = below(standing, folder);
    const new_ = [...change.plan.files].filter(([path]) => path.startsWith(`${folder}/`));
    const name = (path: string) => path.slice(folder.length + 1);
    const names = new Set(new_.map(([path]) => path));
    const changed = new_.flatMap(([path, file]) => {
      const before = old.get(path);
      if (before === undefined) return [`+ ${name(path)}`];
      return before.id === standingFile(file).id ? [] : [`  ${name(path)} (changed)`];
    });
    const gone = [...old.keys()].filter((path) => !names.has(path)).map((path) => `- ${name(path)}`);
    return [...changed, ...gone];
  }
  return [];
}

async function values(
  { call, target }: Place,
  standing: Standing,
  commits: readonly Decided[],
): Promise<readonly string[]> {
  for (const { accepted, change } of commits) {
    const { key } = accepted;
    if (key.kind !== 'values' || change.kind !== 'commit') continue;
    const path = valuesFile(target, key);
    const after = change.plan.files.get(path)?.data.toString('utf8') ?? '';
    const id = standing.get(path)?.id;
    const before = id === undefined ? undefined : (await call.clone.blobs([id])).get(id)?.toString('utf8');
    return valuesDifference(before, after);
  }
  return [];
}

/** Undefined where nothing is rendered now and would be then (values without a chart). */
async function objects(
  { call, target }: Place,
  { standing, decision, commits }: ToTell,
): Promise<ObjectsDifference | undefined> {
  const { parts, repository, clone, judge } = call;
  const key = commits[0]?.accepted.key;
  if (key === undefined || decision.render === undefined) return undefined;
  const group: GroupParts = { ...parts, repositoryUrl: repository.url, clone, judge, target };
  const subject = await standingSubject(group, standing, key);
  const judged = subject === undefined ? undefined : await judge(target, subject);
  let before: Digest | undefined;
  if (judged?.kind === 'accepted') before = judged.render;
  // What stands and cannot be rendered would look as if all of it were new.
  else if (judged !== undefined) return undefined;
  const namespace = key.kind === 'manifest' ? undefined : key.namespace;
  return objectsDifference(parts.state, before, decision.render, namespace);
}

/** Others that are open and declare the same: whichever is merged second takes it from the first. */
async function others(
  { call, target, place, item }: Place,
  declares: readonly string[],
): Promise<readonly string[]> {
  const own = new Set(declares);
  const notes: string[] = [];
  for await (const other of listProposals(call.parts.table, target.name)) {
    const { open } = other;
    if (open === undefined || other.sk === place) continue;
    // The one that came first has nothing to warn of.
    if (item?.open !== undefined && item.open.since < open.since) continue;
    const shared = other.declares.filter((hash) => own.has(hash)).length;
    if (shared > 0)
      notes.push(
        `Pull request ${code(open.number)} (${code(other.sk)}) declares ${shared} of the same objects. Merge one of them, and take the objects out of the other: what comes second takes them from the first.`,
      );
  }
  return notes;
}
