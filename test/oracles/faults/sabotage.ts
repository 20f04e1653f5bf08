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
    from: 'receivedAgain: await compareBucket(parts)',
    to: 'receivedAgain: parts.now === undefined ? await compareBucket(parts) : 0',
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
} as const;
export type SabotageName = keyof typeof SABOTAGES;
