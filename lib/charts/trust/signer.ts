import * as z from 'zod';

/** Who signed a package, as it was proven when it was received. All of it comes from a certificate or a key, none from the uploader. */
export const signer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sigstore'),
    /** Who vouched for the identity. */
    issuer: z.string(),
    /** Of the certificate: a workflow's address with its ref, or a mail address. */
    identity: z.string(),
    /** Address of the repository that the job was of, its ref and its commit. */
    repository: z.string().exactOptional(),
    ref: z.string().exactOptional(),
    commit: z.string().exactOptional(),
    environment: z.string().exactOptional(),
    /** Type of the signed statement; absent: a plain signature of the bytes. */
    predicate: z.string().exactOptional(),
    /** Which places the statement names: it counts in no other. */
    places: z
      .array(
        z.object({
          target: z.string(),
          release: z.object({ namespace: z.string(), release: z.string() }).exactOptional(),
        }),
      )
      .exactOptional(),
    /** Which trusted root it was proven by: digest of its text; absent: the public one. */
    root: z.string().exactOptional(),
  }),
  z.object({
    kind: z.literal('provenance'),
    /** Of the primary key, lower-case hexadecimal. */
    fingerprint: z.string(),
    /** What the keyring calls its owner. */
    name: z.string().exactOptional(),
  }),
]);

export type Signer = z.output<typeof signer>;
export type SigstoreSigner = Extract<Signer, { kind: 'sigstore' }>;
export type ProvenanceSigner = Extract<Signer, { kind: 'provenance' }>;

/** Longer is cut wherever it is written. Characters. */
const NAME_LENGTH = 300;

/** One line for people. */
export function nameOfSigner(signer: Signer): string {
  switch (signer.kind) {
    case 'sigstore':
      return `${signer.identity}, says ${signer.issuer}`.slice(0, NAME_LENGTH);
    case 'provenance':
      return `${signer.name ?? 'a key'} (${signer.fingerprint})`.slice(0, NAME_LENGTH);
  }
}

/**
 * The same for a commit's trailer: characters alone that no host acts on. An `@`, a `#` or a word before an address
 * would mention, close or link; what is replaced stands in the record.
 */
export const trailerOfSigner = (signer: Signer): string =>
  nameOfSigner(signer)
    .replace(/[^A-Za-z0-9._~:/?&=%+(), -]/g, '_')
    .replace(/\b(clos|fix|resolv|implement)/gi, '_$1')
    .trim();
