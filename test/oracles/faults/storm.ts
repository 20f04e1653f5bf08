import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as clients from '../../../lib/aws/clients.ts';
import { BUCKETS } from '../../../local/aws/aws.ts';
import { Bare } from './bare.ts';
import { clock } from './clock.ts';
import { Commands } from './commands.ts';
import { type Evidence, readBranch, readBucket } from './evidence.ts';
import { Faults, makePhases } from './faults-plan.ts';
import { commitForeign, type ForeignCommit, type ForeignWork } from './foreign.ts';
import { type Installation, listFreezes, startInstallation } from './installation.ts';
import { Ledger } from './ledger.ts';
import { poll, type Treatment } from './pollers.ts';
import { PushMoments } from './push-moments.ts';
import { type Random, random } from './random.ts';
import type { RunParts } from './run.ts';
import { type MadeUpload, makeUploads } from './uploads.ts';
import { againOf, listed, whatWaits, whatWaitsUnfrozen } from './waiting.ts';
import { PLACES, REPOSITORIES } from './world.ts';

/** Everything goes wrong until this part of the uploads has met it; on a machine too busy for that, so long. */
const MET = 0.75;
const STORM_MILLISECONDS = 120_000;
/** A burst comes when no more than so many uploads are open, or after so many milliseconds. */
const OPEN = 3;
const BURST = { pause: 250, patience: 4000, poll: 50 };
const PHASES = 40;
/** How often somebody edits what declares a release while an upload for it is on its way. */
const EDITS = 0.4;
/** After the storm all must be quiet once the clock has gone on so often without anything being done. */
const ROUNDS = 12;
/** What changes for ever, and never ends, is not at rest either. */
const ALL_ROUNDS = 150;
/** More than what any sweep waits for. */
const SWEEP_STEP_MILLISECONDS = 6 * 60_000;
/** However busy the machine is; milliseconds. */
const IDLE = { most: 180_000, poll: 40, polls: 4 };
/** Somebody else pushes, anywhere; milliseconds. */
const FOREIGN = { least: 600, most: 1400 };
/** One run: what is done to an installation, and what is found there afterwards. */
export class Storm {
  readonly faults: Faults;
  readonly pushes: PushMoments;
  readonly #seed: number;
  readonly #folder: string;
  readonly #parts: RunParts;
  readonly #foreign: ForeignCommit[] = [];
  readonly #commanding: Random;
  readonly #log;
  readonly #ending = new AbortController();
  readonly #pollers: Promise<void>[] = [];
  #installed: Installation | undefined;
  #written: Ledger | undefined;

