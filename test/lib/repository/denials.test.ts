import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Denial, denialOf } from '../../../lib/repository/denials.ts';

const SSH_END =
  'fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n';

const cases: readonly {
  readonly what: string;
  readonly output: string;
  readonly denial: Denial | undefined;
}[] = [
  {
    what: 'GitHub, a token that is wrong',
    output:
      "remote: Invalid username or token. Password authentication is not supported for Git operations.\nfatal: Authentication failed for 'https://github.com/a/b/'\n",
    denial: 'unauthorised',
  },
  {
    what: 'a server that asks again',
    output: "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled\n",
    denial: 'unauthorised',
  },
  {
    what: 'GitHub, a token that may not write',
    output:
      "remote: Permission to a/b.git denied to c.\nfatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 403\n",
    denial: 'forbidden',
  },
  {
    what: 'GitHub, a repository that one may not see',
    output: "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found\n",
    denial: 'no-such-repository',
  },
  {
    what: 'GitHub over SSH, a repository that one may not see',
    output: `ERROR: Repository not found.\n${SSH_END}`,
    denial: 'no-such-repository',
  },
  {
    what: 'GitHub over SSH, a deploy key that may only read',
    output: `ERROR: The key you are authenticating with has been marked as read only.\n${SSH_END}`,
    denial: 'forbidden',
  },
  {
    what: 'OpenSSH, a key that is not known',
    output: `git@git.example.com: Permission denied (publickey,keyboard-interactive).\r\n${SSH_END}`,
    denial: 'key-refused',
  },
  {
    what: 'OpenSSH, another host key',
    output: `No ED25519 host key is known for fairlead-repository and you have requested strict checking.\r\nHost key verification failed.\r\n${SSH_END}`,
    denial: 'host-key',
  },
  {
    what: 'OpenSSH, no host key of the pinned type',
    output: `Unable to negotiate with 127.0.0.1 port 22: no matching host key type found. Their offer: ssh-ed25519\r\n${SSH_END}`,
    denial: 'host-key',
  },
  {
    what: 'sshd before a path that is no repository',
    output: `fatal: '/srv/x.git' does not appear to be a git repository\n${SSH_END}`,
    denial: 'no-such-repository',
  },
  // None of these says anything of who we are.
  {
    what: 'a hook that speaks of denials',
    output:
      'remote: Permission denied (publickey).\nremote: Host key verification failed.\nTo https://git.example.com/a\n!\trefs/heads/main\t[remote rejected] (pre-receive hook declined)\n',
    denial: undefined,
  },
  {
    what: 'a host that is down',
    output: `ssh: connect to host git.example.com port 22: Connection refused\r\n${SSH_END}`,
    denial: undefined,
  },
  {
    what: 'a server that is ill',
    output: "fatal: unable to access 'https://x/': The requested URL returned error: 502\n",
    denial: undefined,
  },
  {
    what: 'a branch that is not there',
    output: "fatal: couldn't find remote ref refs/heads/main\n",
    denial: undefined,
  },
];
for (const { what, output, denial } of cases)
  test(`${what}: ${denial ?? 'no denial'}`, () => assert.equal(denialOf(output), denial));
