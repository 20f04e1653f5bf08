import { spawn } from 'node:child_process';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { addressOf, whyRefused } from '../lib/loopback/guard.ts';
import { close, listen } from '../lib/loopback/listen.ts';

/**
 * Git over HTTP: `git http-backend` (smart protocol, partial clone) over a folder of bare repositories.
 * Anyone on this machine may clone; a push needs this start's token as password, under any user name.
 */
export interface GitServer {
  readonly url: string;
  readonly port: number;
  readonly pushToken: string;
  /** `http://127.0.0.1:4581/cluster.git` */
  urlOf(repository: string): string;
  stop(): Promise<void>;
}

export class GitMissing extends Error {
  override readonly name = 'GitMissing';
}

/** @throws GitMissing if there is no git, or none new enough for partial clones */
export async function requireGit(): Promise<string> {
  const { code, stdout } = await run(['--version']).catch(() => ({ code: -1, stdout: '' }));
  const version = /git version (\d+)\.(\d+)/.exec(stdout);
  const howTo = 'install it with your package manager, for example "apt-get install git"';
  if (code !== 0 || version === null) {
    throw new GitMissing(`git is not on this machine, and deliveries are commits: ${howTo}`);
  }
  const [major = 0, minor = 0] = version.slice(1).map(Number);
  if (major < 2 || (major === 2 && minor < 31)) {
    throw new GitMissing(`git ${major}.${minor} is too old; 2.31 or newer is needed: ${howTo}`);
  }
  return stdout.trim();
}

/**
 * @param options.repositories made where they are missing, each with a first commit on its branch
 * @param options.onPush told after a push has changed a repository
 * @throws PortTaken
 */
export async function startGit(options: {
  readonly folder: string;
  readonly port: number;
  readonly repositories: readonly { readonly name: string; readonly branch: string }[];
  readonly onPush: (repository: string) => void;
}): Promise<GitServer> {
  for (const { name, branch } of options.repositories) {
    await ensureRepository(join(options.folder, `${name}.git`), branch);
  }
  const pushToken = randomBytes(24).toString('hex');
  const running = new Set<ReturnType<typeof spawn>>();
  let port = options.port;

  const server = createServer((request, response) => {
    const answer = (status: number, text: string, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', ...headers });
      response.end(`${text}\n`);
    };
    const refusal = whyRefused(request, port);
    if (refusal !== undefined) return answer(403, refusal);
    const url = addressOf(request);
    const asked = /^\/([a-z0-9-]+)\.git(\/(?:info\/refs|git-upload-pack|git-receive-pack|HEAD))$/.exec(
      url.pathname,
    );
    const repository = options.repositories.find(({ name }) => name === asked?.[1])?.name;
    if (asked === null || repository === undefined) {
      const known = options.repositories.map(({ name }) => `${name}.git`).join(', ');
      return answer(404, `no such repository; there is ${known}`);
    }
    const pushes =
      asked[2] === '/git-receive-pack' || url.searchParams.getAll('service').includes('git-receive-pack');
    if (pushes && !hasToken(request, pushToken)) {
      return answer(401, 'a push needs the token of this start: see .local/git-credentials', {
        'www-authenticate': 'Basic realm="Fairlead (local)"',
      });
    }
    const child = httpBackend(options.folder, url, request, response, pushes);
    running.add(child);
    child.once('close', () => {
      running.delete(child);
      if (asked[2] === '/git-receive-pack') options.onPush(repository);
    });
  });
  port = await listen(server, options.port, 'the Git server', 'npm start -- --git-port');
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    pushToken,
    urlOf: (repository) => `${url}/${repository}.git`,
    async stop() {
      for (const child of running) child.kill();
      await close(server);
    },
  };
}

