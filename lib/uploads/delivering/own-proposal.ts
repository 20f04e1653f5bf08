import type { Author } from '../../config/config.ts';
import { headOf } from '../../repository/branches.ts';
import { git } from '../../repository/git.ts';
import { findInHistory, NEAR } from '../../repository/history.ts';
import { fingerprintOf, readStanding } from '../deciding/standing.ts';
import { parseKey } from '../record/keys.ts';
import type { Call } from './call.ts';
import { branchOf, placeOfKey, TURNS } from './proposal-branch.ts';
import { ownPlace } from './proposal-ends.ts';
import type { ProposingTarget } from './proposal-host.ts';
import {
  type HeldUpload,
  inRepository,
  type ProposalItem,
  readProposal,
  writeProposal,
} from './proposal-item.ts';
import { intoOf } from './propose.ts';

/**
 * What is known of the pull request of a place. Where the table was lost, its branch tells: whose commits they are, for
 * which uploads, and that they are as Fairlead made them. One that somebody has pushed to, or made over (amended, rebased,
 * picked: then who committed it, or when, is not who wrote it), is theirs, and another branch is taken.
 * @throws GitFailed
 */
export async function proposalOf(
  call: Call,
  tip: string | undefined,
  target: ProposingTarget,
  place: string,
): Promise<ProposalItem | undefined> {
  const item = await readProposal(call.parts.table, target.name, place);
  if (item !== undefined) return inRepository(item, target.repository);
  return tip === undefined ? undefined : foundAgain(call, tip, target, place);
}

async function foundAgain(
  call: Call,
  tip: string,
  target: ProposingTarget,
  place: string,
): Promise<ProposalItem | undefined> {
  for (let turn = 1; turn <= TURNS; turn++) {
    const branch = branchOf(target.name, place, turn);
    const head = await headOf(call.clone, branch);
    if (head === undefined) return undefined;
    const holds = await heldBy(call, tip, { target, place, branch, head });
    if (holds === undefined) continue;
    call.parts.log('proposal known again', { target: target.name, place, branch, commit: head });
    return writeProposal(call.parts.table, target.name, place, undefined, {
      branch,
      into: intoOf(target),
      heads: [{ commit: head, holds: [...holds] }],
      head,
    });
  }
  return undefined;
}

/** Of a release, a commit each for its values and its chart. */
const OWN_COMMITS = 2;

interface Sought {
  readonly target: ProposingTarget;
  readonly place: string;
  readonly branch: string;
  readonly head: string;
}

/** What the branch holds beyond the base; undefined where any of it is not ours. */
async function heldBy(call: Call, tip: string, sought: Sought): Promise<readonly HeldUpload[] | undefined> {
  const { clone } = call;
  const commits = await commitsOf(call, sought);
  const known = commits.flatMap(({ commit, parents }) => [commit, ...parents]);
  const found = await findInHistory(
    clone,
    tip,
    known.map((commit) => ({ commit, base: undefined })),
    NEAR,
  );
  const beyond = commits.findIndex(({ parents }) => parents.length === 1 && found.has(parents[0] ?? ''));
  if (beyond < 0 || beyond >= OWN_COMMITS) return undefined;
  const holds: HeldUpload[] = [];
  for (const commit of commits.slice(0, beyond + 1).reverse()) {
    const upload = uploadOf(call, sought, commit);
    if (upload === undefined) return undefined;
    const { key, versionId, parsed } = upload;
    const files =
      parsed.kind === 'slot'
        ? fingerprintOf(await readStanding(clone, sought.head, [ownPlace(sought.target, parsed.key)]))
        : '';
    holds.push({ key, versionId, files });
  }
  return holds;
}

interface Seen {
  readonly commit: string;
  readonly parents: readonly string[];
  /** With the time, as Git writes it: seconds and zone. */
  readonly author: string;
  readonly committer: string;
  readonly upload: string;
  readonly target: string;
}

const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x2C)`;
const FIELDS = [
  ...['%H', '%P', '%an <%ae> %ad', '%cn <%ce> %cd'],
  ...[trailer('Fairlead-Upload'), trailer('Fairlead-Target')],
];

/** The newest of a branch, by first parents. */
async function commitsOf({ clone }: Call, { branch, head }: Sought): Promise<readonly Seen[]> {
  await git(
    clone.folder,
    [
      ...['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', '-v', '--no-tags', '--no-write-fetch-head'],
      // One more than is looked at: what is cut off shows no parents.
      ...[`--depth=${OWN_COMMITS + 1}`, '--filter=blob:none', 'origin', `refs/heads/${branch}`],
    ],
    { credential: clone.credential, promised: true },
  );
  const output = await git(clone.folder, [
    ...['log', '--first-parent', `--max-count=${OWN_COMMITS}`, '--no-mailmap', '--no-show-signature'],
    ...['--date=raw', `--format=%x00${FIELDS.join('%x00')}`, head],
  ]);
  const [, ...fields] = output.split('\0').map((field) => field.trim());
  return Array.from({ length: Math.floor(fields.length / FIELDS.length) }, (_, at) => {
    const [commit = '', parents = '', author = '', committer = '', upload = '', target = ''] = fields.slice(
      at * FIELDS.length,
      (at + 1) * FIELDS.length,
    );
    const ids = parents.split(' ').filter((id) => id !== '');
    return { commit, parents: ids, author, committer, upload, target };
  });
}

/** The upload or command that Fairlead made this commit of, for this place; undefined where it did not, or not so. */
function uploadOf({ parts, identity }: Call, { target, place }: Sought, seen: Seen) {
  if (seen.author !== seen.committer || !isBy(seen.author, identity.author)) return undefined;
  if (seen.target !== target.name) return undefined;
  const [, key = '', versionId = ''] = /^(.+)\?versionId=([^?]+)$/.exec(seen.upload) ?? [];
  const bucket = `s3://${parts.bucket}/`;
  if (!key.startsWith(bucket)) return undefined;
  const name = key.slice(bucket.length);
  const parsed = parseKey(name);
  if (parsed.kind !== 'slot' && parsed.kind !== 'command') return undefined;
  if (parsed.key.target !== target.name) return undefined;
  if (parsed.kind === 'slot' && placeOfKey(parsed.key) !== place) return undefined;
  return { key: name, versionId: decodeURIComponent(versionId), parsed };
}

/** At a whole second of UTC, as Fairlead writes it. */
const isBy = (written: string, { name, email }: Author): boolean =>
  written.startsWith(`${name} <${email}> `) &&
  /^\d+ \+0000$/.test(written.slice(`${name} <${email}> `.length));
