import { PutObjectCommand } from '@aws-sdk/client-s3';
import * as clients from '../../../lib/aws/clients.ts';
import { BUCKETS } from '../../../local/aws/aws.ts';
import type { Version } from '../../../local/aws/s3/bucket.ts';
import { Bare } from './bare.ts';
import type { GivenMoment, PutMoment, Told } from './evidence.ts';
import type { Installation } from './installation.ts';
import { targetOf } from './reading.ts';
import { readCommandKey } from './reading-commands.ts';
import type { MadeUpload, Meaning } from './uploads.ts';
import { PLACES } from './world.ts';

/** A proof is good for a quarter of an hour; of a command that is open for longer than this nobody knows. Milliseconds. */
const IN_TIME = 14 * 60_000;

export interface Put extends Pick<MadeUpload, 'key' | 'body'> {
  readonly meaning: Meaning;
  readonly time: string;
  readonly sequencer: string;
  readonly moment: PutMoment;
  /** Whether Fairlead has surely been told the sequencer. */
  told: 'not yet' | 'told' | 'not sure';
  /** Of a command. */
  given: GivenMoment | undefined;
}

/** What the suite has put into the bucket, and what it saw of it: each of its own doings has a step of its own. */
export class Ledger {
  readonly #installation: Installation;
  readonly #log: (what: string, details: Readonly<Record<string, unknown>>) => void;
  readonly #puts = new Map<string, Put>();
  /** What was told before the upload was answered. */
  readonly #early = new Map<string, Put['told']>();
  #step = 0;

  constructor(
    installation: Installation,
    log: (what: string, details: Readonly<Record<string, unknown>>) => void,
  ) {
    this.#installation = installation;
    this.#log = log;
  }

  get size(): number {
    return this.#puts.size;
  }

  puts(): readonly (readonly [versionId: string, put: Put])[] {
    return [...this.#puts];
  }

  /** @returns its version */
  async put({ key, body, meaning, metadata }: MadeUpload): Promise<string> {
    this.look();
    const step = ++this.#step;
    const tip = await this.#tipOf(key);
    const given: GivenMoment | undefined =
      readCommandKey(key) === undefined
        ? undefined
        : { seenEnded: undefined, delivered: this.#delivered(), proof: 'in time' };
    const { aws } = this.#installation;
    const put = new PutObjectCommand({
      Bucket: BUCKETS.upload,
      Key: key,
      Body: body,
      Metadata: { ...metadata },
    });
    const { VersionId = '' } = await clients.s3(aws.environment).send(put);
    const found = aws.buckets.upload.find(key, VersionId);
    const time = new Date(found?.at ?? 0).toISOString().replace(/\.\d+Z$/, '.000Z');
    const sequencer = found?.sequencer ?? '0';
    const told = this.#early.get(VersionId) ?? 'not yet';
    const moment = { step, tip };
    this.#puts.set(VersionId, { key, body, meaning, time, sequencer, told, moment, given });
    this.#log('uploaded', { key, versionId: VersionId, meaning, time, sequencer, moment });
    return VersionId;
  }

  /** Looks which commands have ended, and which have waited for too long to be believed. */
  look(): void {
    for (const [versionId, put] of this.#puts) {
      if (put.given === undefined || put.given.seenEnded !== undefined) continue;
      const found = this.find(put.key, versionId);
      if (found?.tags['fairlead-outcome'] !== undefined)
        put.given = { ...put.given, seenEnded: ++this.#step };
      else if (Date.now() - (found?.at ?? 0) > IN_TIME)
        put.given = { ...put.given, proof: 'may be too late' };
    }
  }

  /** S3's own event has arrived, or may not have in time; nobody else's words tell a sequencer. */
  tell(body: string, told: 'told' | 'not sure'): void {
    const event: { source?: string; detail?: { object?: Record<string, string> } } = JSON.parse(body);
    if (event.source !== 'aws.s3') return;
    const versionId = event.detail?.object?.['version-id'] ?? '';
    const put = this.#puts.get(versionId);
    if (put === undefined) this.#early.set(versionId, told);
    else if (put.told === 'not yet') put.told = told;
  }

  /** The clock was put forward: what was not told yet is found in another way. */
  untold(): void {
    for (const put of this.#puts.values()) if (put.told === 'not yet') put.told = 'not sure';
  }

  find(key: string, versionId: string): Version | undefined {
    return this.#installation.aws.buckets.upload.find(key, versionId);
  }

  /** Without an outcome, or with one that is none yet: `key version`. */
  open(): string[] {
    return this.#versions()
      .filter(({ tags }) => tags['fairlead-outcome'] === undefined)
      .map(({ key, versionId }) => `${key} ${versionId}`);
  }

  /** Versions that people keep from going. */
  frozen(): string[] {
    return this.#versions()
      .filter(({ tags }) => tags['fairlead-outcome'] === 'frozen')
      .map(({ versionId }) => versionId);
  }

  evidence(): ReadonlyMap<string, Pick<Put, 'meaning' | 'moment' | 'given'> & { readonly told: Told }> {
    this.look();
    return new Map(
      this.puts().map(([versionId, { meaning, moment, given, time, sequencer, told }]) => {
        const known: Told = { time, sequencer: told === 'told' ? sequencer : undefined };
        return [versionId, { meaning, moment, given, told: known }] as const;
      }),
    );
  }

  #versions(): readonly Version[] {
    return this.#installation.aws.buckets.upload.keys('').flatMap(([, all]) => all);
  }

  #delivered(): ReadonlySet<string> {
    return new Set(
      this.#versions()
        .filter(({ tags }) => tags['fairlead-outcome'] === 'delivered')
        .map(({ versionId }) => versionId),
    );
  }

  async #tipOf(key: string): Promise<string | undefined> {
    const place = PLACES.find(({ target }) => target === targetOf(key));
    if (place === undefined) return undefined;
    return new Bare(this.#installation.bareOf(place.repository)).tip(place.branch);
  }
}