/** CGI as git-http-backend(1) describes it. */
function httpBackend(
  folder: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  pushes: boolean,
) {
  const header = (name: string) => String(request.headers[name] ?? '');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      ...NEUTRAL,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      // http-backend takes pushes only from somebody who is named.
      ...(pushes ? { REMOTE_USER: 'local' } : {}),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin);
  child.stdin.on('error', () => {});
  child.once('error', () => response.writeHead(500).end());
  response.once('close', () => child.kill());

  let head = Buffer.alloc(0);
  child.stdout.on('data', function untilBody(part: Buffer) {
    head = Buffer.concat([head, part]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', untilBody);
    const lines = head.toString('latin1', 0, end).split('\r\n');
    const headers = lines.map((line) => line.split(/:\s*(.*)/s).slice(0, 2) as [string, string]);
    const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
    response.writeHead(
      Number.parseInt(status, 10),
      Object.fromEntries(headers.filter(([name]) => name.toLowerCase() !== 'status')),
    );
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  });
  child.once('close', () => {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
  return child;
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const encoded = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const password = Buffer.from(encoded, 'base64').toString('utf8').split(':').slice(1).join(':');
  const given = Buffer.from(password);
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** No configuration of the user's or the machine's: what works here works on any machine. */
const NEUTRAL = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', HOME: '/nonexistent' } as const;

const SETTINGS = [
  ['http.receivepack', 'true'],
  ['uploadpack.allowFilter', 'true'],
  ['uploadpack.allowAnySHA1InWant', 'true'],
  // The hook below says it of each branch.
  ['receive.denyNonFastForwards', 'false'],
  // A repository of this size needs none, and one that runs after its push outlives Ctrl-C.
  ['gc.auto', '0'],
  ['receive.autogc', 'false'],
] as const;

/** Branches of pull requests are built anew; no other is wound back. */
const UPDATE_HOOK = `#!/bin/sh
case "$1" in refs/heads/fairlead/*) exit 0 ;; esac
case "$2 $3" in *0000000000000000000000000000000000000000*) exit 0 ;; esac
git merge-base --is-ancestor "$2" "$3" && exit 0
echo "non-fast-forward: $1 would be wound back" >&2
exit 1
`;

async function ensureRepository(folder: string, branch: string): Promise<void> {
  const there = await access(join(folder, 'HEAD')).then(
    () => true,
    () => false,
  );
  if (!there) {
    await mkdir(folder, { recursive: true });
    await must(['init', '--quiet', '--bare', `--initial-branch=${branch}`, folder]);
  }
  for (const [name, value] of SETTINGS) await must(['-C', folder, 'config', name, value]);
  await mkdir(join(folder, 'hooks'), { recursive: true });
  await writeFile(join(folder, 'hooks', 'update'), UPDATE_HOOK, { mode: 0o755 });
  // One branch at least: a clone of nothing has none to work on.
  const { code } = await run(['-C', folder, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]);
  if (code === 0) return;
  const tree = (await must(['-C', folder, 'mktree'], '')).trim();
  const commit = (await must(['-C', folder, 'commit-tree', '-m', 'Begin', tree])).trim();
  await must(['-C', folder, 'update-ref', `refs/heads/${branch}`, commit, '']);
}

async function must(argv: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(argv, input);
  if (code !== 0) throw new Error(`git ${argv[2] ?? argv[0]} failed: ${stderr.trim()}`);
  return stdout;
}

async function run(argv: readonly string[], input = '') {
  const identity = { NAME: 'Fairlead', EMAIL: 'fairlead@localhost' };
  const child = spawn('git', [...argv], {
    env: {
      PATH: process.env.PATH,
      ...NEUTRAL,
      ...Object.fromEntries(
        ['AUTHOR', 'COMMITTER'].flatMap((role) =>
          Object.entries(identity).map(([what, value]) => [`GIT_${role}_${what}`, value]),
        ),
      ),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => {
    output.stdout += part.toString('utf8');
  });
  child.stderr.on('data', (part: Buffer) => {
    output.stderr += part.toString('utf8');
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (status) => resolve(status ?? -1));
  });
  return { code, ...output };
}
