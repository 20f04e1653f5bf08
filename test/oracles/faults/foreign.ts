import { execFile } from 'node:child_process';
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

const text = async (folder: string, ...argv: string[]): Promise<string> =>
  (await runGit(folder, argv)).toString('utf8').trim();

export interface ForeignCommit {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  readonly did: string;
}

/** `M <mode> <blob> <path>`, `D <path>` or a file's new text: what fast-import is told. */
type Change = { readonly path: string } & (
  | { readonly text: string }
  | { readonly mode: string; readonly blob: string }
  | { readonly gone: true }
);

export type ForeignWork = 'anything' | 'takes back the last';

/**
 * Somebody else with rights to push: writes beside Fairlead and into its folders, and takes its commits back. Moves
 * the branch like any push does, from the tip that was read, or not at all.
 */
export async function commitForeign(
  bare: string,
  repository: string,
  branch: string,
  chance: Random,
  what: ForeignWork,
): Promise<ForeignCommit | undefined> {
  const ref = `refs/heads/${branch}`;
  const tip = await text(bare, 'rev-parse', '--verify', '--quiet', ref).catch(() => '');
  // A branch that nobody has begun is Fairlead's to begin.
  if (tip === '') return undefined;
  const { did, changes } =
    what === 'anything' ? await choose(bare, tip, chance) : await revert(bare, tip, tip);
  if (changes.length === 0) return undefined;
  const stamp = `Ann Other <ann@example.com> ${Math.floor(Date.now() / 1000)} +0000`;
  const aside = `refs/foreign/${branch}`;
  const lines = [
    `commit ${aside}\n`,
    'mark :1\n',
    `author ${stamp}\n`,
    `committer ${stamp}\n`,
    data(did),
    `from ${tip}\n`,
  ];
  for (const change of changes) {
    if ('gone' in change) lines.push(`D ${change.path}\n`);
    else if ('text' in change) lines.push(`M 100644 inline ${change.path}\n`, data(change.text));
    else lines.push(`M ${change.mode} ${change.blob} ${change.path}\n`);
  }
  await runGit(bare, ['fast-import', '--quiet', '--force'], lines.join(''));
  const commit = await text(bare, 'rev-parse', aside);
  if (
    (await text(bare, 'rev-parse', `${commit}^{tree}`)) === (await text(bare, 'rev-parse', `${tip}^{tree}`))
  )
    return undefined;
  try {
    await runGit(bare, ['update-ref', '-m', 'foreign', ref, commit, tip]);
  } catch {
    // Somebody was faster.
    return undefined;
  }
  return { repository, branch, commit, did };
}

const data = (content: string): string => `data ${Buffer.byteLength(content)}\n${content}\n`;

async function choose(
  bare: string,
  tip: string,
  chance: Random,
): Promise<{ did: string; changes: Change[] }> {
  const dice = chance.next();
  if (dice < 0.25) {
    const recent = (await text(bare, 'rev-list', '--max-count=6', tip)).split('\n');
    const reverted = await revert(bare, tip, chance.pick(recent));
    if (reverted.changes.length > 0) return reverted;
  }
  const files = (await text(bare, 'ls-tree', '-r', '--name-only', tip))
    .split('\n')
    .filter((file) => file !== '');
  const among = (pattern: RegExp) => files.filter((file) => pattern.test(file));
  const number = chance.below(1000);
  const edits: [string, RegExp, RegExp?][] = [
    ['edits a file of a chart', /\/chart\/(values\.yaml|templates\/)/],
    ['edits values', /\/releases\/[^/]+\/[^/]+\/values\.yaml$/],
    ['edits a release', /\/release\.yaml$/],
    ['edits a manifest', /\/apply\/manifests\//],
    ['edits what is made of values', /\/apply\/[^/]+\/[^/]+\/values\.yaml$/],
  ];
  if (dice < 0.65) {
    const [did, pattern] = chance.pick(edits);
    const found = among(pattern);
    if (found.length > 0) {
      const path = chance.pick(found);
      return {
        did,
        changes: [{ path, text: `${await text(bare, 'show', `${tip}:${path}`)}\n# by hand\n` }],
      };
    }
  }
  if (dice < 0.8) {
    const charts = among(/\/chart\/Chart\.yaml$/);
    if (charts.length > 0) {
      const folder = chance.pick(charts).replace(/\/Chart\.yaml$/, '');
      const gone = among(/\/chart\/files\//).filter((path) => path.startsWith(`${folder}/`));
      if (gone.length > 0 && chance.chance(0.4))
        return { did: 'removes a file of a chart', changes: [{ path: chance.pick(gone), gone: true }] };
      return {
        did: 'adds a file to a chart',
        changes: [{ path: `${folder}/files/foreign-${number % 4}.txt`, text: `${number}\n` }],
      };
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

/** Takes a commit back, whoever made it, where nobody has changed the same files since. */
async function revert(
  bare: string,
  tip: string,
  commit: string,
): Promise<{ did: string; changes: Change[] }> {
  const raw = await text(
    bare,
    'diff-tree',
    '-r',
    '-z',
    '--raw',
    '--no-renames',
    '--no-abbrev',
    `${commit}^`,
    commit,
  ).catch(() => '');
  const fields = raw.split('\0');
  const changes: Change[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [oldMode = '', newMode = '', oldBlob = '', newBlob = ''] = (fields[at] ?? '').slice(1).split(' ');
    const path = fields[at + 1] ?? '';
    const now = (await text(bare, 'ls-tree', tip, '--', path)).split(/\s/)[2] ?? '';
    const expected = newMode === '000000' ? '' : newBlob;
    if (now !== expected) return { did: '', changes: [] };
    changes.push(oldMode === '000000' ? { path, gone: true } : { path, mode: oldMode, blob: oldBlob });
  }
  return { did: `Revert ${commit}`, changes };
}
