import {
  groupOf,
  type Json,
  type KubernetesObject,
  type ObjectReference,
  partOf,
} from '../../objects/objects.ts';
import { isSensitive } from '../ownership/sensitive.ts';
import type { Finding } from '../verdicts.ts';
import { argoRules } from './argocd.ts';
import type { DeployerRule } from './deployer-rule.ts';
import { fluxRules } from './flux.ts';
import { isReached } from './reach.ts';

export { type Asked, askedOf } from './asked.ts';

/** The release that is judged, or none: then a target's own manifests are. */
export interface Deployed {
  readonly namespace: string;
  readonly name: string;
  /** The deployer's object for it, where that is known. */
  readonly deployedBy?: ObjectReference;
}

const DEPLOYERS = new Set(['HelmRelease', 'Application', 'Kustomization']);
const known = new WeakMap<readonly KubernetesObject[], readonly KubernetesObject[]>();

/** Looked for once a check, and not once a release. */
function deployersAmong(declared: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const found = known.get(declared) ?? declared.filter(({ kind }) => DEPLOYERS.has(kind));
  known.set(declared, found);
  return found;
}

/** The deployers' own ignore rules, as far as Git declares them. */
export class IgnoreRules {
  readonly #ofRelease: readonly DeployerRule[];
  /** Of each Kustomization and Application, by kind and name: their objects say whose they are. */
  readonly #byOwner = new Map<string, readonly DeployerRule[]>();

  constructor(declared: readonly KubernetesObject[], release: Deployed | undefined) {
    const ofRelease: DeployerRule[] = [];
    for (const object of deployersAmong(declared)) {
      const { kind, metadata, spec } = object;
      switch (`${kind}.${groupOf(object.apiVersion)}`) {
        case 'HelmRelease.helm.toolkit.fluxcd.io':
          if (release !== undefined && deploysByFlux(object, release))
            ofRelease.push(
              ...fluxRules(
                partOf(partOf(spec).driftDetection).ignore,
                'HelmRelease.spec.driftDetection.ignore',
              ),
            );
          break;
        case 'Application.argoproj.io':
          if (release === undefined)
            this.#byOwner.set(`Application/${metadata.name}`, argoRules(partOf(spec).ignoreDifferences));
          else if (deploysByArgo(object, release))
            ofRelease.push(...argoRules(partOf(spec).ignoreDifferences));
          break;
        case 'Kustomization.kustomize.toolkit.fluxcd.io':
          this.#byOwner.set(
            `Kustomization/${metadata.namespace ?? 'default'}/${metadata.name}`,
            fluxRules(partOf(spec).ignore, 'Kustomization.spec.ignore'),
          );
          break;
      }
    }
    this.#ofRelease = ofRelease;
  }

  /** What of them concerns one object. */
  of(desired: KubernetesObject, live: KubernetesObject): ObjectRules | undefined {
    // As Git marks it: a mark in the cluster could be another one's, whose rules are wider.
    const rules = [...this.#ofRelease, ...(this.#byOwner.get(ownerOf(desired)) ?? [])];
    const about = rules.filter((rule) => rule.selects(desired));
    return about.length === 0 ? undefined : new ObjectRules(about, desired, live);
  }
}

/** The rules about one object, with both sides of it at hand. */
export class ObjectRules {
  readonly #rules: readonly DeployerRule[];
  readonly #sides: { readonly desired: Json; readonly live: Json };

  constructor(rules: readonly DeployerRule[], desired: KubernetesObject, live: KubernetesObject) {
    this.#rules = rules;
    this.#sides = { desired: desired as unknown as Json, live: live as unknown as Json };
  }

  /** Why a difference is ignored, or undefined. @param managers who own the place */
  ignores(
    { path, at, live }: Pick<Finding, 'path' | 'at' | 'live'>,
    managers: readonly string[],
  ): string | undefined {
    // Anyone can take a manager's name: it alone excuses nothing of what runs and with which rights.
    const isPlain = !isSensitive(
      path.map((step) => (step.kind === 'field' ? step.name : '*')),
      live,
    );
    const rule = this.#rules.find(
      (one) =>
        isReached(one.places, path, this.#sides) ||
        (isPlain && managers.some((manager) => one.managers.includes(manager))),
    );
    return rule === undefined ? undefined : `${at} is ignored, as ${rule.from} says`;
  }

  /** Rules that name the whole object. */
  get whole(): string | undefined {
    const rule = this.#rules.find(({ places }) => places.some((place) => place.length === 0));
    return rule === undefined ? undefined : `left alone, as ${rule.from} says`;
  }

  /** Parts of rules that are not understood, in words: people should not think that they hold. */
  get unread(): readonly string[] {
    return this.#rules.flatMap(({ from, unread }) =>
      unread.map((what) => `${from}: ${what} is not understood here, and ignores nothing`),
    );
  }
}

/** fluxcd/helm-controller, api/v2: GetReleaseName, GetReleaseNamespace. */
function deploysByFlux({ metadata, spec }: KubernetesObject, release: Deployed): boolean {
  const own = metadata.namespace ?? 'default';
  if (release.deployedBy !== undefined)
    return release.deployedBy.name === metadata.name && (release.deployedBy.namespace ?? 'default') === own;
  const { releaseName, targetNamespace } = partOf(spec);
  const prefix = typeof targetNamespace === 'string' ? `${targetNamespace}-` : '';
  return (
    (releaseName ?? `${prefix}${metadata.name}`) === release.name &&
    (targetNamespace ?? own) === release.namespace
  );
}

function deploysByArgo({ metadata, spec }: KubernetesObject, release: Deployed): boolean {
  if (release.deployedBy !== undefined)
    return (
      release.deployedBy.name === metadata.name &&
      (metadata.namespace === undefined || release.deployedBy.namespace === metadata.namespace)
    );
  const { source, destination } = partOf(spec);
  const name = partOf(partOf(source).helm).releaseName ?? metadata.name;
  return name === release.name && partOf(destination).namespace === release.namespace;
}

/** What applies an object, as its marks say: kustomize-controller's labels, Argo CD's tracking id. */
function ownerOf({ metadata }: KubernetesObject): string {
  // Null where Git says so: a chart's empty `annotations:`.
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const name = labels['kustomize.toolkit.fluxcd.io/name'];
  if (name !== undefined)
    return `Kustomization/${labels['kustomize.toolkit.fluxcd.io/namespace'] ?? ''}/${name}`;
  const [application] = (annotations['argocd.argoproj.io/tracking-id'] ?? '').split(':');
  return `Application/${application?.split('_').at(-1) ?? ''}`;
}
