import { execFile } from 'node:child_process';
import { Bare, type Entry } from './bare.ts';
import type { Random } from './random.ts';

export const GIT_ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
} as const;

/** git in a folder; what it printed. */
export function runGit(folder: string, argv: readonly string[], input?: Buffer | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      argv,
      { cwd: folder, env: GIT_ENVIRONMENT, encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`git ${argv[0]}: ${stderr.toString('utf8')}`)),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

export interface ForeignCommit {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  readonly did: string;
}

/** A file's new text, the object it is again, or that it is gone. */
type Change = { readonly path: string } & (
  | { readonly text: string }
  | { readonly entry: Entry }
  | { readonly gone: true }
);
interface Deed {
  readonly did: string;
  readonly changes: readonly Change[];
}
type Files = ReadonlyMap<string, Entry>;

export type ForeignWork = 'anything' | 'takes back the last' | { readonly edits: string };

/**
 * Somebody else with rights to push: writes beside Fairlead and into its folders, and takes its commits back. Moves
 * the branch like any push does, from the tip that was read, or not at all.
 */
export async function commitForeign(
  folder: string,
  repository: string,
  branch: string,
  chance: Random,
  what: ForeignWork,
): Promise<ForeignCommit | undefined> {
  const bare = new Bare(folder);
  const tip = await bare.tip(branch);
  // A branch that nobody has begun is Fairlead's to begin.
  if (tip === undefined) return undefined;
  const { tree } = await bare.commit(tip);
  const files = await bare.files(tree);
  const { did, changes } = await deedOf(what);
  if (changes.length === 0) return undefined;
  const after = new Map(files);
  for (const change of changes) {
    if ('gone' in change) after.delete(change.path);
    else if ('entry' in change) after.set(change.path, change.entry);
    else after.set(change.path, { mode: '100644', id: await bare.writeBlob(Buffer.from(change.text)) });
  }
  const who = `Ann Other <ann@example.com> ${Math.floor(Date.now() / 1000)} +0000`;
  const made = await bare.writeCommit(after, { parent: tip, who, message: did });
  if (made.tree === tree) return undefined;
  const outcome = await bare.move(branch, tip, made.commit, who);
  return outcome === 'moved' ? { repository, branch, commit: made.commit, did } : undefined;

  function deedOf(work: ForeignWork): Promise<Deed> {
    if (work === 'anything') return choose(bare, tip ?? '', files, chance);
    return work === 'takes back the last'
      ? revert(bare, files, tip ?? '')
      : edit(bare, files, work.edits, chance);
  }
}

const NOTHING: Deed = { did: '', changes: [] };

async function edit(bare: Bare, files: Files, path: string, chance: Random): Promise<Deed> {
  const file = files.get(path);
  if (file === undefined) return NOTHING;
  const text = (await bare.blob(file.id)).toString('utf8');
  return { did: `edits ${path}`, changes: [{ path, text: `${text}\n# by hand ${chance.below(1000)}\n` }] };
}

const RECENT = 6;
const EDITED = [
  /\/chart\/(values\.yaml|templates\/)/,
  /\/releases\/[^/]+\/[^/]+\/values\.yaml$/,
  /\/release\.yaml$/,
  /\/apply\/manifests\//,
  /\/apply\/[^/]+\/[^/]+\/values\.yaml$/,
] as const;

async function choose(bare: Bare, tip: string, files: Files, chance: Random): Promise<Deed> {
  const dice = chance.next();
  if (dice < 0.25) {
    const recent = [tip];
    while (recent.length < RECENT) {
      const [parent] = (await bare.commit(recent.at(-1) ?? tip)).parents;
      if (parent === undefined) break;
      recent.push(parent);
    }
    const reverted = await revert(bare, files, chance.pick(recent));
    if (reverted.changes.length > 0) return reverted;
  }
  const paths = [...files.keys()].toSorted();
  const among = (pattern: RegExp) => paths.filter((path) => pattern.test(path));
  const number = chance.below(1000);
  if (dice < 0.65) {
    const found = among(chance.pick(EDITED));
    if (found.length > 0) return edit(bare, files, chance.pick(found), chance);
  }
  if (dice < 0.8) {
    const charts = among(/\/chart\/Chart\.yaml$/);
    if (charts.length > 0) {
      const folder = chance.pick(charts).replace(/\/Chart\.yaml$/, '');
      const gone = among(/\/chart\/files\//).filter((path) => path.startsWith(`${folder}/`));
      if (gone.length > 0 && chance.chance(0.4))
        return { did: 'removes a file of a chart', changes: [{ path: chance.pick(gone), gone: true }] };
      const path = `${folder}/files/foreign-${number % 4}.txt`;
      return { did: 'adds a file to a chart', changes: [{ path, text: `${number}\n` }] };
    }
  }
  const path = chance.pick([
    `docs/note-${number % 7}.md`,
    'fairlead/staging/drift.yaml',
    'fairlead/lab/apply/manifests/foreign.yaml',
    'fairlead/prod/releases/shop/README.md',
    'fairlead/staging/apply/shop/web/patch.yaml',
  ]);
  return { did: 'writes a file of its own', changes: [{ path, text: `# ${number}\n` }] };
}

const same = (a: Entry | undefined, b: Entry | undefined): boolean => a?.id === b?.id && a?.mode === b?.mode;

/** Takes a commit back, whoever made it, where nobody has changed the same files since. */
async function revert(bare: Bare, now: Files, commit: string): Promise<Deed> {
  const { tree, parents } = await bare.commit(commit);
  const [parent] = parents;
  // The first one of all has nothing to go back to.
  if (parent === undefined) return NOTHING;
  const after = await bare.files(tree);
  const before = await bare.files((await bare.commit(parent)).tree);
  const changes: Change[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(path);
    if (same(was, after.get(path))) continue;
    if (!same(now.get(path), after.get(path))) return NOTHING;
    changes.push(was === undefined ? { path, gone: true } : { path, entry: was });
  }
  return { did: `Revert ${commit}`, changes };
}
