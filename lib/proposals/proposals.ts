/**
 * Pull requests as Fairlead needs them, whoever hosts the repository. GitLab calls them merge requests; here a host's
 * pull request is a proposal.
 */
export interface ProposalHost {
  readonly takes: Takes;
  /**
   * The one of this branch into this base: an open one before those that are merged or closed, the newest of each.
   * @throws ProposalHostFailed
   */
  find(branch: string, base: string): Promise<Proposal | undefined>;
  /**
   * Both branches are there already. One that is open for them is given back as it is, so that calling again does no
   * harm: its text is changed by `update`.
   * @throws ProposalHostFailed
   */
  open(branch: string, base: string, text: ProposalText): Promise<Proposal>;
  /** Labels are added: what people have put there stays. @throws ProposalHostFailed */
  update(number: string, text: ProposalText): Promise<void>;
  /** @throws ProposalHostFailed */
  read(number: string): Promise<Proposal>;
  /** Says why in a comment first; one that is no longer open stays as it is. @throws ProposalHostFailed */
  close(number: string, why: string): Promise<void>;
}

/** What a host keeps of a text. What is longer is cut, and ends with `…`. */
export interface Takes {
  readonly titleCharacters: number;
  readonly bodyCharacters: number;
  /** `no-labels`: the host has no such thing, and what was asked for is left out. */
  readonly labels: 'labels' | 'no-labels';
}

export interface Proposal {
  /** As the host counts them. */
  readonly number: string;
  /** For people, to be opened in a browser. */
  readonly url: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** The branch that it is to be merged into, without `refs/heads/`: people may point it at another one. */
  readonly base: string;
  /** Commit at the branch's tip, as the host has seen it last; a host may forget it once the branch is gone. */
  readonly head?: string;
  readonly state: ProposalState;
}

export type ProposalState =
  | { readonly kind: 'open' }
  /** `commit`: what brought it onto the base, where the host says so: a merge, a squash, or the last of a rebase. */
  | { readonly kind: 'merged'; readonly commit?: string }
  | { readonly kind: 'closed' };

export interface ProposalText {
  /** One line. */
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly labels: readonly string[];
}

/**
 * The host did not do it. The message is for a person: what, where, and what to do; it holds no part of a credential.
 * `refused`: again is of no use until somebody acts (credential, rights, no such repository). `unreached`: later it may
 * be done (network, too many calls, a fault of the host).
 */
export class ProposalHostFailed extends Error {
  override readonly name = 'ProposalHostFailed';
  readonly kind: 'refused' | 'unreached';
  /** Not before; where the host has said so. */
  readonly retryAt?: Date;

  constructor(kind: 'refused' | 'unreached', message: string, retryAt?: Date) {
    super(message);
    this.kind = kind;
    if (retryAt !== undefined) this.retryAt = retryAt;
  }
}
