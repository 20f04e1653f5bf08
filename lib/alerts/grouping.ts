import { alike, isByAdmission } from '../drift/rules/alike.ts';
import type { Finding } from '../drift/verdicts.ts';
import { formatReference, identityOf } from '../objects/objects.ts';

/** What is told in one paragraph: one finding, or the same in many objects. */
export interface Paragraph {
  readonly first: Finding;
  readonly findings: readonly Finding[];
  /** How many objects it is about. */
  readonly objects: number;
  readonly cause: 'admission' | 'somebody';
}

/** Objects that are named; of more, how many there are says as much. */
const NAMED = 5;

/** The same findings, each thing told once, in the order in which it first appears. */
export function paragraphsOf(findings: readonly Finding[]): readonly Paragraph[] {
  return alike(findings).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const objects = new Set(group.map(({ object }) => identityOf(object))).size;
    return [{ first, findings: group, objects, cause: isByAdmission(group) ? 'admission' : 'somebody' }];
  });
}

/** Where many releases are told as one, whose it is: `release shop/web`, `releases bank/web, shop/web and 7 more`. */
export function ownersOf({ findings }: Paragraph): string | undefined {
  const scopes = [...new Set(findings.flatMap(({ scope }) => scope ?? []))];
  const [first] = scopes;
  if (first === undefined) return undefined;
  if (!scopes.every((scope) => namespaceOf(scope) !== undefined)) return inWords(scopes);
  return `release${scopes.length === 1 ? '' : 's'} ${inWords(scopes)}`;
}

/** Where a scope's own release is: objects in that namespace need not name it. Undefined where it is none. */
export const namespaceOf = (scope: string): string | undefined =>
  scope.includes('/') && !scope.startsWith('manifests/') ? scope.slice(0, scope.indexOf('/')) : undefined;

const inWords = (names: readonly string[]): string =>
  `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;

/**
 * The objects of a paragraph, without their kind: `api, web in bank and 55 more`, `api, web in shop`, `web in bank, shop and
 * 58 more`; with whose they are, `web in releases bank/web, shop/web and 58 more`.
 */
export function namesOf(paragraph: Paragraph, inNamespace: string | undefined): string {
  const { findings } = paragraph;
  const owners = ownersOf(paragraph);
  const objects = [...new Map(findings.map(({ object }) => [identityOf(object), object])).values()];
  const of = owners === undefined ? '' : `, of ${owners}`;
  // Each is called like its release.
  if (
    owners !== undefined &&
    findings.every(({ object, scope }) => `${object.namespace}/${object.name}` === scope)
  )
    return owners;
  const [name, ...otherNames] = new Set(objects.map((object) => object.name));
  const [namespace, ...others] = new Set(objects.map((object) => object.namespace));
  const places = [namespace, ...others].flatMap((place) => place ?? []);
  if (otherNames.length === 0 && places.length === objects.length && places.length > 1)
    return `${name} in ${owners ?? inWords(places)}`;
  if (others.length === 0 && namespace !== undefined && namespace !== inNamespace)
    return `${inWords(objects.map((object) => object.name))} in ${namespace}${of}`;
  return `${inWords(objects.map((object) => formatReference(object, inNamespace).slice(object.kind.length + 1)))}${of}`;
}

/** Who did it, as far as that is the same for all of the paragraph. */
export function attributionOf({ first, findings }: Paragraph): Finding['attribution'] {
  const { attribution } = first;
  return findings.every((each) => each.attribution?.likely === attribution?.likely) ? attribution : undefined;
}