  private constructor(seed: number, folder: string, parts: RunParts) {
    this.#seed = seed;
    this.#folder = folder;
    this.#parts = parts;
    this.#log = createWriteStream(join(folder, 'run.log'));
    this.faults = new Faults(this.#chance('faults'), makePhases(this.#chance('phases'), PHASES), {
      workers: parts.workers,
      log: (what, details) => this.log(what, details),
    });
    this.#commanding = this.#chance('commands');
    const chance = this.#chance('pushes');
    this.pushes = new PushMoments({
      chance,
      over: () => this.faults.over(),
      commitForeign: (repository, work) => this.#commitForeign(repository, chance, work),
      uploadAgain: (repository) => this.#uploadAgain(repository),
      isReceived: async (versionId) => (await listed(this.#aws)).some((entry) => entry.includes(versionId)),
      hasEnded: (versionId) => !this.#ledger.open().some((name) => name.endsWith(versionId)),
      commandTips: (repository) => this.#commandTips(repository),
      log: (what, details) => this.log(what, details),
    });
  }

  static async prepare(seed: number, folder: string, parts: RunParts): Promise<Storm> {
    const storm = new Storm(seed, folder, parts);
    storm.#installed = await startInstallation({
      folder,
      tools: parts.tools,
      git: parts.git,
      rendered: parts.rendered,
      decide: (asked) => storm.faults.decide(asked),
      kill: (asked) => storm.faults.killAsker(asked),
      pushes: storm.pushes,
    });
    storm.#written = new Ledger(storm.#installed, (what, details) => storm.log(what, details));
    const { environment } = storm.#installed;
    parts.workers.begin({
      run: `${seed} ${folder}`,
      folder,
      environment,
      log: (what, details) => storm.log(what, details),
    });
    return storm;
  }

  log(what: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#log.write(`${JSON.stringify({ at: new Date().toISOString(), what, ...details })}\n`);
  }

  /** Uploads and commands, foreign commits, sweeps, faults and deaths, all at once. */
  async rage(): Promise<void> {
    const chance = this.#chance('uploads');
    const count =
      this.#parts.uploads.least + chance.below(this.#parts.uploads.most - this.#parts.uploads.least);
    const bursts = await makeUploads(chance, count);
    this.#startPollers();
    this.#parts.workers.patience('as long as a call may take');
    this.faults.begin();
    const begun = performance.now();
    let put: 'not yet' | 'all' = 'not yet';
    const met = () => this.#ledger.size - this.#ledger.open().length >= this.#ledger.size * MET;
    const going = () => performance.now() - begun < STORM_MILLISECONDS && !(put === 'all' && met());
    const uploadAll = async () => {
      for (const burst of bursts) {
        await this.#untilFewOpen(chance, going);
        await this.#putBurst(burst);
        if (chance.chance(EDITS)) await this.#editRelease(chance.pick(burst).key, chance);
      }
      put = 'all';
    };
    await Promise.all([
      uploadAll(),
      this.#sweepNowAndThen(going),
      this.#pushNowAndThen(going),
      this.faults.killByTime(this.#chance('deaths'), going),
    ]);
    this.faults.end();
    this.#parts.workers.patience('all the time that it takes');
    this.log('calm');
  }

  async #editRelease(key: string, chance: Random): Promise<void> {
    const [target = '', namespace, release] = key.split('/');
    const place = PLACES.find((one) => one.target === target);
    const edits = `fairlead/${target}/apply/${namespace}/${release}/release.yaml`;
    if (place !== undefined) await this.#commitForeign(place.repository, chance, { edits }, place.branch);
  }

  async #untilFewOpen(chance: Random, going: () => boolean): Promise<void> {
    const until = performance.now() + BURST.patience;
    await sleep(chance.between(0, BURST.pause));
    while (going() && performance.now() < until && this.#ledger.open().length > OPEN) await sleep(BURST.poll);
  }

  /** With what somebody commands about it, before, after or at the same time. */
  async #putBurst(burst: readonly MadeUpload[]): Promise<void> {
    const putAll = async (all: readonly MadeUpload[]) => {
      await Promise.all(all.map((one) => this.#ledger.put(one)));
    };
    if (this.#parts.commands === 'none') return putAll(burst);
    const { when, commands } = await this.#commands.about(burst);
    switch (when) {
      case 'before':
        await putAll(commands);
        return putAll(burst);
      case 'with':
        return putAll([...burst, ...commands]);
      case 'after':
        await putAll(burst);
        return putAll(commands);
    }
  }

  async #pushNowAndThen(going: () => boolean): Promise<void> {
    const chance = this.#chance('foreign');
    while (going()) {
      await sleep(chance.between(FOREIGN.least, FOREIGN.most));
      await this.#commitForeign(chance.pick(REPOSITORIES), chance);
    }
  }

  /** Somebody uploads anew what lies in Git, in a slot of which something is on its way. */
  async #uploadAgain(repository: string): Promise<string | undefined> {
    const put = againOf(this.#ledger, repository);
    return put === undefined ? undefined : this.#ledger.put(put);
  }

  async #sweepNowAndThen(going: () => boolean): Promise<void> {
    const chance = this.#chance('sweeps');
    while (going()) {
      await sleep(chance.between(800, 2000));
      if (chance.chance(0.3) && this.pushes.onTheirWay() === 0) clock.put(chance.between(0, 4 * 60_000));
      this.#ledger.look();
      await this.#sweep('minutes');
      // A command whose event was lost is worth something for a quarter of an hour only.
      if (this.#parts.commands === 'none' || !chance.chance(0.3)) continue;
      this.#ledger.untold();
      await this.#sweep('hours');
    }
  }

  /**
   * No faults any more; the clock goes on until nothing is left to do, first as far as nothing is frozen. Gives what still
   * waits then.
   */
  async calm(): Promise<readonly string[]> {
    if (this.#parts.commands === 'none') return this.#settle(() => whatWaits(this.#aws, this.#ledger));
    const left = await this.#settle(() => whatWaitsUnfrozen(this.#aws, this.#ledger));
    if (left.length > 0) return left;
    const thaws = await this.#commands.thaw();
    this.log('thaw', { thaws: thaws.map(({ key }) => key) });
    for (const thaw of thaws) await this.#ledger.put(thaw);
    return this.#settle(() => whatWaits(this.#aws, this.#ledger));
  }

  /** What commands have left frozen, though all that is frozen was thawed. */
  async frozen(): Promise<readonly string[]> {
    return (await Promise.all(PLACES.map(({ target }) => listFreezes(this.#aws, target)))).flat();
  }

  async #settle(left: () => Promise<readonly string[]>): Promise<readonly string[]> {
    let before = '';
    for (let [round, all] = [0, 0]; round < ROUNDS && all < ALL_ROUNDS; round++, all++) {
      await this.#untilIdle();
      const waiting = await left();
      if (waiting.length === 0) return [];
      this.log('waits', { waiting });
      if (waiting.join() !== before) round = 0;
      before = waiting.join();
      if (waiting.every((what) => what.includes('.prov'))) clock.put(untilQuarterOf(Date.now() + DAY));
      // What was frozen is looked at four times an hour.
      else if (this.#ledger.frozen().length > 0) clock.put(untilQuarterOf(Date.now()));
      else clock.put(SWEEP_STEP_MILLISECONDS);
      this.#ledger.untold();
      this.#ledger.look();
      await this.#sweep('hours');
      await this.#sweep('minutes');
    }
    return left();
  }

  async evidence(): Promise<Evidence> {
    const s3 = clients.s3(this.#aws.environment);
    const versions = await readBucket(s3, BUCKETS.upload, this.#ledger.evidence());
    const scratch = join(this.#folder, 'clones');
    await mkdir(scratch, { recursive: true });
    const { git, bareOf } = this.#installation;
    const names = new Map(PLACES.map((place) => [`${place.repository} ${place.branch}`, place]));
    const read = await Promise.all(
      [...names.values()].map(({ repository, branch }) =>
        readBranch(bareOf(repository), git.urlOf(repository), repository, branch, scratch),
      ),
    );
    return {
      bucket: BUCKETS.upload,
      versions,
      branches: read.map(({ branch }) => branch),
      foreign: this.#foreign,
      blobs: new Map(read.flatMap(({ blobs }) => [...blobs])),
    };
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#pollers);
    await this.#installed?.stop();
    this.#parts.workers.end();
    await new Promise<void>((resolve) => this.#log.end(resolve));
  }

  get #installation(): Installation {
    if (this.#installed === undefined) throw new Error('not prepared');
    return this.#installed;
  }

  get #ledger(): Ledger {
    if (this.#written === undefined) throw new Error('not prepared');
    return this.#written;
  }

  get #commands(): Commands {
    const [chance, ledger] = [this.#commanding, this.#ledger];
    return new Commands({ chance, ledger, installation: this.#installation });
  }

  get #aws() {
    return this.#installation.aws;
  }

  #chance(stream: string): Random {
    return random(this.#seed, stream);
  }

  async #commitForeign(
    repository: string,
    chance: Random,
    what: ForeignWork = 'anything',
    branch = repository === 'gamma' && chance.chance(0.4) ? 'next' : 'main',
  ): Promise<void> {
    if (this.pushes.isStill(repository)) return;
    try {
      const made = await commitForeign(
        this.#installation.bareOf(repository),
        repository,
        branch,
        chance,
        what,
      );
      if (made === undefined) return;
      this.#foreign.push(made);
      this.log('foreign', { ...made });
    } catch (error) {
      this.log('no foreign commit', { repository, branch, error: String(error) });
    }
  }

  #startPollers(): void {
    const { queues, environment } = this.#aws;
    const sqs = clients.sqs(environment);
    const { signal } = this.#ending;
    const chance = this.#chance('messages');
    const treat = (body: string): Treatment => {
      if (this.faults.over()) return 'as it is';
      const dice = chance.next();
      const treatment = dice < 0.12 ? 'lost' : dice < 0.22 ? 'late' : dice < 0.4 ? 'twice' : 'as it is';
      if (treatment !== 'as it is') this.log('message', { treatment, body });
      return treatment;
    };
    // Now and then shorter than the work takes: others have the message, too.
    const visibilitySeconds = () => (this.faults.over() || chance.chance(0.6) ? 120 : 1 + chance.below(3));
    const received = {
      name: 'receive-upload',
      url: queues.receive,
      batch: 4,
      visibilitySeconds,
      treat: (body: string) => {
        const treatment = treat(body);
        if (treatment === 'lost' || treatment === 'late') this.#ledger.tell(body, 'not sure');
        return treatment;
      },
      done: (body: string) => this.#ledger.tell(body, 'told'),
    } as const;
    const rung = {
      name: 'deliver-uploads',
      url: queues.doorbell,
      batch: 1,
      visibilitySeconds,
      treat,
      done: () => {},
    } as const;
    for (const queue of [received, rung])
      this.#pollers.push(poll(sqs, this.#parts.workers, queue, this.#chance(queue.name), signal));
  }

  async #sweep(sweep: 'minutes' | 'hours'): Promise<void> {
    const worker = this.#parts.workers.idle('sweep');
    if (worker === undefined) return;
    const called = await this.#parts.workers.call(worker, { schema: 1, sweep }, sweep);
    this.log('swept', { sweep, called });
  }

  /** Until nobody works and no queue holds anything that shows itself soon. */
  async #untilIdle(): Promise<void> {
    const deadline = performance.now() + IDLE.most;
    for (let quiet = 0; quiet < IDLE.polls && performance.now() < deadline; ) {
      await sleep(IDLE.poll);
      const works = this.#parts.workers.busy().length + this.pushes.onTheirWay();
      quiet = works === 0 ? quiet + 1 : 0;
    }
  }

  /** Where branches stand that a command's commit was put upon last. */
  async #commandTips(repository: string): Promise<readonly string[]> {
    const bare = new Bare(this.#installation.bareOf(repository));
    const branches = new Set(PLACES.flatMap((one) => (one.repository === repository ? [one.branch] : [])));
    const tips: string[] = [];
    for (const branch of branches) {
      const tip = await bare.tip(branch);
      if (tip !== undefined && isOfCommand((await bare.commit(tip)).message)) tips.push(tip);
    }
    return tips;
  }
}

const isOfCommand = (message: string): boolean => /^Fairlead-Command: /m.test(message);

/** Evidence without a package waits a day for it. */
const DAY = 24 * 3600_000;

/** What waits for long is looked at each quarter of an hour. Milliseconds from now. */
function untilQuarterOf(time: number): number {
  const quarter = 15 * 60_000;
  return Math.ceil(time / quarter) * quarter + 100 - Date.now();
}
