import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyRefusal } from '../../../lib/repository/refusals.ts';

const rejected = (why: string, remote = '') =>
  `${remote}To https://git.example.com/cluster.git\n!\tabc:refs/heads/main\t${why}\nDone\nerror: failed to push some refs to 'https://git.example.com/cluster.git'\n`;

const CASES: readonly (readonly [what: string, kind: string, output: string])[] = [
  ['a foreign commit that is not here', 'moved', rejected('[rejected] (fetch first)')],
  ['a foreign commit that is here', 'moved', rejected('[rejected] (non-fast-forward)')],
  ['a lease that is out of date', 'moved', rejected('[rejected] (stale info)')],
  [
    'a ref that another push holds',
    'moved',
    rejected(
      "[remote rejected] (cannot lock ref 'refs/heads/main': is at 1111111111111111111111111111111111111111 but expected 2222222222222222222222222222222222222222)",
    ),
  ],
  ['an old value that is another', 'moved', rejected('[remote rejected] (incorrect old value provided)')],
  ['a branch that was begun meanwhile', 'moved', rejected('[remote rejected] (reference already exists)')],
  ['a ref that could not be moved', 'moved', rejected('[remote rejected] (failed to update ref)')],
  [
    "GitHub's branch protection",
    'blocked',
    rejected(
      '[remote rejected] (protected branch hook declined)',
      'remote: error: GH006: Protected branch update failed for refs/heads/main.\n',
    ),
  ],
  [
    "GitHub's rules that want a pull request",
    'blocked',
    rejected(
      '[remote rejected] (push declined due to repository rule violations)',
      'remote: error: GH013: Repository rule violations found for refs/heads/main.\nremote: - Changes must be made through a pull request.\n',
    ),
  ],
  [
    "GitHub's push protection",
    'refused-content',
    rejected(
      '[remote rejected] (push declined due to repository rule violations)',
      'remote: error: GH013: Repository rule violations found for refs/heads/main.\nremote: - GITHUB PUSH PROTECTION\nremote: - Push cannot contain secrets\n',
    ),
  ],
  [
    "GitHub's file size",
    'refused-content',
    rejected(
      '[remote rejected] (pre-receive hook declined)',
      'remote: error: GH001: Large files detected.\n',
    ),
  ],
  [
    "GitLab's protected branch",
    'blocked',
    rejected(
      '[remote rejected] (pre-receive hook declined)',
      'remote: GitLab: You are not allowed to push code to protected branches on this project.\n',
    ),
  ],
  ["somebody's hook", 'refused-content', rejected('[remote rejected] (pre-receive hook declined)')],
  ["somebody's update hook", 'refused-content', rejected('[remote rejected] (hook declined)')],
  ['fsck at the server', 'refused-content', rejected('[remote rejected] (unpacker error)')],
  ['a wrong token', 'blocked', "fatal: Authentication failed for 'https://git.example.com/cluster.git/'\n"],
  [
    'no right to write',
    'blocked',
    "fatal: unable to access 'https://git.example.com/cluster.git/': The requested URL returned error: 403\n",
  ],
  [
    'a host that is down',
    'blocked',
    "fatal: unable to access 'https://x/': Failed to connect to x port 443\n",
  ],
  [
    'a server error',
    'blocked',
    'error: RPC failed; HTTP 502 curl 22\nfatal: the remote end hung up unexpectedly\n',
  ],
  ['a full disk', 'blocked', rejected('[remote rejected] (No space left on device)')],
  ['what nobody has seen yet', 'blocked', rejected('[remote rejected] (moon in the wrong phase)')],
];
for (const [what, kind, output] of CASES) {
  test(`${what}: ${kind}`, () => assert.equal(classifyRefusal(output).kind, kind));
}

test('says what the server said, in one line without control characters', () => {
  const refusal = classifyRefusal(
    rejected(
      '[remote rejected] (pre-receive hook declined)',
      'remote: \u001b[31mno\u001b[0m \nremote: \u009b2J\u202ereally\n',
    ),
  );
  const says = 'says' in refusal ? refusal.says : '';
  assert.match(says, /no.*; +2J really; \[remote rejected\]/);
  assert.doesNotMatch(says, /[\p{Cc}\p{Cf}]/u);
});
