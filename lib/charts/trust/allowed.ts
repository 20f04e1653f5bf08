import type { Publisher, SigstorePublisher } from '../../config/publishers.ts';
import { digestOf } from '../../content/tree.ts';
import { fitsIdentity } from './identity-pattern.ts';
import { holdsKey } from './provenance.ts';
import type { Signer, SigstoreSigner } from './signer.ts';
import type { NamedPlace } from './statement.ts';

/** Which release a package is for. */
export interface PackagePlace {
  readonly target: string;
  readonly namespace: string;
  readonly release: string;
}

/** @returns why none of the publishers is this signer, in words, of the one that comes nearest; undefined: one is */
export async function whyNotAllowed(
  publishers: readonly Publisher[],
  signer: Signer,
  place: PackagePlace,
): Promise<string | undefined> {
  let nearest: Miss = { agreed: -1, because: 'nobody who signs in this way is among them' };
  for (const publisher of publishers) {
    const miss = await missOf(publisher, signer, place);
    if (miss === undefined) return undefined;
    if (miss.agreed > nearest.agreed) nearest = miss;
  }
  return nearest.because;
}

interface Miss {
  /** How much of it is as the publisher says. */
  readonly agreed: number;
  readonly because: string;
}

const OTHER_KIND: Miss = { agreed: -1, because: '' };

async function missOf(publisher: Publisher, signer: Signer, place: PackagePlace): Promise<Miss | undefined> {
  switch (publisher.kind) {
    case 'sigstore':
      return signer.kind === 'sigstore' ? missOfIdentity(publisher, signer, place) : OTHER_KIND;
    case 'provenance':
      if (signer.kind !== 'provenance') return OTHER_KIND;
      return (await holdsKey(publisher.keyring, signer.fingerprint))
        ? undefined
        : { agreed: 0, because: 'its key is in no keyring of theirs' };
  }
}

function missOfIdentity(
  publisher: SigstorePublisher,
  signer: SigstoreSigner,
  place: PackagePlace,
): Miss | undefined {
  const { trustedRoot } = publisher;
  const root = trustedRoot === undefined ? undefined : digestOf(trustedRoot);
  const checks: readonly (readonly [boolean, string])[] = [
    [signer.root === root, 'it is proven by another trusted root'],
    [signer.issuer === publisher.issuer, `the identity is vouched for by ${signer.issuer}`],
    [isIdentity(publisher, signer.identity), `the identity is ${signer.identity}`],
    [isRepository(publisher, signer.repository), `the repository is ${signer.repository ?? 'not named'}`],
    [agrees(publisher.ref, signer.ref), `the ref is ${signer.ref ?? 'not named'}`],
    [
      agrees(publisher.environment, signer.environment),
      `the environment is ${signer.environment ?? 'not named'}`,
    ],
    [
      signer.predicate === undefined || publisher.predicates.includes(signer.predicate),
      `the statement is of the type ${signer.predicate}`,
    ],
    [namesEnough(publisher, signer, place), whatIsNamed(signer)],
  ];
  const failing = checks.findIndex(([holds]) => !holds);
  return failing < 0 ? undefined : { agreed: failing, because: checks[failing]?.[1] ?? '' };
}

function isIdentity({ identity }: SigstorePublisher, found: string): boolean {
  return 'exact' in identity ? identity.exact === found : fitsIdentity(identity.glob, found);
}

function isRepository({ repository }: SigstorePublisher, found: string | undefined): boolean {
  if (repository === undefined) return true;
  return found === (repository.includes('://') ? repository : `https://github.com/${repository}`);
}

const agrees = (wanted: string | undefined, found: string | undefined): boolean =>
  wanted === undefined || wanted === found;

function namesEnough(
  { names }: SigstorePublisher,
  { places = [] }: SigstoreSigner,
  place: PackagePlace,
): boolean {
  const fitting = places.filter((named) => isPlaceOf(named, place));
  switch (names) {
    case 'package':
      return places.length === 0 || fitting.length > 0;
    case 'target':
      return fitting.length > 0;
    case 'release':
      return fitting.some(({ release }) => release !== undefined);
  }
}

export const isPlaceOf = ({ target, release }: NamedPlace, found: PackagePlace): boolean =>
  target === found.target &&
  (release === undefined || (release.namespace === found.namespace && release.release === found.release));

const PLACES_TOLD = 3;

export const placesText = (places: readonly NamedPlace[]): string =>
  places
    .slice(0, PLACES_TOLD)
    .map(({ target, release }) =>
      release === undefined ? target : `${target}/${release.namespace}/${release.release}`,
    )
    .join(', ');

const whatIsNamed = ({ places = [] }: SigstoreSigner): string =>
  places.length === 0
    ? 'what is signed names the bytes alone, and not the place that they are meant for'
    : `what is signed is meant for ${placesText(places)}`;
