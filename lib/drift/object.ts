import type { RenderedObject } from '../charts/render-request.ts';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../objects/objects.ts';
import { comparison } from './compare/comparison.ts';
import { filled } from './compare/filled.ts';
import { METADATA } from './compare/metadata.ts';
import { asApplied, contentOf, metadataOf } from './compare/normal.ts';
import type { Parents, Visitor } from './compare/visitor.ts';
import type { ObjectRules } from './deployer-rules/ignore-rules.ts';
import { excuseOf, undeclaredExcuseOf } from './excuses/excuses.ts';
import { isWithin, type Scaling } from './excuses/replicas.ts';
import { digestOfAdmitted, groupOfAdmitted, looksAdmitted } from './ownership/admission.ts';
import { attributionOf } from './ownership/attribution.ts';
import { OwnControllers } from './ownership/own-controllers.ts';
import { Owners, type Writer } from './ownership/owners.ts';
import { holdsSecret } from './ownership/sensitive.ts';
import { platformReason } from './ownership/writers/catalogue.ts';
import { formatPath, Trail } from './path.ts';
import { ANY, type Schema } from './schema.ts';
import type { Attribution, Finding, ObjectVerdict } from './verdicts.ts';
import { deletionOf, foreignOf } from './whole-object.ts';

/** What one object is judged with. */
export interface ObjectContext {
  readonly schema: Schema | undefined;
  /** Field managers of the target's deployer. */
  readonly deployers: ReadonlySet<string>;
  /**
   * `required`: an object without an entry of the deployer is a finding in itself (rule 6). `optional`: it may have
   * been written by other means, or recorded without owners.
   */
  readonly ownership: 'required' | 'optional';
  /** What Git declares that scales this workload. */
  readonly scaling?: Scaling | undefined;
  /** What the deployer was told to leave alone, as far as it concerns this object. */
  readonly ignore?: ObjectRules | undefined;
  /** Digests of what admission put there, as kept since the rollout. */
  readonly admitted?: readonly string[] | undefined;
}

/** The verdict of one object that is declared and live. */
export function judgeObject(
  rendered: RenderedObject,
  found: KubernetesObject,
  context: ObjectContext,
): ObjectVerdict {
  const desired = filled(asApplied(rendered.object));
  const live = asApplied(found);
  const object = { ...referenceOf(live), apiVersion: desired.apiVersion };
  const judging = new Judging({ ...rendered, object: desired }, object, live, context);
  judging.judge();
  const { admission } = judging;
  const admitted = new Set(context.admitted);
  const unknown = judging.unowned.filter((finding) => !admitted.has(digestOfAdmitted(finding)));
  const findings = [...judging.findings, ...unknown];
  const notes =
    unknown.length < judging.unowned.length
      ? [...judging.notes, 'put there at admission, and unchanged since the rollout']
      : [...judging.notes];
  const kept = admission.length === 0 ? {} : { admission };
  return findings.length > 0
    ? { kind: 'drift', object, findings, ...kept }
    : { kind: 'in-sync', object, notes, ...kept };
}

const isDeclaredNull = (field: string | undefined, { desired }: Parents): boolean =>
  field !== undefined && desired !== undefined && Object.hasOwn(desired, field) && desired[field] === null;

const NO_PARENTS: Parents = { desired: undefined, live: {} };

class Judging implements Visitor {
  readonly trail = new Trail();
  readonly compare = comparison;
  readonly done = false;
  readonly root: JsonObject;
  readonly findings: Finding[] = [];
  /** What nobody owns, though owners are recorded: at admission, or by an unknown writer (rule 5). */
  readonly unowned: Finding[] = [];
  readonly notes = new Set<string>();
  readonly #rendered: RenderedObject;
  readonly #reference: ObjectReference;
  readonly #live: KubernetesObject;
  readonly #context: ObjectContext;
  readonly #owners: Owners;
  readonly #controllers: OwnControllers;
  readonly rewritten: boolean;
  readonly keepsNull: boolean;

  constructor(
    rendered: RenderedObject,
    reference: ObjectReference,
    live: KubernetesObject,
    context: ObjectContext,
  ) {
    this.#rendered = rendered;
    this.#reference = reference;
    this.#live = live;
    this.root = live as unknown as JsonObject;
    this.#context = context;
    this.#owners = new Owners(live);
    this.#controllers = new OwnControllers(live, this.#owners, context.deployers);
    this.rewritten = this.#isCustom() && this.#controllers.haveRewritten;
    this.keepsNull = this.#isCustom() && this.#controllers.haveKeptAsApplied;
  }

