import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository, Target } from '../config/config.ts';
import { type Clone, openClone } from '../repository/clone.ts';
import { type CredentialParts, readCredentialOf, writeCredentialOf } from '../repository/credentials.ts';
import { denialOf } from '../repository/denials.ts';
import { type GitCredential, GitFailed, git, NoAccess } from '../repository/git.ts';
import type { GitTried, GitTries } from './git.ts';

const LONGEST_SAYING = 300;

/**
 * Asks a repository what its credentials may. A push is tried with `--dry-run`, of the branch's own tip to itself: the
 * server says whether it would take a push at all, and is sent nothing. What lies on this machine is gone afterwards.
 */
export async function tryGit(
  repository: Repository,
  target: Pick<Target, 'branch'>,
  writes: 'delivered-to' | 'drift-only',
  parts: CredentialParts,
): Promise<GitTries> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-doctor-'));
  const { name, url, credential } = repository;
  const { branch } = target;
  try {
    const reader = readCredentialOf(repository, parts);
    const reading = await fetched({ url, branch, credential: reader, folder: join(folder, 'read.git') });
    const writing =
      writes === 'drift-only'
        ? ('not-needed' as const)
        : await pushed({
            url,
            branch,
            credential: writeCredentialOf(repository, parts),
            folder: join(folder, 'write.git'),
          });
    return {
      repository: name,
      url,
      branch,
      read: reading.tried,
      branchIs: reading.clone === undefined ? 'not-known' : reading.tip === undefined ? 'not-there' : 'there',
      write: writing,
      writeByReader:
        reading.clone === undefined || reading.tip === undefined
          ? { kind: 'not-tried', why: 'it was not read' }
          : await dryRun(reading.clone, reading.tip, reader),
      as:
        credential.kind === 'codecommit' || repository.readCredential.kind === 'codecommit'
          ? 'the-caller'
          : 'the-functions',
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly url: string;
  readonly branch: string;
  readonly credential: GitCredential | undefined;
  readonly folder: string;
}

async function fetched(
  place: Place,
): Promise<{ readonly tried: GitTried; readonly clone?: Clone; readonly tip?: string | undefined }> {
  try {
    const clone = await openClone(place);
    const tip = await clone.fetchTip();
    return { tried: { kind: 'let-in' }, clone, tip: tip?.id };
  } catch (error) {
    return { tried: triedOf(error) };
  }
}

/** As `deliver-uploads` does: it fetches with what it pushes with. */
async function pushed(place: Place): Promise<GitTried> {
  const { tried, clone, tip } = await fetched(place);
  if (clone === undefined) return tried;
  if (tip === undefined) return { kind: 'not-tried', why: 'there is no such branch to push to' };
  return dryRun(clone, tip, place.credential);
}

async function dryRun(clone: Clone, tip: string, credential: GitCredential | undefined): Promise<GitTried> {
  try {
    await git(
      clone.folder,
      ['push', '--dry-run', '--porcelain', 'origin', `${tip}:refs/heads/${clone.branch}`],
      {
        credential,
      },
    );
    return { kind: 'let-in' };
  } catch (error) {
    // Somebody pushed meanwhile: who is told so was let in.
    if (error instanceof GitFailed && /\[rejected\]/.test(error.output)) return { kind: 'let-in' };
    return triedOf(error);
  }
}

function triedOf(error: unknown): GitTried {
  const text =
    error instanceof NoAccess ? error.output : error instanceof Error ? error.message : String(error);
  const says = text.replace(/\s+/g, ' ').slice(0, LONGEST_SAYING);
  // Whoever runs this may be kept from the secret, and the function not.
  if (/cannot be read \(AccessDenied/.test(says))
    return {
      kind: 'not-tried',
      why: `you may not read its secret (secretsmanager:GetSecretValue): ${says.split(':')[0]}`,
    };
  if (error instanceof NoAccess) return { kind: 'refused', says };
  if (error instanceof GitFailed && denialOf(error.output) !== undefined) return { kind: 'refused', says };
  return { kind: 'failed', says };
}
