import type { HostedRepository, MergeWay } from './repository.ts';

/** A pull request as a host keeps it, whatever it calls its parts. */
export interface Kept {
  readonly number: number;
  title: string;
  body: string;
  readonly branch: string;
  readonly base: string;
  /** Commit at the branch's tip when it was last looked at. */
  head: string;
  state: 'open' | 'merged' | 'closed';
  /** What brought it onto the base. */
  merged?: { readonly commit: string; readonly way: MergeWay };
  readonly labels: Set<string>;
  readonly comments: string[];
  /** Whom people have asked to look at it. */
  reviewers: string[];
  /** Left out: the branch is in this repository. */
  readonly fork?: string;
}

/** What tests do as people at the host's page, and what they see there. */
export function keptProposals(repository: HostedRepository) {
  const all: Kept[] = [];
  const found = (number: number | string): Kept => {
    const one = refreshed().find((each) => each.number === Number(number));
    if (one === undefined) throw new Error(`there is no pull request ${number}`);
    return one;
  };
  /** Hosts look at pushes: a branch that moves moves its pull request. */
  const refreshed = (): readonly Kept[] => {
    for (const one of all) {
      if (one.state === 'open' && one.fork === undefined) one.head = repository.tip(one.branch) ?? one.head;
    }
    return all;
  };
  return {
    all: refreshed,
    found,
    add(
      text: Pick<Kept, 'title' | 'body' | 'branch' | 'base'> & {
        head?: string;
        fork?: string;
        labels?: readonly string[];
      },
    ): Kept {
      const { title, body, branch, base, fork } = text;
      const head = text.head ?? repository.tip(branch) ?? '0'.repeat(40);
      const one: Kept = {
        number: all.length + 1,
        title,
        body,
        branch,
        base,
        head,
        state: 'open',
        labels: new Set(text.labels),
        comments: [],
        reviewers: [],
        ...(fork === undefined ? {} : { fork }),
      };
      all.push(one);
      return one;
    },
    /** @returns the commit that the base has then */
    merge(number: number | string, way: MergeWay = 'merge'): string {
      const one = found(number);
      if (one.state !== 'open') throw new Error(`pull request ${number} is ${one.state}`);
      const commit = repository.merge(one.branch, one.base, way, `${one.title} (#${one.number})`);
      one.state = 'merged';
      one.merged = { commit, way };
      return commit;
    },
    close(number: number | string): void {
      const one = found(number);
      if (one.state === 'open') one.state = 'closed';
    },
  };
}
export type KeptProposals = ReturnType<typeof keptProposals>;
