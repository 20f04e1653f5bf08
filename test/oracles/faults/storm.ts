import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import * as clients from '../../../lib/aws/clients.ts';
import { BUCKETS } from '../../../local/aws/aws.ts';
import { clock } from './clock.ts';
import { type Evidence, readBranch, readBucket, type Told } from './evidence.ts';
import { Faults, makePhases } from './faults-plan.ts';
import { commitForeign, type ForeignCommit, type ForeignWork } from './foreign.ts';
import { type Installation, listPartition, startInstallation } from './installation.ts';
import { poll, type Treatment } from './pollers.ts';
import { PushMoments } from './push-moments.ts';
import { type Random, random } from './random.ts';
import { readKey, slotName } from './reading.ts';
import type { RunParts } from './run.ts';
import { type MadeUpload, type Meaning, makeUploads } from './uploads.ts';
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
/** More than what any sweep waits for. */
const SWEEP_STEP_MILLISECONDS = 6 * 60_000;
/** However busy the machine is; milliseconds. */
const IDLE = { most: 180_000, poll: 40, polls: 4 };
/** Somebody else pushes, anywhere; milliseconds. */
const FOREIGN = { least: 600, most: 1400 };
interface Put {
  readonly key: string;
  readonly body: Buffer;
  readonly meaning: Meaning;
  readonly time: string;
  readonly sequencer: string;
  /** Whether Fairlead has surely been told the sequencer. */
  told: 'not yet' | 'told' | 'not sure';
}

/** One run: what is done to an installation, and what is found there afterwards. */
export class Storm {
  readonly faults: Faults;
  readonly pushes: PushMoments;
  readonly #seed: number;
  readonly #folder: string;
  readonly #parts: RunParts;
  readonly #ledger = new Map<string, Put>();
  readonly #foreign: ForeignCommit[] = [];
  readonly #log;
  readonly #ending = new AbortController();
  readonly #pollers: Promise<void>[] = [];
  #installed: Installation | undefined;

