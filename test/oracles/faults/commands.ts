import { prove } from '../../../cli/proving.ts';
import { digestOfCommand, type UnprovenCommand, type Verb } from '../../../lib/commands/command.ts';
import { REGION } from '../../../local/aws/aws.ts';
import type { Installation } from './installation.ts';
import type { Ledger, Put } from './ledger.ts';
import type { Random } from './random.ts';
import { readKey } from './reading.ts';
import { type ReadScope, readCommandKey, readVerb, scopeName, scopeOf } from './reading-commands.ts';
import { type MadeUpload, VERSIONS } from './uploads.ts';
import { INSTALLATION, MANIFESTS, NAMESPACES, PLACES, type Place } from './world.ts';

/** How often a burst of uploads comes with a command about one of them, and when. */
const OFTEN = 0.7;
const WHEN = ['before', 'with', 'after'] as const;
export type When = (typeof WHEN)[number];
/** How often what is frozen is thawed, where anything is. */
const THAWS = 0.45;
/** How often a release is taken back, where one has been delivered twice. */
const STEPS_BACK = 0.5;
/** How often a command is none, and how often one is put twice. */
const BAD = 0.08;
const TWICE = 0.08;

interface Release {
  readonly namespace: string;
  readonly release: string;
}

export interface CommandParts {
  readonly chance: Random;
  readonly installation: Installation;
  readonly ledger: Ledger;
}

