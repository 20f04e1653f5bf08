import { spawnSync } from 'node:child_process';

/** Who may make a mount namespace: root, or whom sudo lets. Undefined: nobody here. */
export function mayMount(): readonly string[] | undefined {
  for (const prefix of [[], ['sudo', '-n']]) {
    const [program = '', ...rest] = [...prefix, 'unshare', '--mount', 'true'];
    if (spawnSync(program, rest, { stdio: 'ignore' }).status === 0) return prefix;
  }
  return undefined;
}
