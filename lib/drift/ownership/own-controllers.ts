import type { Json, KubernetesObject } from '../../objects/objects.ts';
import { asksDeployers, isPerson, leavesSpecToGit } from './managers.ts';
import type { Owners, Writer } from './owners.ts';
import { isSensitive } from './sensitive.ts';

/**
 * The controllers whose kind a custom resource is: those that also write its status. Whoever may write a status can pass
 * for one, so that they are let do no more than fill in what decides nothing.
 */
export class OwnControllers {
  readonly #live: KubernetesObject;
  readonly #owners: Owners;
  readonly #deployers: ReadonlySet<string>;
  #names: ReadonlySet<string> | undefined;

  constructor(live: KubernetesObject, owners: Owners, deployers: ReadonlySet<string>) {
    this.#live = live;
    this.#owners = owners;
    this.#deployers = deployers;
  }

  /**
   * Whether they alone put this there, and may: they fill in fields where Git leaves room. What runs is none of theirs,
   * nor an item beside those that Git lists, nor the spec of an object that no controller adds to, nor a wish that
   * the deployer leave the object alone.
   */
  filledIn(place: readonly string[], live: Json | undefined, owners: readonly Writer[]): boolean {
    return (
      !isSensitive(place, live) &&
      (place[0] === 'metadata'
        ? !asksDeployers(place.at(-1) ?? '')
        : place.at(-1) !== '*' && !leavesSpecToGit(this.#live)) &&
      this.wrote(owners)
    );
  }

  /** One of them has written the spec as a typed client does: Go's zero values are left out. */
  get haveRewritten(): boolean {
    const spec = this.#owners.of([{ kind: 'field', name: 'spec' }]);
    return spec.some(
      ({ manager, operation }) =>
        operation === 'Update' && !this.#deployers.has(manager) && this.#has(manager),
    );
  }

  /** Whether what these own is theirs: nobody's else, but for the deployer. */
  wrote(owners: readonly Writer[]): boolean {
    const others = owners.filter(({ manager }) => !this.#deployers.has(manager));
    return others.length > 0 && others.every(({ manager }) => this.#has(manager));
  }

  /** The deployer applied it to the server, and none of them has sent the whole since. */
  get haveKeptAsApplied(): boolean {
    const { writers } = this.#owners;
    return (
      writers.some(({ manager, operation }) => operation === 'Apply' && this.#deployers.has(manager)) &&
      !writers.some(
        ({ manager, operation, subresource }) =>
          operation === 'Update' && subresource === undefined && this.#has(manager),
      )
    );
  }

  #has(manager: string): boolean {
    this.#names ??= this.#owners.controllers();
    return this.#names.has(manager) && !isPerson(manager);
  }
}