  private constructor(seed: number, folder: string, parts: RunParts) {
    this.#seed = seed;
    this.#folder = folder;
    this.#parts = parts;
    this.#log = createWriteStream(join(folder, 'run.log'));
    this.faults = new Faults(this.#chance('faults'), makePhases(this.#chance('phases'), PHASES), {
      workers: parts.workers,
      log: (what, details) => this.log(what, details),
    });
    const chance = this.#chance('pushes');
    this.pushes = new PushMoments({
      chance,
      over: () => this.faults.over(),
      commitForeign: (repository, work) => this.#commitForeign(repository, chance, work),
      uploadAgain: (repository) => this.#uploadAgain(repository),
      isReceived: async (versionId) => (await this.#lists()).some((entry) => entry.includes(versionId)),
      hasEnded: (versionId) => !this.#open().some((name) => name.endsWith(versionId)),
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

  /** Uploads, foreign commits, sweeps, faults and deaths, all at once. */
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
    const met = () => this.#ledger.size - this.#open().length >= this.#ledger.size * MET;
    const going = () => performance.now() - begun < STORM_MILLISECONDS && !(put === 'all' && met());
    const uploadAll = async () => {
      for (const burst of bursts) {
        await this.#untilFewOpen(chance, going);
        await Promise.all(burst.map((upload) => this.#upload(upload)));
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
    while (going() && performance.now() < until && this.#open().length > OPEN) await sleep(BURST.poll);
  }

  async #upload({ key, body, meaning, metadata }: MadeUpload): Promise<string> {
    const put = new PutObjectCommand({
      Bucket: BUCKETS.upload,
      Key: key,
      Body: body,
      Metadata: { ...metadata },
    });
    const { VersionId = '' } = await clients.s3(this.#aws.environment).send(put);
    const found = this.#aws.buckets.upload.find(key, VersionId);
    const time = new Date(found?.at ?? 0).toISOString().replace(/\.\d+Z$/, '.000Z');
    const sequencer = found?.sequencer ?? '0';
    const told = this.#early.get(VersionId) ?? 'not yet';
    this.#ledger.set(VersionId, { key, body, meaning, time, sequencer, told });
    this.log('uploaded', { key, versionId: VersionId, meaning, time, sequencer });
    return VersionId;
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
    const slotOfKey = (key: string) => slotName(readKey(key) ?? { part: 'manifest', target: '', file: key });
    const targets = PLACES.filter((place) => place.repository === repository).map(({ target }) => target);
    const open = new Set(this.#open().map((name) => slotOfKey(name.split(' ')[0] ?? '')));
    const delivered = [...this.#ledger].findLast(
      ([versionId, { key }]) =>
        targets.includes(key.split('/')[0] ?? '') &&
        open.has(slotOfKey(key)) &&
        this.#aws.buckets.upload.find(key, versionId)?.tags['fairlead-outcome'] === 'delivered',
    );
    if (delivered === undefined) return undefined;
    const { key, body, meaning } = delivered[1];
    return this.#upload({ key, body, meaning, metadata: {} });
  }

  async #sweepNowAndThen(going: () => boolean): Promise<void> {
    const chance = this.#chance('sweeps');
    while (going()) {
      await sleep(chance.between(800, 2000));
      if (chance.chance(0.3) && this.pushes.onTheirWay() === 0) clock.put(chance.between(0, 4 * 60_000));
      await this.#sweep('minutes');
    }
  }

  /** No faults any more; the clock goes on until nothing is left to do. Gives what still waits then. */
  async calm(): Promise<readonly string[]> {
    let before = '';
    for (let round = 0; round < ROUNDS; round++) {
      await this.#untilIdle();
      const waiting = await this.#waiting();
      if (waiting.length === 0) return [];
      this.log('waits', { waiting });
      if (waiting.join() !== before) round = 0;
      before = waiting.join();
      if (waiting.every((what) => what.includes('.prov'))) clock.put(untilQuarterOfTomorrow());
      else clock.put(SWEEP_STEP_MILLISECONDS);
      for (const put of this.#ledger.values()) if (put.told === 'not yet') put.told = 'not sure';
      await this.#sweep('hours');
      await this.#sweep('minutes');
    }
    return this.#waiting();
  }

  async evidence(): Promise<Evidence> {
    const ledger = new Map(
      [...this.#ledger].map(([versionId, { meaning, time, sequencer, told }]) => {
        const known: Told = { time, sequencer: told === 'told' ? sequencer : undefined };
        return [versionId, { meaning, told: known }] as const;
      }),
    );
    const versions = await readBucket(clients.s3(this.#aws.environment), BUCKETS.upload, ledger);
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
        if (treatment === 'lost' || treatment === 'late') this.#tell(body, 'not sure');
        return treatment;
      },
      done: (body: string) => this.#tell(body, 'told'),
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

  /** What was told before the upload was answered. */
  readonly #early = new Map<string, Put['told']>();

  /** S3's own event has arrived, or may not have in time; nobody else's words tell a sequencer. */
  #tell(body: string, told: 'told' | 'not sure'): void {
    const event = JSON.parse(body) as { source?: string; detail?: { object?: Record<string, string> } };
    if (event.source !== 'aws.s3') return;
    const versionId = event.detail?.object?.['version-id'] ?? '';
    const put = this.#ledger.get(versionId);
    if (put === undefined) this.#early.set(versionId, told);
    else if (put.told === 'not yet') put.told = told;
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

  /** Uploads without an outcome, and what the table's lists still hold. */
  async #waiting(): Promise<string[]> {
    return [...this.#open(), ...(await this.#lists())];
  }

  async #lists(): Promise<string[]> {
    const lists = ['received', ...PLACES.map(({ repository, branch }) => `waiting#${repository}#${branch}`)];
    const listed = await Promise.all([...new Set(lists)].map((name) => listPartition(this.#aws, name)));
    return listed.flat();
  }

  #open(): string[] {
    return this.#aws.buckets.upload
      .keys('')
      .flatMap(([, all]) => all)
      .filter(({ tags }) => tags['fairlead-outcome'] === undefined)
      .map(({ key, versionId }) => `${key} ${versionId}`);
  }
}

/** Evidence without a package waits a day for it, looked at each quarter of an hour. Milliseconds. */
function untilQuarterOfTomorrow(): number {
  const quarter = 15 * 60_000;
  const tomorrow = Date.now() + 24 * 3600_000;
  return Math.ceil(tomorrow / quarter) * quarter + 100 - Date.now();
}
