import type { ProposalText, Takes } from '../../../proposals/proposals.ts';
import { neutral } from '../../record/claims.ts';
import type { CommandDecision } from '../commands/decision.ts';
import { type Standing, standingFile } from '../standing.ts';
import { block, code, limited } from './markdown.ts';

/** Lines of each list: as many as fit what the host takes. */
const LIMITS = [80, 30, 12, 4, 1] as const;
/** Room for what a host's own counting adds. */
const SPARE = 200;

/** What a reviewer is told of a command: what it does and who asks, as its commit says, and which files change. */
export const commandText =
  (
    { plan, warnings }: Extract<CommandDecision, { readonly kind: 'commit' }>,
    standing: Standing,
    labels: readonly string[],
  ) =>
  async (takes: Takes): Promise<ProposalText> => {
    const [title = '', ...said] = plan.message.split('\n');
    const files = changedFiles(plan, standing);
    const bodyWith = (limit: number): string =>
      [
        'Somebody asks for this with a command, and AWS says who it is. It is carried out when this is merged.',
        block(said.filter((line) => line !== '')),
        ...(files.length === 0 ? [] : ['**Files**', block(limited(files, limit))]),
        ...(warnings.length === 0
          ? []
          : [
              '**Warnings**',
              limited(
                warnings.map((one) => `- ${code(one.message)}`),
                limit,
              ).join('\n'),
            ]),
      ].join('\n\n');
    const sizes = LIMITS.map(bodyWith);
    const body = sizes.find((text) => text.length <= takes.bodyCharacters - SPARE) ?? sizes.at(-1) ?? '';
    return { title: neutral(title, takes.titleCharacters), body, labels };
  };

function changedFiles(
  { files, replaces, removes = [] }: Extract<CommandDecision, { readonly kind: 'commit' }>['plan'],
  standing: Standing,
): readonly string[] {
  const emptied = [...removes, ...(replaces === undefined ? [] : [replaces])];
  const goes = (path: string) =>
    emptied.some((place) => path === place || path.startsWith(`${place.replace(/\/$/, '')}/`));
  const gone = [...standing.keys()]
    .filter((path) => goes(path) && !files.has(path))
    .map((path) => `- ${path}`);
  const written = [...files].flatMap(([path, file]) => {
    const before = standing.get(path);
    if (before === undefined) return [`+ ${path}`];
    return before.id === standingFile(file).id ? [] : [`  ${path} (changed)`];
  });
  return [...written, ...gone];
}
