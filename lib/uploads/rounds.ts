import type { RemoteFunction } from '../aws/functions.ts';
import type { ObjectStore } from '../aws/objects.ts';
import type { Queue } from '../aws/queues.ts';
import type { Secrets } from '../aws/secrets.ts';
import { type Reason, reason } from '../charts/reasons.ts';
import { capabilitiesOf, readProfile } from '../cluster/profile.ts';
import type { Config, Repository, Target } from '../config/config.ts';
import type { Doorbell, ReadRequest } from '../messages/messages.ts';
import type { Clone } from '../repository/clone.ts';
import {
  type CommitIdentity,
  CommitOutsideSlot,
  type CommitPlan,
  makeCommits,
  type PushOutcome,
  pushCommit,
} from '../repository/commit.ts';
import type { AwsIdentity } from '../repository/credentials.ts';
import { signerOf } from '../repository/signing/signing.ts';
import { findAttempted, recordAttempt } from './attempts.ts';
import { takeBatch } from './batch.ts';
import { tellBlocked, tellUnblocked } from './blocked.ts';
import { decideGroups } from './decide.ts';
import { planStaleValues } from './follow.ts';
import type { Candidate } from './group.ts';
import { type Judge, judgeBy } from './judge.ts';
import { slotOf } from './keys.ts';
import type { OutcomeParts } from './outcome.ts';
import type { Planned } from './plan.ts';
import { keepPush, untilNextPush } from './push-interval.ts';
import { settle, settleDelivered, supersedeOlder, takeWaiting } from './settle.ts';
import { readMark } from './slots.ts';
import { type Line, ringBell } from './waiting.ts';

export interface DeliverParts extends OutcomeParts {
  readonly config: Config;
  readonly content: ObjectStore;
  readonly state: ObjectStore;
  readonly render: RemoteFunction;
  readonly secrets: Secrets;
  /** Who this function is at AWS; needed for CodeCommit alone. */
  readonly identity?: () => Promise<AwsIdentity>;
  readonly reads: Queue<ReadRequest>;
  readonly doorbell: Queue<Doorbell>;
  /** Clones lie below it and outlive a call. */
  readonly scratch: string;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export type Delivery =
  /** Nothing waited, or what waits was left for later. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'delivered'; readonly commits: number }
  | { readonly kind: 'blocked'; readonly says: string };

/** One push carries at most this many commits. */
const COMMITS_PER_PUSH = 200;
const RACES = 10;
const PAUSE_MILLISECONDS = 500;
const PAUSE_GROWTH = 1.5;
/** After this the rest is left to the next bell, so that no call is cut off in the middle. */
const CALL_MILLISECONDS = 3 * 60 * 1000;
/** What does not heal within this has failed. */
const FAILED_AFTER_MILLISECONDS = 24 * 60 * 60 * 1000;
/** Longer than this a call does not wait for a host's push interval: the sweep rings again. */
const INTERVAL_MILLISECONDS = 60_000;

type Round = 'again' | 'done' | { readonly kind: 'blocked'; readonly says: string };

/** One call of deliver-uploads: rounds of fetch, decide, commit, push, until nothing is left that can be done now. */
export class DeliveryCall {
  readonly #line: Line;
  readonly #because: Doorbell['because'];
  readonly #targets: readonly Target[];
  readonly #repository: Repository;
  readonly #clone: Clone;
  readonly #parts: DeliverParts;
  readonly #judge: Judge;
  readonly #identity: CommitIdentity;
  /** Uploads that wait for something else than Git; not looked at again in this call. */
  readonly #aside = new Set<string>();
  /** Commits that the server refused. */
  readonly #refused = new Set<string>();
  #limit = COMMITS_PER_PUSH;
  #races = 0;
  #commits = 0;

  constructor(
    bell: Doorbell,
    targets: readonly Target[],
    repository: Repository,
    clone: Clone,
    parts: DeliverParts,
  ) {
    this.#line = { repository: bell.repository, branch: bell.branch };
    this.#because = bell.because;
    this.#targets = targets;
    this.#repository = repository;
    this.#clone = clone;
    this.#parts = parts;
    const signer = signerOf(repository.signing, parts.secrets);
    this.#identity = { author: repository.author, signer };
    this.#judge = judgeBy(parts.render, async (target) =>
      capabilitiesOf(await readProfile(parts.state, target.name), target),
    );
  }

