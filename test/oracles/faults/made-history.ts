import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Branch, FileChange, GitFile, HistoryCommit, UploadedVersion } from './evidence.ts';
import type { ReadVerb } from './reading-commands.ts';

/** Histories that are made up, for the tests of the checker. */
export const ROOT = 'fairlead/staging';
export const RELEASE = `${ROOT}/releases/shop/web`;
export const APPLY = `${ROOT}/apply/shop/web`;
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
export const idOf = (text: string): string => createHash('sha1').update(text).digest('hex');

export type Files = Readonly<Record<string, string | undefined>>;

export class History {
  readonly commits: HistoryCommit[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly #tree = new Map<string, GitFile>();

  commit(message: string, files: Files): string {
    const changes: FileChange[] = [];
    for (const [path, text] of Object.entries(files)) {
      const before = this.#tree.get(path);
      const after = text === undefined ? undefined : { mode: '100644', blob: idOf(text) };
      if (text !== undefined) this.blobs.set(idOf(text), Buffer.from(text));
      if (after === undefined) this.#tree.delete(path);
      else this.#tree.set(path, after);
      changes.push({ path, before, after });
    }
    const parent = this.commits.at(-1)?.id;
    const id = idOf(`${parent} ${message} ${this.commits.length}`);
    this.commits.push({ id, parents: parent === undefined ? [] : [parent], message, changes });
    return id;
  }

  branch(): Branch {
    return {
      repository: 'alpha',
      name: 'main',
      commits: this.commits,
      tips: this.commits.map(({ id }) => id),
    };
  }
}

export const chartFiles = (version: string, content = 'x'): Record<string, string> => ({
  'Chart.yaml': `name: web\nversion: ${version}\n`,
  [`files/${version}.txt`]: content,
});

/** POSIX.1-1988, as far as the checker reads it. */
export function packed(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const head = Buffer.alloc(512);
    head.write(`web/${path}`, 0);
    head.write('0000644', 100);
    head.write(text.length.toString(8).padStart(11, '0'), 124);
    head.write('0', 156);
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return [head, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export const below = (folder: string, files: Readonly<Record<string, string>>): Files =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));

export const configMap = (values: string): string => JSON.stringify({ data: { 'values.yaml': values } });

export type Uploaded = UploadedVersion & {
  tags: Record<string, string>;
  told: { time: string; sequencer: string };
  moment: { step: number; tip: string | undefined };
  given: UploadedVersion['given'];
};
let seconds = 0;

export function upload(
  key: string,
  body: Buffer | string,
  meaning: UploadedVersion['meaning'] = 'good',
): Uploaded {
  seconds += 1;
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
  const versionId = `v${seconds}`;
  const told = { time, sequencer: '1' };
  const moment: Uploaded['moment'] = { step: seconds, tip: undefined };
  return { key, versionId, body: Buffer.from(body), tags: {}, meaning, told, moment, given: undefined };
}

export const delivers = (one: Uploaded): string =>
  [
    'Deliver',
    '',
    `Fairlead-Upload: s3://charts/${one.key}?versionId=${one.versionId}`,
    `Fairlead-Package: sha256:${sha256(one.body)}`,
    '',
  ].join('\n');
export const delivered = (one: Uploaded, commit: string): void => {
  one.tags = { 'fairlead-outcome': 'delivered', 'fairlead-commit': commit };
};

/** Of staging; seen to have ended before anything else was done. */
export function command(verb: ReadVerb): Uploaded {
  const made = upload(`.commands/staging/c${seconds}.json`, JSON.stringify({ verb }));
  made.given = { seenEnded: made.moment.step + 0.5, delivered: new Set(), proof: 'in time' };
  return made;
}

export const carriesOut = (one: Uploaded, kind: string): string =>
  [
    'Carry out',
    '',
    `Fairlead-Command: ${kind}`,
    `Fairlead-Upload: s3://charts/${one.key}?versionId=${one.versionId}`,
    '',
  ].join('\n');

export const ended = (one: Uploaded, outcome: string, reason?: string): void => {
  one.tags = { 'fairlead-outcome': outcome, ...(reason === undefined ? {} : { 'fairlead-reason': reason }) };
};
