import type { Attribution } from '../verdicts.ts';
import type { Owners, Writer } from './owners.ts';

/** Managers that stand for many: the server merged older entries into them. */
const NOBODY_IN_PARTICULAR = new Set(['ancient-changes', 'before-first-apply']);

/** Who likely made a difference, from those who own its path. */
export function attributionOf(
  owners: readonly Writer[],
  deployers: ReadonlySet<string>,
  recorded: Owners,
  gone: boolean,
): Attribution {
  const others = owners.filter(({ manager }) => !deployers.has(manager));
  const other = latest(others);
  if (other !== undefined) return named(other, likelyOther(other));
  const own = latest(owners);
  if (own !== undefined)
    return named(
      own,
      'still owned by the deployer: rewritten at admission, or another revision or other values are live',
    );
  if (!recorded.recorded)
    return { likely: 'nobody is recorded: the record of writers is absent or was cleared' };
  return {
    likely: gone
      ? 'a deletion leaves no author'
      : 'nobody is recorded: at admission, or by an unknown writer',
  };
}

function likelyOther({ manager, subresource }: Writer): string {
  if (NOBODY_IN_PARTICULAR.has(manager)) return `by older writers, merged as ${manager}`;
  const tool = manager === '' ? 'a tool without a name' : manager;
  return subresource === undefined ? `likely with ${tool}` : `likely with ${tool}, through ${subresource}`;
}

function named({ manager, operation, subresource, time }: Writer, likely: string): Attribution {
  return {
    manager,
    operation,
    ...(subresource === undefined ? {} : { subresource }),
    ...(time === undefined ? {} : { since: time }),
    likely,
  };
}

const latest = (writers: readonly Writer[]): Writer | undefined =>
  writers.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0];
