import type { Publisher } from '../../config/publishers.ts';
import { type Reason, reason } from '../reasons.ts';
import { isPlaceOf, type PackagePlace, placesText, whyNotAllowed } from './allowed.ts';
import { openBundle } from './bundle.ts';
import { openProvenance } from './provenance.ts';
import { nameOfSigner, type Signer } from './signer.ts';
import { aboutPackage } from './statement.ts';

/** A package with the key that it lies under. */
export interface SignedPackage extends PackagePlace {
  readonly bytes: Buffer;
  readonly fileName: string;
}

/** A file beside it, as text; `unfit`: it is there, and is not read. */
export type EvidenceFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unfit'; readonly problem: string };

/** The files beside it; absent: none is there. */
export interface EvidenceFiles {
  /** `<package>.sigstore.json` */
  readonly sigstore?: EvidenceFile | undefined;
  /** `<package>.prov` */
  readonly provenance?: EvidenceFile | undefined;
}

export type Trust =
  /** By somebody whom the target lets sign, or, where it asks for none, by whom it is. */
  | { readonly kind: 'signed'; readonly signer: Signer }
  /** The target asks for no signature. `warnings`: what lies beside the package and proves nothing. */
  | { readonly kind: 'not-asked'; readonly warnings: readonly Reason[] }
  | {
      readonly kind: 'refused';
      readonly reasons: readonly Reason[];
      /** `may-come`: what would prove it may still be on its way. */
      readonly because: 'may-come' | 'signed-otherwise';
    };

/**
 * What the evidence beside a package proves, without asking anybody. Any one publisher of the target suffices; what is
 * signed for one place counts in no other, whoever signed it.
 */
export async function judgeTrust(
  uploaded: SignedPackage,
  evidence: EvidenceFiles,
  publishers: readonly Publisher[] | undefined,
): Promise<Trust> {
  if (publishers === undefined) return namedOnly(uploaded, evidence);
  const kinds = new Set(publishers.map(({ kind }) => kind));
  const proofs = [
    ...(kinds.has('sigstore') && evidence.sigstore !== undefined
      ? await sigstoreProofs(uploaded, evidence.sigstore, rootsOf(publishers))
      : []),
    ...(evidence.provenance === undefined
      ? []
      : await provenanceProofs(uploaded, evidence.provenance, keyringsOf(publishers))),
  ];
  const refusals: Proof[] = [];
  for (const proof of proofs) {
    if (proof.kind === 'unproven') {
      refusals.push(proof);
      continue;
    }
    const why = await whyNotAllowed(publishers, proof.signer, uploaded);
    if (why === undefined) return { kind: 'signed', signer: proof.signer };
    const words = { signer: nameOfSigner(proof.signer), target: uploaded.target, why };
    refusals.push({
      ...proof,
      kind: 'unproven',
      reason: reason('signer-not-allowed', words),
      bytes: 'these',
    });
  }
  const reasons = refusals.flatMap((proof) => (proof.kind === 'unproven' ? [proof.reason] : []));
  const isWhole =
    (!kinds.has('sigstore') || evidence.sigstore !== undefined) &&
    (!kinds.has('provenance') || evidence.provenance !== undefined);
  const isAboutThese = refusals.every((proof) => proof.kind === 'unproven' && proof.bytes === 'these');
  return {
    kind: 'refused',
    reasons: reasons.length > 0 ? reasons : [missing(uploaded, kinds)],
    because: isWhole && isAboutThese ? 'signed-otherwise' : 'may-come',
  };
}

/**
 * Of a target that asks for nothing: whoever would mislead it would leave the signature out, so that a wrong one is no
 * worse than none, and worth a warning.
 */
async function namedOnly(uploaded: SignedPackage, { sigstore }: EvidenceFiles): Promise<Trust> {
  const [proof] = sigstore === undefined ? [] : await sigstoreProofs(uploaded, sigstore, [undefined]);
  if (proof === undefined) return { kind: 'not-asked', warnings: [] };
  if (proof.kind === 'proven') return { kind: 'signed', signer: proof.signer };
  const { message: problem } = proof.reason;
  return {
    kind: 'not-asked',
    warnings: [reason('signature-unproven', { problem, target: uploaded.target })],
  };
}