  async run(): Promise<Delivery> {
    const begun = this.#parts.now().getTime();
    for (;;) {
      const round = await this.#round();
      if (typeof round === 'object') return this.blocked(round.says);
      if (round === 'done') break;
      if (this.#parts.now().getTime() - begun > CALL_MILLISECONDS) {
        await ringBell(this.#parts.doorbell, this.#line);
        break;
      }
    }
    for (const { name } of this.#targets) await tellUnblocked(this.#parts, name);
    return this.#commits === 0 ? { kind: 'idle' } : { kind: 'delivered', commits: this.#commits };
  }

  /** The repository takes nothing now. Everything waits in its order; what has waited for a day has failed. */
  async blocked(says: string): Promise<Delivery> {
    const waiting = await takeWaiting(this.#parts, this.#line);
    for (const { record } of waiting)
      await this.#failAfterADay(record, reason('refused-by-repository', { says }));
    for (const target of new Set(waiting.map(({ record }) => record.target)))
      await tellBlocked(this.#parts, target, says);
    this.#parts.log('repository blocked', { ...this.#line, says });
    return { kind: 'blocked', says };
  }

  async #round(): Promise<Round> {
    if ((await this.#waiting()).length === 0 && this.#because !== 'values') return 'done';
    const wait = await untilNextPush(this.#parts.table, this.#repository, this.#parts.now());
    if (wait > INTERVAL_MILLISECONDS) return 'done';
    if (wait > 0) await this.#parts.pause(wait);
    // The tip before the records: see attempts.ts.
    const tip = (await this.#clone.fetchTip())?.id;
    const waiting = await this.#open(tip);
    const planned = await this.#decide(tip, waiting);
    const follow = waiting.length === 0 ? await this.#stale(tip) : [];
    const plans = [...planned.map(({ plan }) => plan), ...follow.map(({ plan }) => plan)];
    // Each of them was ended or set aside, if there were any; what they hid is next.
    if (plans.length === 0) return waiting.length > 0 ? 'again' : 'done';

    const commits = await this.#build(tip, plans, planned);
    if (commits === 'obstructed') return 'again';
    const attempts = await this.#record(tip, planned, commits);
    // Another delivery holds one of these: its commit must not go, nor those upon it. Build without it.
    if (attempts === 'contended') return 'again';

    const outcome = await pushCommit(this.#clone, commits.at(-1) ?? '', tip);
    switch (outcome.kind) {
      case 'pushed':
        await this.#pushed(attempts, [
          ...planned.map(({ candidate }) => candidate.record.target),
          ...follow.map(({ target }) => target),
        ]);
        return 'again';
      case 'moved':
        return this.#moved(outcome.by === 'git' ? commits : []);
      case 'refused-content':
        return this.#refusedContent(outcome, commits, attempts);
      case 'blocked':
        for (const commit of commits) this.#refused.add(commit);
        return { kind: 'blocked', says: outcome.says };
      case 'in-doubt':
        // The records keep the ids: the next call looks for them.
        return { kind: 'blocked', says: outcome.says };
    }
  }

  /** One upload whose place is taken by somebody's file ends; it must not hold up the others, nor their file go. */
  async #build(
    tip: string | undefined,
    plans: readonly CommitPlan[],
    planned: readonly ToCommit[],
  ): Promise<readonly string[] | 'obstructed'> {
    try {
      return await makeCommits(this.#clone, tip, plans, this.#parts.now(), this.#identity);
    } catch (error) {
      const obstructed = error instanceof CommitOutsideSlot ? planned[error.plan] : undefined;
      if (obstructed === undefined) throw error;
      const { path } = error as CommitOutsideSlot;
      const reasons = [reason('place-taken', { path }, { file: path })];
      await settle(this.#parts, this.#line, obstructed.candidate.record, { state: 'rejected', reasons });
      return 'obstructed';
    }
  }

  async #waiting(): Promise<readonly Candidate[]> {
    const all = await takeWaiting(this.#parts, this.#line);
    return all.filter(({ record }) => !this.#aside.has(nameOf(record)));
  }

  async #stale(tip: string | undefined) {
    if (this.#because !== 'values' || tip === undefined) return [];
    return planStaleValues(this.#clone, tip, this.#targets);
  }

  /** What is open upon this tip: without what is committed already, and without what came too late. */
  async #open(tip: string | undefined): Promise<readonly Candidate[]> {
    const all: Candidate[] = [];
    for (const candidate of await this.#waiting()) {
      const { record } = candidate;
      if (this.#targets.some(({ name }) => name === record.target)) all.push(candidate);
      // The target has moved to another repository or gone since it was received.
      else
        await settle(this.#parts, this.#line, record, {
          state: 'rejected',
          reasons: [reason('key-unknown-target', {})],
        });
    }
    const found = tip === undefined ? new Map() : await findAttempted(this.#clone, tip, all, this.#refused);
    for (const [candidate, { commit, files }] of found) {
      await settleDelivered(this.#parts, this.#line, candidate, { commit, files }, 'commit');
      await this.#requestRead(candidate.record.target);
    }
    return supersedeOlder(
      this.#parts,
      this.#line,
      all.filter((candidate) => !found.has(candidate)),
    );
  }

  /** Decides over as many uploads as one push takes; ends or sets aside what needs none. */
  async #decide(tip: string | undefined, waiting: readonly Candidate[]): Promise<readonly ToCommit[]> {
    const groups = takeBatch(waiting, this.#targets, this.#limit);
    const { url: repositoryUrl } = this.#repository;
    const parts = { ...this.#parts, repositoryUrl, clone: this.#clone, judge: this.#judge };
    const toCommit: ToCommit[] = [];
    for (const [index, decision] of (await decideGroups(parts, tip, groups)).entries()) {
      for (const { record, reasons } of decision.rejected)
        await settle(this.#parts, this.#line, record, { state: 'rejected', reasons });
      if (decision.waits !== undefined)
        await this.#setAside(groups[index]?.slots.flat() ?? [], decision.waits);
      for (const { accepted, change, files } of decision.planned) {
        const candidate = { key: accepted.key, record: accepted.record };
        if (change.kind === 'commit') toCommit.push({ candidate, plan: change.plan, files });
        else await this.#unchanged(tip, candidate, files);
      }
    }
    return toCommit;
  }

  async #setAside(candidates: readonly Candidate[], why: string): Promise<void> {
    for (const { record } of candidates) {
      this.#aside.add(nameOf(record));
      this.#parts.log('upload waits', { key: record.key, versionId: record.versionId, why });
      await this.#failAfterADay(record, reason('not-judged', { why }));
    }
  }

  async #failAfterADay(record: Candidate['record'], why: Reason): Promise<void> {
    const age = this.#parts.now().getTime() - Date.parse(record.receivedAt);
    if (age < FAILED_AFTER_MILLISECONDS) return;
    await settle(this.#parts, this.#line, record, { state: 'failed', reasons: [why] });
  }

  /** Git holds it already: the outcome names the commit that holds it. */
  async #unchanged(tip: string | undefined, candidate: Candidate, files: string): Promise<void> {
    const mark = await readMark(this.#parts.table, slotOf(candidate.key));
    const commit = mark?.files === files ? mark.commit : tip;
    if (commit === undefined) return;
    await settleDelivered(this.#parts, this.#line, candidate, { commit, files }, 'unchanged');
  }

  async #record(
    tip: string | undefined,
    planned: readonly ToCommit[],
    commits: readonly string[],
  ): Promise<readonly Attempt[] | 'contended'> {
    const attempts: Attempt[] = [];
    for (const [index, { candidate, files }] of planned.entries()) {
      const commit = commits[index] as string;
      const attempt = { commit, files, ...(tip === undefined ? {} : { base: tip }) };
      const record = await recordAttempt(this.#parts.table, candidate.record, attempt, this.#refused);
      if (record === undefined) {
        for (const unsent of commits) this.#refused.add(unsent);
        return 'contended';
      }
      attempts.push({ candidate: { ...candidate, record }, commit, files });
    }
    return attempts;
  }

  async #pushed(attempts: readonly Attempt[], targets: readonly string[]): Promise<void> {
    this.#races = 0;
    await keepPush(this.#parts.table, this.#repository, this.#parts.now());
    this.#limit = Math.min(this.#limit * 2, COMMITS_PER_PUSH);
    this.#commits += attempts.length;
    // The check first: it needs nothing of what follows, and people wait for it.
    for (const target of new Set(targets)) await this.#requestRead(target);
    for (const { candidate, commit, files } of attempts)
      await settleDelivered(this.#parts, this.#line, candidate, { commit, files }, 'commit');
  }

  async #moved(unsent: readonly string[]): Promise<Round> {
    for (const commit of unsent) this.#refused.add(commit);
    this.#races += 1;
    if (this.#races >= RACES) return { kind: 'blocked', says: `the branch moved ${RACES} times in a row` };
    await this.#parts.pause(Math.random() * PAUSE_MILLISECONDS * PAUSE_GROWTH ** (this.#races - 1));
    return 'again';
  }

  /** The culprit of many is found by pushing fewer: halves, then one alone, which is then known to be it. */
  async #refusedContent(
    { says }: Extract<PushOutcome, { kind: 'refused-content' }>,
    commits: readonly string[],
    attempts: readonly Attempt[],
  ): Promise<Round> {
    for (const commit of commits) this.#refused.add(commit);
    const [culprit] = attempts;
    if (culprit === undefined) return { kind: 'blocked', says };
    if (attempts.length > 1) {
      this.#limit = Math.max(1, Math.floor(attempts.length / 2));
      return 'again';
    }
    const reasons = [reason('refused-by-repository', { says })];
    await settle(this.#parts, this.#line, culprit.candidate.record, { state: 'rejected', reasons });
    return 'again';
  }

  #requestRead(target: string): Promise<void> {
    return this.#parts.reads.send({ schema: 1, target, because: 'delivery' });
  }
}

interface ToCommit {
  readonly candidate: Candidate;
  readonly plan: Extract<Planned['change'], { kind: 'commit' }>['plan'];
  readonly files: string;
}

interface Attempt {
  readonly candidate: Candidate;
  readonly commit: string;
  readonly files: string;
}

const nameOf = ({ key, versionId }: Candidate['record']): string => `${key}?${versionId}`;
