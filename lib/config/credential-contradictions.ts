import type { Problem } from './contradictions.ts';
import { placeOf, type RepositoryPlace, withScheme } from './repository-url.ts';

/** As much of a repository as its parts say of each other. */
export interface RepositoryOutline {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly credential?: CredentialOutline | undefined;
  readonly readCredential?: CredentialOutline | undefined;
  readonly signing?: CredentialOutline | undefined;
}
interface CredentialOutline {
  readonly kind?: string | undefined;
  readonly secret?: string | undefined;
}

type Place = RepositoryPlace['kind'];
const ROLES = ['credential', 'readCredential'] as const;
type Role = (typeof ROLES)[number];

const NEEDS: Readonly<Record<Place, readonly string[]>> = {
  https: ['none', 'token', 'github-app'],
  ssh: ['ssh'],
  codecommit: ['codecommit'],
};
const WANTED: Readonly<Record<Place, string>> = {
  https: "an https:// URL is opened with { kind: 'token', … }, { kind: 'github-app', … } or { kind: 'none' }",
  ssh: "an ssh:// URL is opened with { kind: 'ssh', secret, hostKeys }",
  codecommit: "a repository of CodeCommit is opened with { kind: 'codecommit' }",
};

/** @param written names of the repositories that uploads are delivered to */
export function credentialProblems(
  repositories: readonly RepositoryOutline[],
  written: ReadonlySet<string | undefined>,
): readonly Problem[] {
  return repositories.flatMap((repository, index) => {
    const place = placeOf(withScheme(repository.url ?? ''));
    const at = (role: Role | 'signing', message: string): Problem => ({
      path: ['repositories', index, role],
      message,
    });
    const unfit = (role: Role): Problem[] => {
      if (place === undefined) return [];
      const kind = repository[role]?.kind ?? 'none';
      // What is only read needs nothing to write with.
      if (kind === 'none' && role === 'credential' && !written.has(repository.name)) return [];
      if (!NEEDS[place.kind].includes(kind)) return [at(role, WANTED[place.kind])];
      if (kind === 'github-app' && !/^\/[^/]+\/[^/]+$/.test(place.kind === 'https' ? place.path : ''))
        return [
          at(role, "a GitHub App opens https://HOST/OWNER/REPOSITORY, which this repository's url is not"),
        ];
      return [];
    };
    return [...ROLES.flatMap(unfit), ...shared(repository).map(([role, message]) => at(role, message))];
  });
}

/** The function that reads outside charts must not hold what writes or signs. */
function shared({ credential, readCredential, signing }: RepositoryOutline): ['readCredential', string][] {
  const secret = readCredential?.secret;
  if (secret === undefined) return [];
  if (secret === credential?.secret)
    return [
      [
        'readCredential',
        `"${secret}" is what this repository is written with: whoever reads must have another, which cannot write`,
      ],
    ];
  if (secret === signing?.secret)
    return [
      ['readCredential', `"${secret}" is what commits are signed with: whoever reads must not have it`],
    ];
  return [];
}
