import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type * as Run from './run.ts';

/** Faults put into the code itself, one at a time, to see that runs find them. Each takes away one thing. */
export const SABOTAGES = {
  /** Who loses a write has written all the same. */
  'writes-overwrite': {
    file: 'test/oracles/incidents/memory-table.ts',
    from: "return 'conflict';\n      const after",
    to: 'void 0;\n      const after',
  },
  /** What is older than what is known is told. */
  'stale-told': {
    file: 'lib/alerts/tell.ts',
    from: 'if (isOlder(observation, known.seen)) return told;',
    to: '',
  },
  /** What could not be looked at is taken for gone. */
  'unseen-closed': {
    file: 'lib/alerts/tell.ts',
    from: "if (scopes.some(({ scope, state }) => isWhole(scope) && state.kind === 'unknown')) return;",
    to: '',
  },
  /** What an item has not told yet is lost when it has more to tell. */
  'untold-replaced': {
    file: 'lib/alerts/outbox.ts',
    from: '[...untoldOf(item), ...alerts]',
    to: 'alerts.length > 0 ? [...alerts] : [...untoldOf(item)]',
  },
  /** All that an item has is marked told, whatever came to it meanwhile. */
  'all-marked': {
    file: 'lib/alerts/outbox.ts',
    from: '.filter((alert) => !gone.has(nameOf(alert)))',
    to: '.filter((alert) => !gone.has(nameOf(alert)) && told.length === 0)',
  },
  /** Nobody looks for what the stream has lost. */
  'lost-unfound': {
    file: 'lib/uploads/sweep.ts',
    from: 'for await (const item of parts.table.untold()) {',
    to: 'for await (const item of parts.table.untold()) {\n    continue;',
  },
  /** The end of an incident forgets whom its beginning was told to. */
  'told-forgotten': {
    file: 'lib/incidents/drift-incident.ts',
    from: 'told: before.told.includes(severity) ? before.told : [...before.told, severity]',
    to: 'told: before.told',
  },
  /** A cluster that does not answer is what Git says. */
  'unknown-converges': {
    file: 'lib/incidents/drift-incident.ts',
    from: "case 'unknown':\n    case 'rollout':",
    to: "case 'unknown':\n      return converge(before, seen, context);\n    case 'rollout':",
  },
  /** Another alert of an incident has the number of the one before. */
  'sequence-stays': {
    file: 'lib/incidents/drift-incident.ts',
    from: 'const numbers = { opening: before.opening, sequence: before.sequence + 1 };\n  const severity',
    to: 'const numbers = { opening: before.opening, sequence: before.sequence };\n  const severity',
  },
  /** The next incident of a scope has the key of the last. */
  'openings-uncounted': {
    file: 'lib/incidents/drift-incident.ts',
    from: 'opening: (before ?? NEVER).opening + 1, sequence: 1',
    to: 'opening: 1, sequence: 1',
  },
  /** What a stalled rollout names is never told by itself, however grave. */
  'grave-swallowed': {
    file: 'lib/incidents/drift-incident.ts',
    from: "severity !== 'critical' &&",
    to: '',
  },
} as const;
export type SabotageName = keyof typeof SABOTAGES;

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** The runs over code that has the fault; the files stay as they are. */
export async function withSabotage<Answer>(
  name: SabotageName,
  use: (run: Pick<typeof Run, 'runAll'>) => Promise<Answer>,
): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-incidents-'));
  try {
    const outfile = join(folder, 'run.mjs');
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['test/oracles/incidents/run.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      mainFields: ['module', 'main'],
      logLevel: 'error',
      banner: {
        js: "import{createRequire as fairleadRequire}from'node:module';const require=fairleadRequire(import.meta.url);",
      },
      plugins: [sabotaging(name)],
    });
    return await use((await import(pathToFileURL(outfile).href)) as typeof Run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sabotaging(name: SabotageName): Plugin {
  const { file, from, to } = SABOTAGES[name];
  return {
    name: 'sabotage',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (text.split(from).length !== 2)
          throw new Error(`sabotage ${name}: ${file} has changed; nothing was sabotaged`);
        return { contents: text.replace(from, () => to), loader: 'ts' };
      });
    },
  };
}
