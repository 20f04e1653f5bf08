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
 * `api, web in bank and 55 more`, `web in bank, shop and 58 more`, `web in releases bank/web, shop/web and 58 more`: the
 * objects of a paragraph, without their kind.
 */
export function namesOf(paragraph: Paragraph, inNamespace: string | undefined): string {
  const { findings } = paragraph;
  const owners = ownersOf(paragraph);
  const objects = [...new Map(findings.map(({ object }) => [identityOf(object), object])).values()];
  const [first] = objects;
  const isOneName =
    first !== undefined &&
    objects.length > 1 &&
    objects.every(({ name, namespace }) => name === first.name && namespace !== undefined);
  if (isOneName)
    return `${first.name} in ${owners ?? inWords(objects.flatMap(({ namespace }) => namespace ?? []))}`;
  const names = objects.map((object) => formatReference(object, inNamespace).slice(object.kind.length + 1));
  return `${inWords(names)}${owners === undefined ? '' : `, of ${owners}`}`;
}

/** Who did it, as far as that is the same for all of the paragraph. */
export function attributionOf({ first, findings }: Paragraph): Finding['attribution'] {
  const { attribution } = first;
  return findings.every((each) => each.attribution?.likely === attribution?.likely) ? attribution : undefined;
}
