import { createHash } from 'node:crypto';
import type { ProvenanceSigner } from './signer.ts';

export type Provenance =
  | { readonly kind: 'proven'; readonly signer: ProvenanceSigner }
  /** Its signature is of a key that the keyring has not. */
  | { readonly kind: 'unknown-key'; readonly keyId: string }
  | { readonly kind: 'unproven'; readonly problem: string };

const PROBLEM_LENGTH = 160;
/** Between the chart's metadata and the digests (helm, pkg/provenance/sign.go). */
const SEPARATOR = '\n...\n';

/**
 * Helm's provenance file: a clear-signed text which names the package file with its digest (helm.sh, "Helm Provenance
 * and Integrity").
 * @param keyring armoured public keys
 * @param fileName what the package's key ends in: the name that has to be signed
 */
export async function openProvenance(
  text: string,
  { bytes, fileName }: { readonly bytes: Buffer; readonly fileName: string },
  keyring: string,
): Promise<Provenance> {
  // Loaded here and nowhere else, as where commits are signed.
  const { readCleartextMessage, readKeys, verify } = await import('openpgp');
  try {
    const message = await readCleartextMessage({ cleartextMessage: text });
    const keys = await readKeys({ armoredKeys: keyring });
    const [signing] = message.getSigningKeyIDs();
    if (signing === undefined) return unproven('it holds no signature');
    const key = keys.find((one) => one.getKeys(signing).length > 0);
    if (key === undefined) return { kind: 'unknown-key', keyId: signing.toHex() };
    const { signatures, data } = await verify({ message, verificationKeys: key });
    const [signature] = signatures.filter(({ keyID }) => keyID.equals(signing));
    if (signature === undefined) return unproven('it holds no signature');
    await signature.verified;
    const digest = createHash('sha256').update(bytes).digest('hex');
    const problem = problemOf(filesIn(data), fileName, digest);
    if (problem !== undefined) return unproven(problem);
    const name = await key.getPrimaryUser().then(
      ({ user }) => user.userID?.userID,
      () => undefined,
    );
    return {
      kind: 'proven',
      signer: {
        kind: 'provenance',
        fingerprint: key.getFingerprint(),
        ...(name === undefined ? {} : { name }),
      },
    };
  } catch (error) {
    return unproven(error instanceof Error ? error.message : 'it cannot be read');
  }
}

/** Whether one of the keys has this fingerprint. */
export async function holdsKey(keyring: string, fingerprint: string): Promise<boolean> {
  const { readKeys } = await import('openpgp');
  const keys = await readKeys({ armoredKeys: keyring }).catch(() => []);
  return keys.some((key) => key.getFingerprint() === fingerprint);
}

const unproven = (problem: string): Provenance => ({
  kind: 'unproven',
  problem: problem.slice(0, PROBLEM_LENGTH),
});

/** The files that a verified text names, with their digests; undefined where it is no provenance of helm. */
function filesIn(signed: string): ReadonlyMap<string, string> | undefined {
  const parts = signed.replaceAll('\r\n', '\n').split(SEPARATOR);
  const [first, ...lines] = (parts.length === 2 ? (parts[1] ?? '') : '').trimEnd().split('\n');
  if (first !== 'files:') return undefined;
  const files = new Map<string, string>();
  for (const line of lines) {
    const [, name, digest] = /^ {2}(\S{1,300}): sha256:([0-9a-f]{64})$/.exec(line) ?? [];
    // What helm signs beside it (images) is indented otherwise, or begins a list of its own.
    if (name === undefined || digest === undefined) break;
    files.set(name, digest);
  }
  return files;
}

function problemOf(files: ReadonlyMap<string, string> | undefined, fileName: string, digest: string) {
  if (files === undefined) return 'it is no provenance file of helm';
  const signed = files.get(fileName);
  if (signed === undefined)
    return `it is about ${[...files.keys()].slice(0, 3).join(', ')} and not ${fileName}`;
  return signed === digest ? undefined : 'the package has other bytes than were signed';
}
