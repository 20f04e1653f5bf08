import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type ForeignCommit, runGit } from './foreign.ts';
import type { Meaning } from './uploads.ts';

/** What the checker goes by: the bucket, the history of each branch, and what the suite itself has done. */
export interface Evidence {
  readonly bucket: string;
  readonly versions: readonly UploadedVersion[];
  readonly branches: readonly Branch[];
  readonly foreign: readonly ForeignCommit[];
  /** By object id. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export interface UploadedVersion {
  readonly key: string;
  readonly versionId: string;
  readonly body: Buffer;
  readonly tags: Readonly<Record<string, string>>;
  readonly meaning: Meaning;
  readonly told: Told;
  readonly moment: PutMoment;
  /** Of a command. */
  readonly given: GivenMoment | undefined;
}

/** When the suite put it. */
export interface PutMoment {
  /** Its place among all that the suite did and saw. */
  readonly step: number;
  /** Of its branch, right before; undefined: there was none. */
  readonly tip: string | undefined;
}

/** What the suite saw around a command. */
export interface GivenMoment {
  /** The step at which it had ended; undefined: it was not seen before all was over. */
  readonly seenEnded: number | undefined;
  /** Versions that were delivered right before it was given. */
  readonly delivered: ReadonlySet<string>;
  /** Whether it surely was shown to STS while it was good. */
  readonly proof: 'in time' | 'may be too late';
}

/** When S3 said that it was written. The sequencer counts only where Fairlead has surely been told it. */
export interface Told {
  /** ISO, whole seconds. */
  readonly time: string;
  readonly sequencer: string | undefined;
}

export interface Branch {
  readonly repository: string;
  readonly name: string;
  /** First commit first. */
  readonly commits: readonly HistoryCommit[];
  /** Each place where the branch has been, by the server's own log. */
  readonly tips: readonly string[];
}

export interface HistoryCommit {
  readonly id: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly changes: readonly FileChange[];
}

export interface FileChange {
  readonly path: string;
  /** Undefined: there was none, or there is none any more. */
  readonly before: GitFile | undefined;
  readonly after: GitFile | undefined;
}

export interface GitFile {
  readonly mode: string;
  readonly blob: string;
}

export async function readBucket(
  s3: S3Client,
  bucket: string,
  ledger: ReadonlyMap<string, Pick<UploadedVersion, 'meaning' | 'told' | 'moment' | 'given'>>,
): Promise<UploadedVersion[]> {
  const { Versions = [], IsTruncated } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  if (IsTruncated === true) throw new Error('more versions than one page: make runs smaller');
  return Promise.all(
    Versions.map(async ({ Key = '', VersionId = '' }) => {
      const version = { Bucket: bucket, Key, VersionId };
      const [tagging, object] = await Promise.all([
        s3.send(new GetObjectTaggingCommand(version)),
        s3.send(new GetObjectCommand(version)),
      ]);
      const known = ledger.get(VersionId);
      if (known === undefined) throw new Error(`nobody has uploaded ${Key} ${VersionId}`);
      return {
        key: Key,
        versionId: VersionId,
        body: Buffer.from((await object.Body?.transformToByteArray()) ?? []),
        tags: Object.fromEntries(
          (tagging.TagSet ?? []).map(({ Key: name = '', Value = '' }) => [name, Value]),
        ),
        ...known,
      };
    }),
  );
}

/** Clones the repository as anybody would, and reads every commit of the branch. */
export async function readBranch(
  bare: string,
  url: string,
  repository: string,
  name: string,
  scratch: string,
): Promise<{ branch: Branch; blobs: ReadonlyMap<string, Buffer> }> {
  const clone = join(scratch, `${repository}-${name}`);
  await rm(clone, { recursive: true, force: true });
  await runGit(scratch, ['clone', '--quiet', '--bare', url, clone]);
  const log = await runGit(bare, ['reflog', 'show', '--format=%H', `refs/heads/${name}`]).catch(() =>
    Buffer.alloc(0),
  );
  const tips = linesOf(log).toReversed();
  const found = await runGit(clone, [
    'rev-list',
    '--reverse',
    '--topo-order',
    '--parents',
    `refs/heads/${name}`,
  ]).catch(() => Buffer.alloc(0));
  const commits: HistoryCommit[] = [];
  const ids = linesOf(found).map((line) => line.split(' '));
  const contents = await readObjects(
    clone,
    ids.map(([id = '']) => id),
  );
  const changes = await changesOf(
    clone,
    ids.map(([id = '']) => id),
  );
  for (const [id = '', ...parents] of ids) {
    const text = contents.get(id)?.toString('utf8') ?? '';
    commits.push({
      id,
      parents,
      message: text.slice(text.indexOf('\n\n') + 2),
      changes: changes.get(id) ?? [],
    });
  }
  const wanted = commits.flatMap((commit) =>
    commit.changes.flatMap(({ after }) => (after === undefined ? [] : [after.blob])),
  );
  return {
    branch: { repository, name, commits, tips },
    blobs: await readObjects(clone, [...new Set(wanted)]),
  };
}

const linesOf = (output: Buffer): string[] =>
  output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');

/** `<commit> NUL (:<mode> <mode> <blob> <blob> <status> NUL <path> NUL)*` (git-diff-tree(1), raw output). */
async function changesOf(clone: string, ids: readonly string[]): Promise<Map<string, FileChange[]>> {
  const argv = ['diff-tree', '--stdin', '--root', '-r', '-z', '--raw', '--no-renames', '--no-abbrev'];
  const output = await runGit(clone, argv, ids.map((id) => `${id}\n`).join(''));
  const fields = output.toString('utf8').split('\0');
  const changes = new Map<string, FileChange[]>(ids.map((id) => [id, []]));
  let of: FileChange[] | undefined;
  for (let at = 0; at < fields.length; at++) {
    const field = (fields[at] ?? '').trim();
    if (!field.startsWith(':')) {
      of = changes.get(field);
      continue;
    }
    const [oldMode = '', mode = '', oldBlob = '', blob = ''] = field.slice(1).split(' ');
    of?.push({
      path: fields[++at] ?? '',
      before: oldMode === '000000' ? undefined : { mode: oldMode, blob: oldBlob },
      after: mode === '000000' ? undefined : { mode, blob },
    });
  }
  return changes;
}

async function readObjects(clone: string, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (ids.length === 0) return found;
  const output = await runGit(clone, ['cat-file', '--batch'], `${ids.join('\n')}\n`);
  for (let offset = 0; offset < output.length; ) {
    const end = output.indexOf(0x0a, offset);
    const [id = '', , size = ''] = output.toString('utf8', offset, end).split(' ');
    found.set(id, output.subarray(end + 1, end + 1 + Number(size)));
    offset = end + 2 + Number(size);
  }
  return found;
}
