import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { sshd } from '../../requirements.ts';

/** A private key, as a secret holds it, and its public half. */
export function sshKeyPair(folder: string, ...options: readonly string[]) {
  const name = createHash('sha256').update(String(Math.random())).digest('hex').slice(0, 12);
  const file = join(folder, `key-${name}`);
  const type = options.length === 0 ? ['-t', 'ed25519', '-N', ''] : options;
  execFileSync('ssh-keygen', ['-q', '-C', 'test', ...type, '-f', file]);
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  return {
    file,
    private: readFileSync(file, 'utf8'),
    public: publicKey,
    /** `<type> <base64>` without the comment. */
    pinned: publicKey.split(' ').slice(0, 2).join(' '),
  };
}

/**
 * OpenSSH's own server on a loopback port, for the user who runs the tests: one process a connection, as inetd starts
 * it, so that the port is one that the system gave.
 */
export async function sshServer(folder: string, settings: { readonly acceptsProtocol?: boolean } = {}) {
  const own = join(folder, 'sshd');
  mkdirSync(own);
  const authorised = join(own, 'authorized_keys');
  writeFileSync(authorised, '');
  let hostKey = sshKeyPair(own);
  const running = new Set<ChildProcess>();
  const sockets = new Set<Socket>();
  const configuration = join(own, 'config');
  const configure = () =>
    writeFileSync(
      configuration,
      [
        `HostKey ${hostKey.file}`,
        `AuthorizedKeysFile ${authorised}`,
        'PidFile none',
        'UsePAM no',
        'StrictModes no',
        'PasswordAuthentication no',
        'PermitRootLogin yes',
        'LogLevel ERROR',
        ...(settings.acceptsProtocol === false ? [] : ['AcceptEnv GIT_PROTOCOL']),
        '',
      ].join('\n'),
    );
  configure();
  const server = createServer((socket) => {
    sockets.add(socket);
    const child = spawn(sshd() ?? 'sshd', ['-i', '-e', '-f', configuration], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    running.add(child);
    child.on('exit', () => {
      running.delete(child);
      socket.end();
    });
    for (const stream of [socket, child.stdin, child.stdout]) stream.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      child.stdin.end();
    });
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (path: string) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`,
    hostKey: () => hostKey.pinned,
    accept: (publicKey: string) => appendFileSync(authorised, `${publicKey}\n`),
    /** From now on the server shows another. */
    changeHostKey() {
      hostKey = sshKeyPair(own);
      configure();
    },
    forget: () => writeFileSync(authorised, ''),
    async stop() {
      for (const socket of sockets) socket.destroy();
      for (const child of running) child.kill('SIGKILL');
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
export type TestSsh = Awaited<ReturnType<typeof sshServer>>;