/** People who give commands about what is being uploaded. */
export class Commands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** Somebody's command about one of these uploads, if any, and when it is to be given. */
  async about(burst: readonly MadeUpload[]): Promise<{ when: When; commands: readonly MadeUpload[] }> {
    const { chance } = this.#parts;
    const when = chance.pick(WHEN);
    const releases = burst.flatMap(({ key }) => {
      const slot = readKey(key);
      const place = PLACES.find(({ target }) => target === slot?.target);
      // Keys of bad uploads may name what nobody could command.
      const isOurs = slot?.part !== 'manifest' && NAMESPACES.some((one) => one === slot?.namespace);
      return slot === undefined || slot.part === 'manifest' || place === undefined || !isOurs
        ? []
        : [{ place, release: { namespace: slot.namespace, release: slot.release } }];
    });
    if (!chance.chance(OFTEN) || releases.length === 0) return { when, commands: [] };
    const { place, release } = chance.pick(releases);
    const made = await this.#make(place, release);
    return { when, commands: chance.chance(TWICE) ? [made, made] : [made] };
  }

  /** Lifts all that is frozen, as far as nobody has surely done so. */
  async thaw(): Promise<readonly MadeUpload[]> {
    const thaws: MadeUpload[] = [];
    for (const { target, scope } of this.#frozen('surely'))
      thaws.push(await this.#document(target, { kind: 'unfreeze', scope }));
    return thaws;
  }

  async #make(place: Place, release: Release): Promise<MadeUpload> {
    const { chance } = this.#parts;
    const { target } = place;
    const frozen = this.#frozen('as far as is known');
    if (chance.chance(BAD)) return this.#bad(target, release);
    if (frozen.length > 0 && chance.chance(THAWS)) {
      const { target: of, scope } = chance.pick(frozen);
      return this.#document(of, { kind: 'unfreeze', scope });
    }
    if (chance.chance(STEPS_BACK)) {
      const back = this.#rollback(place, release);
      if (back !== undefined) return this.#document(back.target, back.verb);
    }
    return this.#document(target, this.#verb(place, release));
  }

  #verb(place: Place, release: Release): Verb {
    const { chance } = this.#parts;
    const dice = chance.next();
    if (dice < 0.05) return { kind: 'rollback', release };
    if (dice < 0.35) return { kind: 'freeze', scope: { kind: 'release', ...release }, reason: 'a sale' };
    if (dice < 0.43) return { kind: 'freeze', scope: { kind: 'target' } };
    if (dice < 0.75) return { kind: 'remove', what: { kind: 'release', ...release } };
    if (dice < 0.85) return { kind: 'remove', what: { kind: 'manifest', path: chance.pick(MANIFESTS) } };
    const from = chance.pick(PLACES.filter(({ target }) => target !== place.target)).target;
    return { kind: 'promote', from, release, force: { reason: 'seen by Ann' } };
  }

  /** Of this release, where it had two charts, or of one that had; undefined: none has. */
  #rollback(place: Place, release: Release): { readonly target: string; readonly verb: Verb } | undefined {
    const { chance, ledger } = this.#parts;
    const delivered = ledger.puts().flatMap(([versionId, { key }]) => {
      const tags = ledger.find(key, versionId)?.tags;
      const commit = tags?.['fairlead-outcome'] === 'delivered' ? tags['fairlead-commit'] : undefined;
      const slot = readKey(key);
      return commit === undefined || slot?.part !== 'chart' ? [] : [{ slot, commit }];
    });
    const several = [
      ...Map.groupBy(delivered, ({ slot: of }) => `${of.target}/${of.namespace}/${of.release}`),
    ].filter(([, all]) => new Set(all.map(({ commit }) => commit)).size > 1);
    if (several.length === 0) return undefined;
    const name = `${place.target}/${release.namespace}/${release.release}`;
    const [, charts] = several.find(([of]) => of === name) ?? chance.pick(several);
    const { slot, commit } = chance.pick(charts);
    const of = { namespace: slot.namespace, release: slot.release };
    const dice = chance.next();
    const to = dice < 0.5 ? undefined : dice < 0.75 ? chance.pick(VERSIONS) : commit.slice(0, 12);
    const verb: Verb = { kind: 'rollback', release: of, ...(to === undefined ? {} : { to }) };
    return { target: slot.target, verb };
  }

  /** Nobody's, or not what it says. */
  async #bad(target: string, release: Release): Promise<MadeUpload> {
    const { chance } = this.#parts;
    const id = this.#id();
    const verb: Verb = { kind: 'rollback', release };
    const makers: (() => Promise<Buffer>)[] = [
      async () => Buffer.from('no command at all'),
      async () => this.#body({ ...this.#asked(target, id, verb), target: 'elsewhere' }),
      async () => this.#body(this.#asked(target, id, verb), this.#asked(target, this.#id(), verb)),
      async () => this.#body({ ...this.#asked(target, id, verb), installation: 'another' }),
    ];
    return { key: keyOf(target, id), body: await chance.pick(makers)(), meaning: 'bad alone', metadata: {} };
  }

  async #document(target: string, verb: Verb): Promise<MadeUpload> {
    const id = this.#id();
    const body = await this.#body(this.#asked(target, id, verb));
    return { key: keyOf(target, id), body, meaning: 'good', metadata: {} };
  }

  #asked(target: string, id: string, verb: Verb): UnprovenCommand {
    return { schema: 1, id, installation: INSTALLATION, target, at: new Date().toISOString(), verb };
  }

  /** Signed for the port that STS is at: the proxy before it asks there by its own name. */
  async #body(asked: UnprovenCommand, proven = asked): Promise<Buffer> {
    const { keys, environment } = this.#parts.installation.aws;
    const signing = { credentials: keys, region: REGION, environment };
    const proof = await prove(digestOfCommand(proven), signing, new Date());
    return Buffer.from(JSON.stringify({ ...asked, proof }));
  }

  #id(): string {
    const hex = (length: number) =>
      Array.from({ length }, () => this.#parts.chance.below(16).toString(16)).join('');
    return [8, 4, 4, 4, 12].map(hex).join('-');
  }

  /**
   * What commands have frozen and none has thawed.
   * @param how `surely`: also what may be thawed, where nobody knows whose command counts as the later one
   */
  #frozen(how: 'surely' | 'as far as is known') {
    const given = this.#parts.ledger.puts().flatMap(([versionId, put]) => {
      const target = readCommandKey(put.key);
      if (target === undefined || put.meaning !== 'good') return [];
      const asked = readVerb(put.body);
      const scope = scopeOf(asked);
      const outcome = this.#parts.ledger.find(put.key, versionId)?.tags['fairlead-outcome'];
      const open = how === 'as far as is known' && outcome === undefined;
      const counts = open || outcome === 'done' || outcome === 'delivered';
      return scope === undefined || !counts ? [] : [{ target, scope, asked, put }];
    });
    const found = new Map<string, { readonly target: string; readonly scope: ReadScope }>();
    for (const { target, scope, asked, put } of given) {
      if (asked.kind === 'unfreeze') continue;
      const name = scopeName(target, scope);
      const thawed = given.some(
        (other) =>
          other.asked.kind === 'unfreeze' &&
          scopeName(other.target, other.scope) === name &&
          (how === 'surely' ? isSurelyLater(other.put, put) : other.put.moment.step > put.moment.step),
      );
      if (!thawed) found.set(name, { target, scope });
    }
    return [...found.values()];
  }
}

const keyOf = (target: string, id: string): string => `.commands/${target}/${id}.json`;

const isSurelyLater = (a: Put, b: Put): boolean =>
  a.time > b.time ||
  (a.told === 'told' && b.told === 'told' && a.moment.step > b.moment.step && a.time === b.time);
