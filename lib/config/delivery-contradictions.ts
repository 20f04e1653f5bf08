import * as z from 'zod';
import type { Problem } from './contradictions.ts';
import { PROPOSAL_BRANCHES } from './delivery.ts';
import { placeOf, type RepositoryPlace, withScheme } from './repository-url.ts';

const text = z.string().optional().catch(undefined);
const secretive = z.object({ kind: text, secret: text }).optional().catch(undefined);
const outline = z
  .object({
    repositories: z
      .array(
        z
          .object({
            name: text,
            url: text,
            credential: secretive,
            readCredential: secretive,
            signing: secretive,
          })
          .catch({}),
      )
      .catch([]),
    targets: z
      .array(
        z
          .object({
            repository: text,
            branch: text,
            driftOnly: z.boolean().optional().catch(undefined),
            delivery: z
              .object({
                kind: text,
                host: z.object({ kind: text, api: text, project: text }).optional().catch(undefined),
                apiCredential: z.object({ secret: text }).optional().catch(undefined),
              })
              .optional()
              .catch(undefined),
          })
          .catch({}),
      )
      .catch([]),
  })
  .catch({ repositories: [], targets: [] });
type Outline = z.output<typeof outline>;
type TargetOutline = Outline['targets'][number];
type RepositoryOutline = Outline['repositories'][number];

/** Hosts that are known by their names; others may be a company's own GitHub or GitLab. */
const WELL_KNOWN: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)github\.com$/, 'github'],
  [/(^|\.)gitlab\.com$/, 'gitlab'],
  [/(^|\.)bitbucket\.org$/, 'bitbucket'],
  [/(^|\.)(dev\.azure\.com|visualstudio\.com)$/, 'none of these: pull requests of Azure DevOps are not made'],
];

/** Where a target's pull requests do not fit its repository, its credentials or the rest of it. */
export function deliveryProblems(input: unknown): readonly Problem[] {
  const { repositories, targets } = outline.parse(input);
  return targets.flatMap((target, index) => {
    const { delivery } = target;
    if (delivery?.kind !== 'pull-request') return [];
    const repository = repositories.find(({ name }) => name !== undefined && name === target.repository);
    return [...ofItself(target), ...ofRepository(delivery, repository)].map(([path, message]) => ({
      path: ['targets', index, ...path],
      message,
    }));
  });
}

type Wrong = readonly [path: readonly string[], message: string];

function* ofItself({ driftOnly, branch }: TargetOutline): Generator<Wrong> {
  if (driftOnly === true)
    yield [['delivery'], 'nothing is delivered to a target with driftOnly: leave one of the two out'];
  if (branch?.startsWith(PROPOSAL_BRANCHES))
    yield [
      ['branch'],
      `branches below "${PROPOSAL_BRANCHES}" are those of pull requests: have them merged into another`,
    ];
}

function* ofRepository(
  { host, apiCredential }: NonNullable<TargetOutline['delivery']>,
  repository: RepositoryOutline | undefined,
): Generator<Wrong> {
  const place = placeOf(withScheme(repository?.url ?? ''));
  const kind = host?.kind;
  if (repository === undefined || place === undefined || kind === undefined) return;
  const fits = hostProblem(kind, place, host ?? {});
  if (fits !== undefined) yield [['delivery', 'host'], fits];
  yield* credentialProblem(kind, repository, apiCredential?.secret);
}

function hostProblem(
  kind: string,
  place: RepositoryPlace,
  { api, project }: { readonly api?: string | undefined; readonly project?: string | undefined },
): string | undefined {
  if ((kind === 'codecommit') !== (place.kind === 'codecommit'))
    return place.kind === 'codecommit'
      ? "the repository is one of CodeCommit: { kind: 'codecommit' }"
      : 'the repository is none of CodeCommit: say whose it is';
  if (place.kind === 'codecommit') return undefined;
  const isHere = /^(127\.0\.0\.1|localhost)$/.test(place.host);
  const known = WELL_KNOWN.find(([name]) => name.test(place.host))?.[1];
  if (known !== undefined && known !== kind) return `${place.host} is ${known}, not ${kind}`;
  if (kind === 'bitbucket' && known !== 'bitbucket' && !isHere)
    return `bitbucket is Bitbucket Cloud (bitbucket.org), not ${place.host}`;
  if (isHere && api === undefined) return 'for a repository on this machine say where its API is: api';
  if (place.kind !== 'https' || project !== undefined) return undefined;
  const segments = place.path.replace(/^\/|(\.git)?\/?$/g, '').split('/').length;
  const wanted = kind === 'gitlab' ? segments >= 2 : segments === 2;
  return wanted
    ? undefined
    : `the repository's URL does not end in OWNER/REPOSITORY, as one of ${kind} does: name it in project`;
}

function* credentialProblem(
  kind: string,
  { credential, readCredential, signing }: RepositoryOutline,
  secret: string | undefined,
): Generator<Wrong> {
  const path = ['delivery', 'apiCredential'];
  if (kind === 'codecommit') {
    if (secret !== undefined)
      yield [path, 'CodeCommit is spoken to with the role of the function: leave it out'];
    if (credential?.kind !== 'codecommit')
      yield [['delivery', 'host'], "its repository needs credential: { kind: 'codecommit' }"];
    return;
  }
  const serves = credential?.kind === 'token' || (credential?.kind === 'github-app' && kind === 'github');
  if (secret === undefined && !serves)
    yield [
      path,
      `what opens the repository (${credential?.kind ?? 'none'}) does not open its host's API: name a secret that holds a token for it`,
    ];
  if (secret === undefined) return;
  if (secret === readCredential?.secret)
    yield [
      path,
      `"${secret}" is what the repository is read with: whoever reads must not open pull requests`,
    ];
  if (secret === signing?.secret || (secret === credential?.secret && credential?.kind !== 'token'))
    yield [path, `"${secret}" holds a key and no token of an API`];
}