  judge(): void {
    const { object: desired } = this.#rendered;
    this.findings.push(...deletionOf(this.#reference, this.#live));
    if (this.#context.ownership === 'required')
      this.findings.push(
        ...foreignOf(
          this.#reference,
          this.#rendered,
          this.#live,
          this.#context.schema ?? ANY,
          this.#owners,
          this.#context.deployers,
        ),
      );
    const metadata = metadataOf(this.#live);
    this.trail.enter('metadata');
    comparison.value(metadataOf(desired), metadata, METADATA, NO_PARENTS, this);
    this.trail.leave();
    const schema = this.#context.schema ?? ANY;
    const content = contentOf(this.#live);
    const declared = contentOf(desired);
    comparison.value(declared, content, schema, { desired: declared, live: content }, this);
  }

  get admission(): readonly string[] {
    return this.unowned.map(digestOfAdmitted);
  }

  get writtenBy(): Visitor['writtenBy'] {
    const owners = this.#ownersHere();
    if (owners.every(({ manager }) => this.#context.deployers.has(manager))) return 'nobody';
    return this.#controllers.wrote(owners) ? 'own-controller' : 'others';
  }

  changed(desired: Json, live: Json | undefined, note?: string): void {
    const owners = this.#ownersHere();
    if (desired === null && this.#isByOwnController(owners, live)) return;
    const excuse = excuseOf({
      rendered: this.#rendered,
      root: this.#live,
      trail: this.trail,
      desired,
      live,
      owners,
      recorded: this.#owners.recorded,
      deployers: this.#context.deployers,
    });
    if (excuse !== undefined) {
      this.notes.add(excuse);
      return;
    }
    if (this.#isReplicas() && live !== undefined && isWithin(this.#context.scaling, live)) {
      this.notes.add(`spec.replicas is managed by a declared ${this.#context.scaling?.by}`);
      return;
    }
    this.#find('changed', { desired, ...(live === undefined ? {} : { live }) }, owners, note);
  }

  undeclared(live: Json, schema: Schema, parents: Parents): void {
    // Null in place of a default is a wish of its own, where a definition lets it.
    const isWish = live === null && schema.custom && schema.nullable && (schema.default ?? null) !== null;
    if (!isWish && (live === null || comparison.isDefault(live, schema, parents, this.root))) return;
    if (this.#isReplicas() && this.#isLeftOut(live)) return;
    const owners = isDeclaredNull(this.trail.field, parents) ? this.#ownersOverNull() : this.#ownersHere();
    const platform = platformReason(
      { live: this.#live, declared: this.#rendered.object },
      live,
      this.trail.plain(),
      owners,
      this.#context.deployers,
      this.#owners.recorded || this.#context.ownership === 'required' ? 'kept' : 'absent',
    );
    if (platform !== undefined) {
      this.notes.add(platform);
      return;
    }
    if (this.#descend(live, schema)) return;
    this.#undeclaredRoot(live, owners);
  }

  /** Into what is there by default and differs inside, and into maps, whose keys are findings of their own. */
  #descend(live: Json, schema: Schema): boolean {
    if (isJsonObject(live)) {
      if ((schema.kind === 'map' || schema.kind === 'struct') && schema.atomic) this.trail.enterAtomic();
      if (schema.kind === 'map') {
        if (Object.keys(live).length === 0) return false;
        for (const [name, value] of Object.entries(live)) this.#inside(name, value, schema.values, live);
        return true;
      }
      if (schema.kind !== 'struct') return false;
      const byDefault = !schema.pointer || schema.known !== undefined || schema.default !== undefined;
      if (!byDefault) return false;
      const before = this.findings.length;
      const quiet = this.notes.size;
      for (const [name, value] of Object.entries(live))
        this.#inside(name, value, schema.fields.get(name) ?? ANY, live);
      return this.findings.length > before || this.notes.size > quiet || Object.keys(live).length > 0;
    }
    if (Array.isArray(live) && schema.kind === 'list' && schema.match.kind === 'set') {
      for (const value of live) {
        this.trail.enterItem({ kind: 'value', value }, -1);
        this.undeclared(value, schema.items, NO_PARENTS);
        this.trail.leave();
      }
      return true;
    }
    return false;
  }

  #inside(name: string, value: Json, schema: Schema, live: JsonObject): void {
    this.trail.enter(name);
    this.undeclared(value, schema, { desired: undefined, live });
    this.trail.leave();
  }

  #undeclaredRoot(live: Json, owners: readonly Writer[]): void {
    const { deployers } = this.#context;
    const others = owners.filter(({ manager }) => !deployers.has(manager));
    if (this.#isByOwnController(owners, live)) return;
    const excuse = undeclaredExcuseOf(this.#rendered, this.trail, live, owners, deployers);
    if (excuse !== undefined) {
      this.notes.add(excuse);
      return;
    }
    if (owners.length > 0 && others.length === 0) {
      this.#find('changed', { live }, owners, 'gone from Git, still live');
      return;
    }
    this.#find('added', { live }, owners);
  }

  #find(
    verdict: 'changed' | 'added',
    sides: { readonly desired?: Json; readonly live?: Json },
    owners: readonly Writer[],
    note?: string,
  ): void {
    const path = this.trail.path();
    const at = formatPath(path);
    const managers = owners.map(({ manager }) => manager);
    const ignored = this.#context.ignore?.ignores({ path, at, ...sides }, managers);
    if (ignored !== undefined) {
      this.notes.add(ignored);
      return;
    }
    const first = path[0];
    const secret = holdsSecret(this.#live, path);
    const attribution: Attribution = attributionOf(
      owners,
      this.#context.deployers,
      this.#owners,
      sides.live === undefined,
    );
    // A key of a Secret or ConfigMap may be unowned for other reasons, and nobody admits one.
    const keyed = first?.kind === 'field' && (first.name === 'data' || first.name === 'binaryData');
    const admitted =
      !keyed && looksAdmitted(verdict, sides.desired, owners, this.#owners, this.#context.deployers);
    const shown = { verdict, object: this.#reference, path, at, ...(secret ? {} : sides) };
    (admitted && verdict === 'added' ? this.unowned : this.findings).push({
      ...shown,
      secret,
      attribution,
      ...(admitted ? { group: groupOfAdmitted(shown) } : {}),
      ...(note === undefined ? {} : { note }),
    });
  }

  /** Those who own the place in hand. What was written through another version of the kind shows no owner here. */
  #ownersHere(): readonly Writer[] {
    const path = this.trail.ownedPath();
    const owners = this.#owners.of(path);
    if (owners.length > 0) return owners;
    const last = path.at(-1);
    // PodSpec keeps its deprecated `serviceAccount` and this one alike; an apply records the name that it used.
    if (last?.kind === 'field' && last.name === 'serviceAccountName') {
      const byOldName = this.#owners.of([...path.slice(0, -1), { kind: 'field', name: 'serviceAccount' }]);
      if (byOldName.length > 0) return byOldName;
    }
    const [first] = this.trail.plain();
    if (first === 'metadata') return owners;
    return this.#owners.writers.filter(
      ({ apiVersion, subresource }) => apiVersion !== this.#live.apiVersion && subresource === undefined,
    );
  }

  /** A declared null is recorded for the deployer, and is no wish for what is there; what is below it is. */
  #ownersOverNull(): readonly Writer[] {
    const { deployers } = this.#context;
    const below = this.#owners.below(this.trail.ownedPath());
    return this.#ownersHere().filter((owner) => !deployers.has(owner.manager) || below.includes(owner));
  }

  #isReplicas(): boolean {
    if (this.trail.depth !== 2 || this.trail.field !== 'replicas') return false;
    if (this.trail.plain()[0] !== 'spec') return false;
    return !this.#isCustom() || this.#context.scaling !== undefined || this.#live.kind === 'Rollout';
  }

  /** Left out of Git on purpose: scaled by an HPA or by hand. Zero is an outage, unless a ScaledObject allows it. */
  #isLeftOut(live: Json): boolean {
    return live !== 0 || this.#context.scaling?.toZero === true;
  }

  #isCustom(): boolean {
    return this.#context.schema?.custom ?? true;
  }

  /** A custom resource's own controller may put things where Git leaves room: a note. */
  #isByOwnController(owners: readonly Writer[], live: Json | undefined): boolean {
    if (!this.#isCustom() || !this.#controllers.filledIn(this.trail.plain(), live, owners)) return false;
    this.notes.add(`${formatPath(this.trail.path())} was added by the kind's own controller`);
    return true;
  }
}
