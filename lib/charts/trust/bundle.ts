import type { Bundle } from '@sigstore/bundle';
import type { SignedEntity } from '@sigstore/verify';
import { digestOf } from '../../content/tree.ts';
import publicGood from './public-good.json' with { type: 'json' };
import type { SigstoreSigner } from './signer.ts';
import { type Statement, statementIn } from './statement.ts';

/**
 * A Sigstore bundle (protobuf-specs, "sigstore_bundle.proto") whose signature, certificate, log entry and timestamps hold
 * by a trusted root, without asking anybody. Neither who signed is judged here nor, of an attestation, what it is about.
 */
export type Opened =
  | {
      readonly kind: 'opened';
      readonly signer: SigstoreSigner;
      /** What was signed; absent: the artifact itself. */
      readonly statement?: Statement;
    }
  | { readonly kind: 'unproven'; readonly problem: string };

const LOG_ENTRIES = 8;
const TIMESTAMPS = 8;
/** What a library's error says of somebody's bundle. Characters. */
const PROBLEM_LENGTH = 160;

/**
 * @param artifact what a plain signature is of
 * @param root text of a trusted_root.json; absent: that of the public Sigstore (`public-good.json`: the target
 *   `trusted_root.json` that npm's `@sigstore/tuf` 5.0.1 is published with, beside version 16 of Sigstore's TUF root)
 */
export async function openBundle(text: string, artifact: Buffer, root: string | undefined): Promise<Opened> {
  // Loaded here and nowhere else: most packages come without.
  const [{ bundleFromJSON }, { TrustedRoot }, { toSignedEntity, toTrustMaterial, Verifier }] =
    await Promise.all([
      import('@sigstore/bundle'),
      import('@sigstore/protobuf-specs'),
      import('@sigstore/verify'),
    ]);
  try {
    const trusted = TrustedRoot.fromJSON(root === undefined ? publicGood : JSON.parse(root));
    const bundle = bundleFromJSON(JSON.parse(text));
    const objection = objectionTo(bundle);
    if (objection !== undefined) return unproven(objection);
    const verifier = new Verifier(toTrustMaterial(trusted), {
      // What the root names is demanded; GitHub's own, for private repositories, has timestamps in place of logs.
      ctlogThreshold: trusted.ctlogs.length > 0 ? 1 : 0,
      tlogThreshold: trusted.tlogs.length > 0 ? 1 : 0,
      timestampThreshold: 1,
    });
    const { identity } = verifier.verify(withProvenTimes(toSignedEntity(bundle, artifact)));
    const { subjectAlternativeName, extensions, oids = [] } = identity ?? {};
    if (subjectAlternativeName === undefined || extensions?.issuer === undefined)
      return unproven('its certificate names nobody');
    const named = new Map(oids.map(({ oid, value }) => [oid?.id.join('.') ?? '', value]));
    const signer = signerOf(subjectAlternativeName, extensions.issuer, named, root);
    if (bundle.content.$case === 'messageSignature') return { kind: 'opened', signer };
    const { payload, payloadType } = bundle.content.dsseEnvelope;
    const statement = payloadType === 'application/vnd.in-toto+json' ? statementIn(payload) : undefined;
    if (statement === undefined) return unproven('what is signed is no statement of in-toto');
    return { kind: 'opened', signer: { ...signer, predicate: statement.predicateType }, statement };
  } catch (error) {
    return unproven(error instanceof Error ? error.message : 'it cannot be read');
  }
}

const unproven = (problem: string): Opened => ({
  kind: 'unproven',
  problem: problem.slice(0, PROBLEM_LENGTH),
});

/** What is not to reach the library, or not to be taken for a proof. */
function objectionTo({ verificationMaterial: { content, tlogEntries, timestampVerificationData } }: Bundle) {
  if (content.$case === 'publicKey') return 'it is signed with a key alone, and names nobody';
  if (tlogEntries.length > LOG_ENTRIES) return `it has more than ${LOG_ENTRIES} entries of logs`;
  if ((timestampVerificationData?.rfc3161Timestamps ?? []).length > TIMESTAMPS)
    return `it has more than ${TIMESTAMPS} timestamps`;
  // The library makes a regular expression of the names that a checkpoint's signatures give.
  const names = tlogEntries.flatMap(({ inclusionProof }) =>
    [...(inclusionProof?.checkpoint?.envelope ?? '').matchAll(/\u2014 (\S+) /g)].map(
      ([, name]) => name ?? '',
    ),
  );
  return names.every((name) => /^[A-Za-z0-9./:_-]{1,200}$/.test(name))
    ? undefined
    : 'a signature of its checkpoint has a name that no log has';
}

/**
 * The time of an entry is proven by the log's signed promise (SET) alone; beside a proof of inclusion anybody may have
 * written it, and an old certificate would be young again.
 */
const withProvenTimes = (entity: SignedEntity): SignedEntity => ({
  ...entity,
  timestamps: entity.timestamps.filter(
    (time) => time.$case === 'timestamp-authority' || time.tlogEntry.inclusionPromise !== undefined,
  ),
});

/** Fulcio's extensions (fulcio, docs/oid-info.md). */
const FULCIO = '1.3.6.1.4.1.57264.1';
const EXTENSIONS = { repository: 12, commit: 13, ref: 14, environment: 23 } as const;

function signerOf(
  identity: string,
  issuer: string,
  extensions: ReadonlyMap<string, Buffer>,
  root: string | undefined,
): SigstoreSigner {
  const textOf = (number: number) => derText(extensions.get(`${FULCIO}.${number}`));
  const named = Object.entries(EXTENSIONS).flatMap(([name, number]) => {
    const text = textOf(number);
    return text === undefined ? [] : [[name, text]];
  });
  return {
    kind: 'sigstore',
    issuer,
    identity,
    ...Object.fromEntries(named),
    ...(root === undefined ? {} : { root: digestOf(root) }),
  };
}

const UTF8_STRING = 0x0c;

/** A UTF8String of DER with a length of one or two bytes; undefined where it is none. */
function derText(value: Buffer | undefined): string | undefined {
  if (value === undefined || value[0] !== UTF8_STRING) return undefined;
  const first = value[1] ?? 0;
  const [start, length] =
    first < 0x80
      ? [2, first]
      : first === 0x81
        ? [3, value[2] ?? 0]
        : first === 0x82
          ? [4, value.length < 4 ? -1 : value.readUInt16BE(2)]
          : [0, -1];
  return value.length === start + length ? value.toString('utf8', start) : undefined;
}
