import { createHash } from 'node:crypto';
import * as z from 'zod';

/** What an attestation says (in-toto attestation framework, "Statement"), as far as Fairlead asks. */
export interface Statement {
  readonly predicateType: string;
  readonly subjects: readonly { readonly name: string; readonly digests: ReadonlyMap<string, string> }[];
  /** What its predicate says in `fairlead`. */
  readonly meantFor?: { readonly target: string; readonly release?: string | undefined } | undefined;
}

/** The place that a statement names for a package. */
export interface NamedPlace {
  readonly target: string;
  readonly release?: { readonly namespace: string; readonly release: string };
}

const statement = z.object({
  _type: z.enum(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']),
  predicateType: z.string().min(1).max(500),
  subject: z
    .array(
      z.object({ name: z.string().max(2000).default(''), digest: z.record(z.string(), z.string().max(500)) }),
    )
    .min(1)
    .max(10_000),
  predicate: z.unknown(),
});
/** `{"fairlead": {"target": "production", "release": "shop/web"}}`, beside whatever else the predicate holds. */
const predicate = z.object({
  fairlead: z.object({ target: z.string().min(1).max(100), release: z.string().max(200).optional() }),
});

/** @returns undefined where it is no statement of in-toto */
export function statementIn(payload: Buffer): Statement | undefined {
  const { success, data } = statement.safeParse(jsonOf(payload));
  if (!success) return undefined;
  return {
    predicateType: data.predicateType,
    subjects: data.subject.map(({ name, digest }) => ({ name, digests: new Map(Object.entries(digest)) })),
    meantFor: predicate.safeParse(data.predicate).data?.fairlead,
  };
}

function jsonOf(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

export type About =
  | { readonly kind: 'about'; readonly places: readonly NamedPlace[] }
  | { readonly kind: 'about-others' };

/** Weaker digests prove nothing. */
const ALGORITHMS = ['sha512', 'sha384', 'sha256'] as const;

/** Whether it is about these bytes, and which places it means them for. */
export function aboutPackage({ subjects, meantFor }: Statement, bytes: Buffer): About {
  const own = new Map(ALGORITHMS.map((name) => [name, createHash(name).update(bytes).digest('hex')]));
  const about = subjects.filter(({ digests }) => {
    const known = ALGORITHMS.filter((name) => digests.has(name));
    return known.length > 0 && known.every((name) => digests.get(name) === own.get(name));
  });
  if (about.length === 0) return { kind: 'about-others' };
  const said =
    meantFor === undefined ? [] : [placeNamed([meantFor.target, ...releaseParts(meantFor.release)])];
  return { kind: 'about', places: [...said, ...about.flatMap(({ name }) => placeOfSubject(name))] };
}

const releaseParts = (release: string | undefined): string[] =>
  release === undefined ? [] : release.split('/');

/** A subject that is called like an upload's key is meant for that place; any other name is a file's. */
function placeOfSubject(name: string): NamedPlace[] {
  const [target = '', namespace = '', release = '', file, ...beyond] = name.split('/');
  const isKey = file?.endsWith('.tgz') === true && beyond.length === 0 && !target.includes(':');
  return isKey ? [placeNamed([target, namespace, release])] : [];
}

const placeNamed = ([target = '', namespace, release]: readonly string[]): NamedPlace =>
  namespace === undefined ? { target } : { target, release: { namespace, release: release ?? '' } };
