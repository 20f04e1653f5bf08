import type { Author } from '../config/config.ts';
import type { FileEntry } from '../content/tree.ts';
import type { Clone } from './clone.ts';
import { blobIdOf } from './clone.ts';
import { GitFailed, git, NoAccess } from './git.ts';
import { classifyRefusal, type PushRefusal } from './refusals.ts';
import { signCommits } from './signing/sign-commits.ts';
import type { CommitSigner } from './signing/signing.ts';

/** One commit to make: full paths in the repository. */
export interface CommitPlan {
  readonly message: string;
  /** A folder that is emptied first, so that it holds exactly what `files` has below it. */
  readonly replaces?: string;
  /** Folders and files that go; what is not there is gone already. */
  readonly removes?: readonly string[];
  readonly files: ReadonlyMap<string, FileEntry>;
  /** What it may touch: folders (ending in `/`) and files. Checked against the commit made, before any push. */
  readonly within: readonly string[];
}

/**
 * Nothing was pushed; what was built is not what was asked for: somebody's file lies where the slot needs a folder,
 * or the reverse, and would go. (Or a bug, or a hostile path that got this far.)
 */
export class CommitOutsideSlot extends Error {
  override readonly name = 'CommitOutsideSlot';
  /** Which of the plans. */
  readonly plan: number;
  readonly path: string;
  constructor(plan: number, path: string, mode: string | undefined) {
    super(`a commit would touch ${JSON.stringify(path)} (${mode}) outside of its slot`);
    this.plan = plan;
    this.path = path;
  }
}

/** Whom commits are by, and what they are signed with. */
export interface CommitIdentity {
  readonly author: Author;
  readonly signer?: CommitSigner | undefined;
}

const FAIRLEAD: CommitIdentity = { author: { name: 'Fairlead', email: 'fairlead@localhost' } };
/** Written by fast-import; the branch itself moves only on the server. */
const REF = 'refs/fairlead/delivery';

/**
 * Makes one commit a plan, each upon the one before, in one fast-import stream. Contents go with their byte length
 * and paths C-quoted, so that no name or content is ever read as a command.
 * Returns the commits' ids in the order of the plans.
 * @param base the tip to build upon; undefined begins the branch
 * @throws CommitOutsideSlot, NoAccess where they cannot be signed, GitFailed
 */
export async function makeCommits(
  clone: Clone,
  base: string | undefined,
  plans: readonly CommitPlan[],
  at: Date,
  { author, signer }: CommitIdentity = FAIRLEAD,
): Promise<readonly string[]> {
  if (plans.length === 0) return [];
  const input = streamOf(base, plans, at, author);
  const output = await git(clone.folder, ['fast-import', '--done', '--force', '--date-format=raw'], {
    input,
  });
  const made = output.split('\n').filter((line) => /^[0-9a-f]{40,64}$/.test(line));
  if (made.length !== plans.length) throw new GitFailed('fast-import', 0, output);
  const commits = signer === undefined ? made : await signCommits(clone.folder, made, signer);
  await checkWithin(clone, commits, plans);
  return commits;
}

function streamOf(
  base: string | undefined,
  plans: readonly CommitPlan[],
  at: Date,
  { name, email }: Author,
): Buffer {
  const parts: Buffer[] = [];
  const line = (text: string) => parts.push(Buffer.from(`${text}\n`));
  const data = (bytes: Buffer) => {
    line(`data ${bytes.length}`);
    parts.push(bytes, Buffer.from('\n'));
  };
  const who = `${name} <${email}> ${Math.floor(at.getTime() / 1000)} +0000`;
  const marks = new Map<string, number>();

  line('feature done');
  for (const { files } of plans) {
    for (const { data: bytes } of files.values()) {
      const id = blobIdOf(bytes);
      if (marks.has(id)) continue;
      marks.set(id, marks.size + 1);
      line('blob');
      line(`mark :${marks.size}`);
      data(bytes);
    }
  }
  line(`reset ${REF}`);
  if (base !== undefined) line(`from ${base}`);
  line('');
  plans.forEach(({ message, replaces, removes = [], files }, index) => {
    line(`commit ${REF}`);
    line(`mark :${marks.size + 1 + index}`);
    line(`author ${who}`);
    line(`committer ${who}`);
    data(Buffer.from(message));
    for (const path of replaces === undefined ? removes : [replaces, ...removes]) line(`D ${quoted(path)}`);
    for (const [path, { mode, data: bytes }] of files) {
      line(`M 100${mode.toString(8)} :${marks.get(blobIdOf(bytes))} ${quoted(path)}`);
    }
    line('');
  });
  plans.forEach((_, index) => {
    line(`get-mark :${marks.size + 1 + index}`);
  });
  line('done');
  return Buffer.concat(parts);
}

