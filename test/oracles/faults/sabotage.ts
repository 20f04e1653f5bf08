/**
 * Faults put into the code itself, one at a time, to see that the suite finds them: `--sabotage NAME`. Each takes
 * away one thing that the promise rests on.
 */
export const SABOTAGES = {
  /** Attempts are not looked for: what landed unnoticed is committed again. */
  'attempts-forgotten': {
    file: 'lib/uploads/delivering/attempts.ts',
    from: 'if (attempt === undefined) return [];',
    to: 'if (found.size >= 0) return [];',
  },
  /** A push that may still arrive is taken for lost. */
  'arrivals-forgotten': {
    file: 'lib/uploads/delivering/attempts.ts',
    from: 'base === tip &&',
    to: 'base === tip && false &&',
  },
  /** The lease is an overwrite. */
  'push-forced': {
    file: 'lib/repository/commit.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    from: "`--force-with-lease=${ref}:${expected ?? ''}`",
    to: "'--force'",
  },
  /** Nothing is superseded: what comes late is delivered late. */
  'order-ignored': {
    file: 'lib/uploads/delivering/settle.ts',
    from: 'orderOf(record) > mark.order',
    to: 'orderOf(record) !== mark.order',
  },
  /** Events that were lost stay lost. */
  'lost-unfound': {
    file: 'lib/uploads/sweep.ts',
    from: '+ (await compareBucket(parts))',
    to: '+ (parts.now === undefined ? await compareBucket(parts) : 0)',
  },
  /** The list of what is received is not kept, and nobody is sent there again. */
  'received-unlisted': {
    file: 'lib/uploads/sweep.ts',
    from: 'for await (const entry of listReceived(parts.table)) {',
    to: 'for await (const entry of listReceived(parts.table)) {\n    continue;',
  },
  /** A release's file is written anew with each chart. */
  'release-rewritten': {
    file: 'lib/uploads/deciding/plan.ts',
    from: "...(setUp === 'new' ? entriesOf(newReleaseFile",
    to: "...(setUp !== 'taken out' ? entriesOf(newReleaseFile",
  },
  /** What stands in the chart's folder stays there. */
  'folder-kept': {
    file: 'lib/repository/commit.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    from: 'for (const path of replaces === undefined ? removes : [replaces, ...removes]) line(`D ${quoted(path)}`);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    to: 'for (const path of removes) line(`D ${quoted(path)}`);',
  },
  /** With --commands, as all that follow: a command's commit is pushed, and its record does not know which it is. */
  'command-unwritten': {
    file: 'lib/uploads/delivering/commands.ts',
    from: 'const record = await recordAttempt(parts.table, waiting.record, attempt, refused);',
    to: 'const { record } = waiting;',
  },
  /** A command raises no mark: what waited before it comes after it. */
  'command-unmarked': {
    file: 'lib/uploads/delivering/commands.ts',
    from: 'for (const slot of touched) await raiseTouched',
    to: 'for (const slot of touched.slice(touched.length)) await raiseTouched',
  },
  /** A rollback freezes only when its push was heard of, which a kill prevents. */
  'rollback-unfrozen': {
    file: 'lib/uploads/delivering/commands.ts',
    from: "case 'commit':\n      await changeFreeze(call, waiting);",
    to: "case 'commit':",
  },
  /** What is frozen goes all the same. */
  'freeze-ignored': {
    file: 'lib/uploads/delivering/frozen.ts',
    from: 'if (freeze === undefined) return thawed',
    to: 'if (freeze === undefined || call.commits >= 0) return thawed',
  },
  /** A newer upload that landed is gone back over by an older command. */
  'command-late': {
    file: 'lib/uploads/deciding/commands/newer.ts',
    from: 'mark.order > order',
    to: 'mark.order === order',
  },
  /** Who proves a command is not asked. */
  'proof-unasked': {
    file: 'lib/uploads/receiving/command.ts',
    from: "if (proven.kind === 'unproven')",
    to: "if (proven.kind === 'unproven' && asked.verb.kind === 'freeze')",
  },
} as const;
export type SabotageName = keyof typeof SABOTAGES;
