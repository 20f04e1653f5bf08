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

/** `api, web in bank and 55 more`, `web in bank, shop and 58 more`: the objects of a paragraph, without their kind. */
export function namesOf({ findings }: Paragraph, inNamespace: string | undefined): string {
  const objects = [...new Map(findings.map(({ object }) => [identityOf(object), object])).values()];
  const more = objects.length - NAMED;
  const left = more > 0 ? ` and ${more} more` : '';
  const [first] = objects;
  const isOneName =
    first !== undefined &&
    objects.length > 1 &&
    objects.every(({ name, namespace }) => name === first.name && namespace !== undefined);
  const names = objects
    .slice(0, NAMED)
    .map((object) =>
      isOneName ? object.namespace : formatReference(object, inNamespace).slice(object.kind.length + 1),
    );
  return `${isOneName ? `${first.name} in ` : ''}${names.join(', ')}${left}`;
}

/** Who did it, as far as that is the same for all of the paragraph. */
export function attributionOf({ first, findings }: Paragraph): Finding['attribution'] {
  const { attribution } = first;
  return findings.every((each) => each.attribution?.likely === attribution?.likely) ? attribution : undefined;
}
