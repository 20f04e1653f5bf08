import { ObjectTooLarge, type VersionedStore } from '../../aws/objects.ts';
import { formatBytes, type Reason } from '../../charts/reasons.ts';
import type { Signer } from '../../charts/trust/signer.ts';
import type { EvidenceFile } from '../../charts/trust/trust.ts';
import type { Target } from '../../config/config.ts';
import type { UploadKey } from '../record/keys.ts';
import type { UploadBase } from '../record/record.ts';

/** What the evidence beside a package comes to. */
export type Signed =
  | { readonly kind: 'passes'; readonly signer?: Signer; readonly noticed?: readonly Reason[] }
  /** What would prove it may still come: within `judgeAgainSeconds` of the package. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

/** A signature with its certificates and what it states. Bytes. */
const EVIDENCE_BYTES = 256 * 1024;

/**
 * Reads the newest evidence beside a package, in whatever order the two came, and judges it. Who takes the package in
 * looks here, and whoever commits it has no more to do than to compare who signed.
 */
export async function signatureOf(
  { uploads, now }: { readonly uploads: Pick<VersionedStore, 'get'>; readonly now: () => Date },
  { key: text, receivedAt }: Pick<UploadBase, 'key' | 'receivedAt'>,
  key: Extract<UploadKey, { readonly kind: 'chart' }>,
  { publishers, judgeAgainSeconds }: Target,
  bytes: Buffer,
): Promise<Signed> {
  const [sigstore, provenance] = await Promise.all([
    evidenceAt(uploads, `${text}.sigstore.json`),
    // Whose keys count is said by a keyring, and there is none where nothing is asked.
    publishers?.some(({ kind }) => kind === 'provenance') ? evidenceAt(uploads, `${text}.prov`) : undefined,
  ]);
  if (publishers === undefined && sigstore === undefined) return { kind: 'passes' };
  const { judgeTrust } = await import('../../charts/trust/trust.ts');
  const trust = await judgeTrust({ ...key, bytes }, { sigstore, provenance }, publishers);
  switch (trust.kind) {
    case 'signed':
      return { kind: 'passes', signer: trust.signer };
    case 'not-asked':
      return { kind: 'passes', ...(trust.warnings.length === 0 ? {} : { noticed: trust.warnings }) };
    case 'refused': {
      const mayCome = now().getTime() < Date.parse(receivedAt) + judgeAgainSeconds * 1000;
      return trust.because === 'may-come' && mayCome
        ? { kind: 'waits' }
        : { kind: 'refused', reasons: trust.reasons };
    }
  }
}

/** Unreadable for good: an archive's storage class, or a key of the uploader's own. */
const NEVER_READABLE = /^(InvalidObjectState|InvalidRequest|KMS\..+)$/;

async function evidenceAt(
  uploads: Pick<VersionedStore, 'get'>,
  key: string,
): Promise<EvidenceFile | undefined> {
  try {
    const found = await uploads.get(key, { maxBytes: EVIDENCE_BYTES });
    return found === undefined ? undefined : { kind: 'text', text: found.body.toString('utf8') };
  } catch (error) {
    if (error instanceof ObjectTooLarge)
      return {
        kind: 'unfit',
        problem: `it has ${formatBytes(error.bytes)}; the limit is ${formatBytes(EVIDENCE_BYTES)}`,
      };
    const name = error instanceof Error ? error.name : '';
    if (NEVER_READABLE.test(name))
      return { kind: 'unfit', problem: `the bucket does not give it out (${name})` };
    throw error;
  }
}