type Proof =
  | { readonly kind: 'proven'; readonly signer: Signer }
  | {
      readonly kind: 'unproven';
      readonly reason: Reason;
      /** Whether it is known to be about this very package; else the right one may follow. */
      readonly bytes: 'these' | 'perhaps-others';
    };

const wrong = (file: string, problem: string): Proof => ({
  kind: 'unproven',
  reason: reason('signature-wrong', { file, problem }, { file }),
  bytes: 'perhaps-others',
});

const rootsOf = (publishers: readonly Publisher[]): readonly (string | undefined)[] => [
  ...new Set(publishers.flatMap((one) => (one.kind === 'sigstore' ? [one.trustedRoot] : []))),
];
const keyringsOf = (publishers: readonly Publisher[]): readonly string[] => [
  ...new Set(publishers.flatMap((one) => (one.kind === 'provenance' ? [one.keyring] : []))),
];

/** In a record. */
const PLACES_KEPT = 20;

/** One proof of the first root that it holds by; else what the first says. */
async function sigstoreProofs(
  uploaded: SignedPackage,
  evidence: EvidenceFile,
  roots: readonly (string | undefined)[],
): Promise<readonly Proof[]> {
  const file = `${uploaded.fileName}.sigstore.json`;
  if (evidence.kind === 'unfit') return [wrong(file, evidence.problem)];
  const proofs: Proof[] = [];
  for (const root of roots) {
    const proof = await sigstoreProof(uploaded, evidence.text, root, file);
    if (proof.kind === 'proven' || proof.bytes === 'these') return [proof];
    proofs.push(proof);
  }
  return proofs.slice(0, 1);
}

async function sigstoreProof(
  uploaded: SignedPackage,
  text: string,
  root: string | undefined,
  file: string,
): Promise<Proof> {
  const opened = await openBundle(text, uploaded.bytes, root);
  if (opened.kind === 'unproven') return wrong(file, opened.problem);
  const { signer, statement } = opened;
  if (statement === undefined) return { kind: 'proven', signer };
  const about = aboutPackage(statement, uploaded.bytes);
  if (about.kind === 'about-others') return wrong(file, 'what it is about are other bytes');
  const { places } = about;
  if (places.length === 0) return { kind: 'proven', signer };
  if (places.some((one) => isPlaceOf(one, uploaded)))
    return { kind: 'proven', signer: { ...signer, places: places.slice(0, PLACES_KEPT) } };
  const words = {
    meant: placesText(places),
    found: `${uploaded.target}/${uploaded.namespace}/${uploaded.release}`,
  };
  return { kind: 'unproven', reason: reason('signed-for-elsewhere', words, { file }), bytes: 'these' };
}

async function provenanceProofs(
  uploaded: SignedPackage,
  evidence: EvidenceFile,
  keyrings: readonly string[],
): Promise<readonly Proof[]> {
  const file = `${uploaded.fileName}.prov`;
  if (evidence.kind === 'unfit') return [wrong(file, evidence.problem)];
  const proofs: Proof[] = [];
  for (const keyring of keyrings) {
    const opened = await openProvenance(evidence.text, uploaded, keyring);
    switch (opened.kind) {
      case 'proven':
        return [opened];
      case 'unproven':
        proofs.unshift(wrong(file, opened.problem));
        break;
      case 'unknown-key':
        proofs.push(wrong(file, `its key ${opened.keyId} is in no keyring of the target`));
    }
  }
  return proofs.slice(0, 1);
}

function missing({ target }: SignedPackage, kinds: ReadonlySet<Publisher['kind']>): Reason {
  const wanted = [
    ...(kinds.has('sigstore') ? ['.sigstore.json'] : []),
    ...(kinds.has('provenance') ? ['.prov'] : []),
  ];
  return reason('signature-missing', { target, wanted: wanted.join(' or ') });
}
