import type { ClusterEntry, CommitEntry, HistoryEntry, Rollout, UploadEntry } from './entry.ts';
import type { LoggedCommit } from './git-log.ts';

/** What was read, put together: newest first, each delivery with how it went in the cluster. Pure. */
export function putTogether(
  uploads: readonly UploadEntry[],
  commits: readonly LoggedCommit[],
  cluster: readonly ClusterEntry[],
  scope: string | undefined,
): readonly HistoryEntry[] {
  const delivered = new Set(uploads.flatMap(({ commit }) => commit ?? []));
  const others = commits.flatMap((one) => othersCommit(one, delivered, scope));
  return [...withRollouts(uploads, cluster), ...others, ...cluster].sort((a, b) =>
    a.at === b.at ? orderOf(b) - orderOf(a) : a.at < b.at ? 1 : -1,
  );
}

/** Within a second: the upload, then what the cluster made of it. */
const orderOf = ({ kind }: HistoryEntry): number => ({ upload: 0, commit: 1, cluster: 2 })[kind];

/** Whatever no delivery is known to have made: also what only says that it is ours. */
function othersCommit(
  { at, commit, author, subject, by }: LoggedCommit,
  delivered: ReadonlySet<string>,
  scope: string | undefined,
): readonly CommitEntry[] {
  if (delivered.has(commit)) return [];
  const says = by === 'ours' ? ({ says: 'fairlead' } as const) : {};
  return [{ kind: 'commit', at, scope: scope ?? 'target', commit, author, subject, ...says }];
}

/** The first word of the cluster after a delivery, and before the next one of the scope, is about it. */
function withRollouts(
  uploads: readonly UploadEntry[],
  cluster: readonly ClusterEntry[],
): readonly UploadEntry[] {
  const words = cluster
    .filter(({ event }) => event === 'rolled-out' || event === 'stalled')
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  const deliveries = uploads
    .filter(({ outcome, change }) => outcome === 'delivered' && change !== 'unchanged')
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  return uploads.map((upload) => {
    if (upload.outcome !== 'delivered' || upload.change === 'unchanged') return upload;
    const isOfScope = ({ scope }: { readonly scope: string }): boolean =>
      scope === upload.scope || (scope === 'manifests' && upload.what === 'manifest');
    // Chart and values of one release come in one push: the next is one with another time.
    const next = deliveries.find(
      (one) => isOfScope(one) && one.at > upload.at && one.commit !== upload.commit,
    );
    const mine = words.filter((word) => isOfScope(word) && word.at >= upload.at);
    const before = mine.filter(
      (word) => next === undefined || word.at < next.at || word.commit === upload.commit,
    );
    const word = before.find(({ event }) => event === 'rolled-out') ?? before[0];
    return word === undefined ? upload : { ...upload, cluster: rolloutOf(word, upload.at) };
  });
}

const rolloutOf = ({ event, at }: ClusterEntry, from: string): Rollout => ({
  state: event === 'rolled-out' ? 'rolled-out' : 'stalled',
  at,
  seconds: Math.max(0, Math.round((Date.parse(at) - Date.parse(from)) / 1000)),
});
