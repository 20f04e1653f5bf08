import type { DesiredKustomization, DesiredRelease } from './state.ts';

/** Releases of one target that are rendered and judged. More is a mistake, or meant to take long. */
const RELEASES = 2000;
/** Characters of a name in a remark. */
const SHOWN = 60;

interface Placed {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What Kubernetes and Helm take for names (apimachinery, util/validation: DNS labels and subdomains). Nothing of another
 * name can be in a cluster; and names become keys.
 */
export const isPlace = ({ namespace, name }: Placed): boolean =>
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace) &&
  name.length <= 253 &&
  /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name);

export interface WellPlaced<Thing> {
  readonly kept: readonly Thing[];
  /** In words for people: what is left out, and why. */
  readonly remarks: readonly string[];
}

/** The first of them, as many as are rendered; the rest is one that is unknown. */
export function upToLimit<Thing extends Placed>(
  declared: readonly Thing[],
  restAs: (first: Thing, reason: string) => Thing,
): readonly Thing[] {
  const first = declared[RELEASES];
  if (first === undefined) return declared;
  const more = declared.length - RELEASES;
  const reason = `more than ${RELEASES} releases are declared: this one and ${more - 1} more are not judged`;
  return [...declared.slice(0, RELEASES), restAs(first, reason)];
}

/**
 * Each release under a name that only it has: its own, else that of the deployer's object, where two are called the same
 * (Flux may keep their records in different namespaces) or its own is none.
 */
export function wellPlacedReleases(releases: readonly DesiredRelease[]): WellPlaced<DesiredRelease> {
  const taken = new Set<string>();
  const kept: DesiredRelease[] = [];
  const remarks: string[] = [];
  for (const release of releases) {
    const own = release.deployedBy;
    const places: readonly Placed[] = [
      release,
      ...(own === undefined ? [] : [{ namespace: release.namespace, name: own.name }, own]),
    ];
    const place = places.find((each) => isPlace(each) && !taken.has(keyOf(each)));
    if (place === undefined) {
      remarks.push(notJudged('release', release, places.some(isPlace)));
      continue;
    }
    taken.add(keyOf(place));
    kept.push({ ...release, namespace: place.namespace, name: place.name });
  }
  return { kept, remarks: summed(remarks) };
}

export function wellPlacedKustomizations(
  declared: readonly DesiredKustomization[],
): WellPlaced<DesiredKustomization> {
  const remarks = declared.flatMap((each) =>
    isPlace(each) ? [] : [notJudged('Kustomization', each, false)],
  );
  return { kept: declared.filter(isPlace), remarks: summed(remarks) };
}

const keyOf = ({ namespace, name }: Placed): string => `${namespace}/${name}`;

function notJudged(what: string, place: Placed, isTwice: boolean): string {
  const name = JSON.stringify(keyOf(place).slice(0, SHOWN));
  return isTwice
    ? `the ${what} ${name} is declared more than once: only the first is judged`
    : `the ${what} ${name} has a name that Kubernetes does not take, and is not judged`;
}

/** Remarks that are told one by one. */
const REMARKS = 20;
const summed = (remarks: readonly string[]): readonly string[] =>
  remarks.length <= REMARKS
    ? remarks
    : [...remarks.slice(0, REMARKS), `and ${remarks.length - REMARKS} more are not judged`];
