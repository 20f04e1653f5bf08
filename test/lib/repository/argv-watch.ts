import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** Looks at the command line of every process of this machine, again and again. What to look for comes by stdin. */
const WATCHER = `
const { readdirSync, readFileSync } = require('node:fs');
let input = '';
process.stdin.on('data', (chunk) => { input += chunk; if (input.endsWith('\\n')) begin(JSON.parse(input)); });
function begin(secrets) {
  const leaked = new Set();
  const seen = new Set();
  const look = () => {
    for (const id of readdirSync('/proc')) {
      if (!/^\\d+$/.test(id)) continue;
      let line;
      try { line = readFileSync('/proc/' + id + '/cmdline', 'latin1'); } catch { continue; }
      const name = line.split('\\0')[0].split('/').pop();
      if (name === 'git' || name === 'ssh') seen.add(name + ' ' + id);
      for (const secret of secrets) if (line.includes(secret)) leaked.add(line.replaceAll('\\0', ' ').slice(0, 80));
    }
  };
  const timer = setInterval(look, 1);
  process.stdin.on('end', () => {
    clearInterval(timer);
    process.stdout.write(JSON.stringify({ leaked: [...leaked], seen: [...seen] }));
  });
  process.stdout.write('\\n');
}
`;

export interface Watched {
  readonly leaked: readonly string[];
  /** Commands of git and ssh that were seen at work. */
  readonly seen: readonly string[];
}

export async function watchArguments(context: TestContext, secrets: readonly string[]) {
  const child = spawn(process.execPath, ['-e', WATCHER], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => child.kill());
  child.stdin.write(`${JSON.stringify(secrets)}\n`);
  await once(child.stdout, 'readable');
  return async (): Promise<Watched> => {
    child.stdin.end();
    return JSON.parse(await text(child.stdout));
  };
}