/** C style, every byte that is not plain ASCII as three octal digits (git-fast-import(1), "quoted string"). */
export function quoted(path: string): string {
  let text = '"';
  for (const byte of Buffer.from(path)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `${text}"`;
}

/** What each commit really changes, asked of git, must lie within its slot; modes too. */
async function checkWithin(clone: Clone, commits: readonly string[], plans: readonly CommitPlan[]) {
  const output = await git(clone.folder, ['diff-tree', '--stdin', '-r', '--root', '--no-renames', '-z'], {
    input: commits.map((id) => `${id}\n`).join(''),
  });
  let index = -1;
  const fields = output.split('\0').filter((field) => field !== '');
  for (let at = 0; at < fields.length; at++) {
    const field = (fields[at] ?? '').trim();
    if (!field.startsWith(':')) {
      index = commits.indexOf(field);
      continue;
    }
    const path = fields[++at] ?? '';
    const mode = field.split(' ')[1];
    const inside = plans[index]?.within.some((place) =>
      place.endsWith('/') ? path.startsWith(place) : path === place,
    );
    const kept = mode === '100644' || mode === '100755' || mode === '000000';
    if (!inside || !kept || !isPlainPath(path)) throw new CommitOutsideSlot(index, path, mode);
  }
}

/** No segment that Git, a file system or a deployer reads as something else. */
const isPlainPath = (path: string): boolean =>
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/^\.git/i.test(part));

export type PushOutcome =
  | { readonly kind: 'pushed' }
  | PushRefusal
  /** The connection broke: nobody knows whether the server took it. */
  | { readonly kind: 'in-doubt'; readonly says: string };

/**
 * Moves the branch on the server from `expected` (undefined: it must not exist) to `commit`, or not at all: never
 * forced over anything, since `commit` descends from `expected` and the lease names it. The lease also stops a push
 * onto a branch that was wound back meanwhile, which a mere fast-forward would bring back. A branch of a pull request is
 * built anew: there the lease alone keeps what is not ours.
 */
export async function pushCommit(
  clone: Clone,
  commit: string,
  expected: string | undefined,
  branch = clone.branch,
): Promise<PushOutcome> {
  const ref = `refs/heads/${branch}`;
  try {
    const argv = ['push', '--porcelain', '--no-verify', '--recurse-submodules=no'];
    await git(
      clone.folder,
      [...argv, `--force-with-lease=${ref}:${expected ?? ''}`, 'origin', `${commit}:${ref}`],
      { credential: clone.credential },
    );
    return { kind: 'pushed' };
  } catch (error) {
    if (error instanceof NoAccess) return { kind: 'blocked', says: error.output };
    if (!(error instanceof GitFailed)) throw error;
    const refusal = classifyRefusal(error.output);
    // A line with "!" is the server's answer. Without one the push may have been taken before the line broke.
    if (refusal.kind === 'blocked' && !/^!\t/m.test(error.output) && !neverSent(error.output))
      return { kind: 'in-doubt', says: refusal.says };
    return refusal;
  }
}

/** Refused before anything was sent. */
const neverSent = (output: string): boolean =>
  /Authentication failed|could not read (Username|Password)|returned error: 40[134]|Could not resolve host|Failed to connect|Connection refused|not found/i.test(
    output,
  );
