import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Secrets } from '../../aws/secrets.ts';
import type { Denial } from '../denials.ts';
import { startAgent } from '../ssh/agent.ts';
import { NoSshKey, parseSshKey, type SshKey } from '../ssh/key.ts';
import {
  CredentialUnusable,
  type GitCredential,
  keptSecret,
  nothingToClose,
  type Pass,
} from './credential.ts';

export interface SshSettings {
  readonly secret: string;
  /** Keys that the server may show, each `<type> <base64>`. */
  readonly hostKeys: readonly string[];
}

/** The name under which the pinned keys are written down, whatever host and port they are shown at. */
const HOST = 'fairlead-repository';

/** A private key for `ssh://`, which trusts the pinned host keys and nothing else of this machine. */
export function sshCredential({ secret, hostKeys }: SshSettings, secrets: Secrets): GitCredential {
  const kept = keptSecret(secrets, secret);
  return {
    async pass() {
      return passOf(keyOf(await kept.value(), secret), hostKeys);
    },
    renew: () => kept.renew(),
    advice: (denial) => adviceOf(denial, `the SSH key in secret "${secret}"`),
  };
}

/** What the person at this terminal has: their keys, their agent, the hosts that they know. Nothing is asked. */
export function ownSsh(): GitCredential {
  return {
    pass: async () => ({ ssh: 'ssh -o BatchMode=yes', secrets: [], close: nothingToClose }),
    renew: async () => 'same',
    advice: (denial) =>
      denial === 'host-key'
        ? 'your known_hosts has no such key for this host: connect to it once with ssh, and compare its key'
        : adviceOf(denial, 'your SSH key'),
  };
}

function keyOf(text: string, secret: string): SshKey {
  try {
    return parseSshKey(text);
  } catch (error) {
    if (!(error instanceof NoSshKey)) throw error;
    throw new CredentialUnusable(`the secret "${secret}" holds no usable SSH key: ${error.message}`);
  }
}

/** Files without a secret in them, and the agent's socket, in a folder of this user that lives as long as the call. */
async function passOf(key: SshKey, hostKeys: readonly string[]): Promise<Pass> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-ssh-'));
  const file = (name: string) => join(folder, name);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(file('identity.pub'), `${key.publicLine}\n`);
    await writeFile(file('known_hosts'), hostKeys.map((hostKey) => `${HOST} ${hostKey}\n`).join(''));
    await writeFile(file('config'), configOf(file, hostKeys));
    const agent = await startAgent(key, file('agent'));
    return {
      ssh: `ssh -F ${quote(file('config'))}`,
      secrets: [],
      async close() {
        await agent.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** With a file of ours given, ssh reads neither the user's nor the machine's (ssh_config(5)). */
const configOf = (file: (name: string) => string, hostKeys: readonly string[]): string => `Host *
  HostKeyAlias ${HOST}
  StrictHostKeyChecking yes
  UserKnownHostsFile ${word(file('known_hosts'))}
  GlobalKnownHostsFile /dev/null
  HostKeyAlgorithms ${[...new Set(hostKeys.flatMap(algorithmsOf))].join(',')}
  UpdateHostKeys no
  VerifyHostKeyDNS no
  IdentityAgent ${word(file('agent'))}
  IdentityFile ${word(file('identity.pub'))}
  IdentitiesOnly yes
  PreferredAuthentications publickey
  BatchMode yes
  ControlPath none
  ClearAllForwardings yes
  ForwardAgent no
  PermitLocalCommand no
  ConnectTimeout 15
  ServerAliveInterval 15
  ServerAliveCountMax 3
  LogLevel INFO
`;

const algorithmsOf = (hostKey: string): readonly string[] => {
  const type = hostKey.split(' ')[0] ?? '';
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
};

/** One argument of ssh_config(5): a percent sign begins a token there. */
const word = (path: string): string => `"${path.replaceAll('%', '%%')}"`;
const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

function adviceOf(denial: Denial, key: string): string {
  switch (denial) {
    case 'host-key':
      return 'the host shows an SSH host key that is not pinned, so nothing was sent: if the host has announced a new key, put it into hostKeys of this repository and deploy; if not, somebody may stand in between';
    case 'key-refused':
    case 'unauthorised':
      return `the host does not accept ${key}: register its public half there (as a deploy key of this repository), or put the registered key into that secret`;
    case 'forbidden':
      return `the host knows ${key} and refuses this: it may only read; register it with write access`;
    case 'no-such-repository':
      return `the host says that there is no such repository: is the path in its URL right, and may ${key} see it?`;
  }
}
