import * as z from 'zod';
import { entries } from './entries.ts';

/** Who may sign what is uploaded to a target (docs/uploading.md, "Signed packages"). */

const TEXT_LENGTH = 500;
/** What cosign and `gh attestation` write, and Sigstore's own statement of a plain signature. */
const PREDICATES = [
  'https://slsa.dev/provenance/v1',
  'https://slsa.dev/provenance/v0.2',
  'https://sigstore.dev/cosign/sign/v1',
];

const address = z
  .string()
  .max(TEXT_LENGTH)
  .regex(/^https?:\/\/[^\s*?]+$/, 'an address as the certificate has it, without wildcards');

/** Of the certificate's subject: a workflow's address with its ref, or a person's mail address. */
const identity = z.union(
  [
    entries({ exact: z.string().min(1).max(TEXT_LENGTH) }),
    entries({
      /** `*` stands for any characters but `/` and `@`. */
      glob: z
        .string()
        .min(1)
        .max(TEXT_LENGTH)
        .refine(
          (glob) => /[^*/@:.]/.test(glob.replace(/^https?:\/\//, '')),
          'name something of it: this fits everybody',
        ),
    }),
  ],
  "{ exact: 'https://github.com/OWNER/REPOSITORY/.github/workflows/FILE@refs/heads/main' }, or { glob: '…*…' } where * stands for anything but / and @",
);

const KEYRING_LENGTH = 32 * 1024;
const ROOT_LENGTH = 64 * 1024;

/** Public keys as `gpg --armor --export` prints them. */
const keyring = z
  .string()
  .max(KEYRING_LENGTH, `a keyring of at most ${KEYRING_LENGTH / 1024} KiB: export the keys that sign, alone`)
  .refine(
    (text) => !text.includes('PRIVATE KEY'),
    'that is a private key, which no configuration may hold: "gpg --armor --export ID"',
  )
  .refine(
    (text) => text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----'),
    'public keys as text, as "gpg --armor --export ID" prints them: readFileSync(new URL("keys/publishers.asc", import.meta.url), "utf8")',
  );

/** Sigstore's trusted_root.json: whose certificates, logs and timestamps are believed. */
const trustedRoot = z
  .string()
  .max(ROOT_LENGTH, `a trusted root of at most ${ROOT_LENGTH / 1024} KiB`)
  .refine(
    isTrustedRoot,
    'the text of a trusted_root.json (application/vnd.dev.sigstore.trustedroot+json) with certificateAuthorities, and with tlogs or timestampAuthorities: "cosign trusted-root create", "gh attestation trusted-root" (one line of it)',
  );

const outline = z.object({
  mediaType: z.string().startsWith('application/vnd.dev.sigstore.trustedroot'),
  certificateAuthorities: z.array(z.object({ certChain: z.object({}) })).min(1),
  tlogs: z.array(z.object({})).default([]),
  timestampAuthorities: z.array(z.object({})).default([]),
});

function isTrustedRoot(text: string): boolean {
  try {
    const { success, data } = outline.safeParse(JSON.parse(text));
    return success && data.tlogs.length + data.timestampAuthorities.length > 0;
  } catch {
    return false;
  }
}

/** A job or a person, known by a certificate of Sigstore. */
const sigstore = entries({
  kind: z.literal('sigstore'),
  /** Who vouches for the identity: `https://token.actions.githubusercontent.com` for GitHub Actions. */
  issuer: address,
  identity,
  /** The repository that the job was of, as `OWNER/NAME`, or its whole address where it is not on github.com. */
  repository: z
    .string()
    .max(TEXT_LENGTH)
    .regex(
      /^(https:\/\/[^\s*?]+|[A-Za-z0-9-]+\/[A-Za-z0-9._-]+)$/,
      'OWNER/NAME on github.com, or an address such as "https://gitlab.example.com/shop/web"',
    )
    .optional(),
  /** The branch or tag that it ran for. */
  ref: z
    .string()
    .regex(/^refs\/(heads|tags)\/[^\s*?]{1,200}$/, 'a whole ref, such as "refs/heads/main"')
    .optional(),
  /** The environment of GitHub or GitLab that it ran in, whose rules say who may start it. */
  environment: z.string().min(1).max(255).optional(),
  /**
   * What the signed statement has to name: `package` the bytes alone, `target` also the target, `release` also the
   * release. A plain signature names nothing but bytes.
   */
  names: z.enum(['package', 'target', 'release']).default('package'),
  /** Types of statement that count. */
  predicates: z.array(z.string().min(1).max(TEXT_LENGTH)).min(1).max(20).default(PREDICATES),
  /** Of a Sigstore of your own, or of GitHub's for private repositories; absent: the public one. */
  trustedRoot: trustedRoot.optional(),
});

/** Whoever holds a key of the keyring, by Helm's provenance file. */
const provenance = entries({ kind: z.literal('provenance'), keyring });

const PUBLISHERS = 20;

export const publishers = z
  .array(z.discriminatedUnion('kind', [sigstore, provenance]))
  .min(1, 'name at least one publisher; leave the entry out where packages need not be signed')
  .max(PUBLISHERS, `at most ${PUBLISHERS} of a target`);

export type Publisher = z.output<typeof publishers>[number];
export type SigstorePublisher = Extract<Publisher, { kind: 'sigstore' }>;
