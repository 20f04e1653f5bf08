import { CALLS_AT_ONCE, eachAtOnce } from '../at-once/at-once.ts';
import type { VersionedStore } from '../aws/objects.ts';
import type { Table } from '../aws/table.ts';
import type { Verb } from '../commands/command.ts';
import { COMMANDS, parseKey } from '../uploads/record/keys.ts';
import { readRecord, type UploadRecord } from '../uploads/record/record.ts';
import type { UploadEntry } from './entry.ts';
import type { LoggedCommit } from './git-log.ts';

/** One version of an object in the upload bucket. */
export interface Named {
  readonly key: string;
  readonly versionId: string;
  /** ISO; unknown of what only a commit names. */
  readonly uploadedAt?: string;
}

/** Where a history is of. */
export interface Asked {
  readonly target: string;
  /** `shop/web`, `manifests/…` or absent: the whole target. */
  readonly scope: string | undefined;
}

/** Everything that was uploaded there and that the bucket still has: a request a thousand, and none a version. */
export async function listNamed(
  store: Pick<VersionedStore, 'versions'>,
  { target, scope }: Asked,
): Promise<readonly Named[]> {
  const prefix = scope === undefined ? '' : scope.startsWith('manifests') ? scope : `${scope}/`;
  const found: Named[] = [];
  for (const each of [`${target}/${prefix}`, `${COMMANDS}/${target}/`])
    for await (const { key, versionId, lastModified } of store.versions(each))
      found.push({ key, versionId, uploadedAt: lastModified.toISOString() });
  return found;
}

/** What a commit of ours says that it delivers; undefined where it names nothing. */
export function namedBy({ trailers }: LoggedCommit): Named | undefined {
  const [upload = ''] = trailers.get('Upload') ?? [];
  const [, key, version] = /^s3:\/\/[^/]+\/(.+)\?versionId=([^?&]+)$/.exec(upload) ?? [];
  if (key === undefined || version === undefined) return undefined;
  try {
    return { key, versionId: decodeURIComponent(version) };
  } catch {
    return undefined;
  }
}

/**
 * An entry for each: from its record, and from the commit that names it. What has neither is waiting to be heard of.
 * Commands of other releases are left out.
 */
export async function uploadEntries(
  table: Table,
  named: readonly Named[],
  commits: readonly LoggedCommit[],
  asked: Asked,
): Promise<readonly UploadEntry[]> {
  /** Of several that name one upload the oldest: later ones were picked from it. */
  const byName = new Map<string, LoggedCommit>();
  const all = new Map(named.map((one) => [nameOf(one), one]));
  for (const commit of commits) {
    const one = commit.by === 'ours' ? namedBy(commit) : undefined;
    // Of another target, which a trailer may name, nothing is told here.
    if (one === undefined || !isOf(one.key, asked.target)) continue;
    byName.set(nameOf(one), commit);
    if (!all.has(nameOf(one))) all.set(nameOf(one), one);
  }
  const entries = await eachAtOnce([...all.values()], CALLS_AT_ONCE, async (one) => {
    const record = await readRecord(table, one.key, one.versionId);
    const commit = byName.get(nameOf(one));
    return entryOf(one, record, commit !== undefined && agree(record, commit) ? commit : undefined, asked);
  });
  return entries.filter((entry) => entry !== undefined);
}

const isOf = (key: string, target: string): boolean =>
  key.startsWith(`${target}/`) || key.startsWith(`${COMMANDS}/${target}/`);

/** Who may push may write that a commit delivers an upload: where there is a record, that says which one did. */
const agree = (record: UploadRecord | undefined, { commit }: LoggedCommit): boolean =>
  record === undefined || (record.state === 'delivered' && record.commit === commit);

const nameOf = ({ key, versionId }: Named): string => `${key}?${versionId}`;

function entryOf(
  named: Named,
  record: UploadRecord | undefined,
  commit: LoggedCommit | undefined,
  asked: Asked,
): UploadEntry | undefined {
  const { what, scope: ofKey } = placeOf(named.key);
  const carried = record === undefined || record.state === 'received' ? undefined : record.command;
  const scope = carried === undefined ? ofKey : scopeOf(carried.verb);
  const isElsewhere = asked.scope !== undefined && scope !== 'target' && scope !== asked.scope;
  if (what === 'command' && isElsewhere && commit === undefined) return undefined;
  const endedAt = typeof record?.endedAt === 'string' ? record.endedAt : undefined;
  const at = endedAt ?? commit?.at ?? record?.receivedAt ?? named.uploadedAt;
  if (at === undefined) return undefined;
  return {
    kind: 'upload',
    ...{ at, scope, what, key: named.key, versionId: named.versionId },
    ...(named.uploadedAt === undefined ? {} : { uploadedAt: named.uploadedAt }),
    ...(record === undefined ? endingIn(commit) : endingOf(record)),
    ...(commit === undefined ? {} : saidBy(commit)),
    // The record knows; a commit is only what somebody has written.
    ...(carried === undefined
      ? {}
      : { by: carried.by.arn, command: carried.verb.kind, ...reasonOf(carried.verb) }),
    evidence: [
      ...(record === undefined ? [] : ['record' as const]),
      ...(commit === undefined ? [] : ['git' as const]),
    ],
  };
}

type Ending = Pick<UploadEntry, 'outcome' | 'commit' | 'change' | 'because' | 'chart' | 'claimed'>;

function endingOf(record: UploadRecord): Ending {
  if (record.state === 'received') return { outcome: 'waiting' };
  const { chart, claims } = record;
  const content = {
    ...(chart === undefined ? {} : { chart }),
    ...(claims === undefined || Object.keys(claims).length === 0 ? {} : { claimed: claims }),
  };
  switch (record.state) {
    case 'checked':
      return { ...content, outcome: record.frozen === undefined ? 'waiting' : 'frozen' };
    case 'proposed':
      return { ...content, outcome: 'proposed', because: [record.proposal.url] };
    case 'delivered':
      return { ...content, outcome: 'delivered', commit: record.commit, change: record.change };
    case 'rejected':
    case 'failed':
      return {
        ...content,
        outcome: record.state,
        because: [...new Set(record.reasons.map(({ code }) => code))],
      };
    case 'superseded':
      return { ...content, outcome: 'superseded', because: [record.by] };
    case 'declined':
      return {
        ...content,
        outcome: 'declined',
        ...(record.url === undefined ? {} : { because: [record.url] }),
      };
    case 'done':
      return { ...content, outcome: record.what };
  }
}

/** Of a record that is gone: a commit of ours is a delivery. */
const endingIn = (commit: LoggedCommit | undefined): Ending =>
  commit === undefined
    ? { outcome: 'waiting' }
    : { outcome: 'delivered', commit: commit.commit, change: 'commit' };

/** What only the commit says. */
function saidBy({
  trailers,
}: LoggedCommit): Pick<UploadEntry, 'signer' | 'by' | 'command' | 'reason' | 'replaced'> {
  const first = (name: string): string | undefined => trailers.get(name)?.[0];
  const [signer, by, command, reason] = ['Signer', 'By', 'Command', 'Reason'].map(first);
  const replaced = trailers.get('Replaces');
  return {
    ...(signer === undefined ? {} : { signer }),
    ...(by === undefined ? {} : { by }),
    ...(command === undefined ? {} : { command }),
    ...(reason === undefined ? {} : { reason }),
    ...(replaced === undefined ? {} : { replaced }),
  };
}

function placeOf(key: string): Pick<UploadEntry, 'what' | 'scope'> {
  const parsed = parseKey(key);
  switch (parsed.kind) {
    case 'evidence':
      return { what: 'evidence', scope: placeOf(parsed.package).scope };
    case 'command':
      return { what: 'command', scope: 'target' };
    case 'malformed':
      return { what: 'chart', scope: key.split('/').slice(1, -1).join('/') };
    case 'slot': {
      const { key: slot } = parsed;
      return slot.kind === 'manifest'
        ? { what: 'manifest', scope: `manifests/${slot.path}` }
        : { what: slot.kind, scope: `${slot.namespace}/${slot.release}` };
    }
  }
}

function scopeOf(verb: Verb): string {
  switch (verb.kind) {
    case 'rollback':
    case 'promote':
      return `${verb.release.namespace}/${verb.release.release}`;
    case 'freeze':
    case 'unfreeze':
      return verb.scope.kind === 'target' ? 'target' : `${verb.scope.namespace}/${verb.scope.release}`;
    case 'remove':
      switch (verb.what.kind) {
        case 'target':
          return 'target';
        case 'manifest':
          return `manifests/${verb.what.path}`;
        case 'release':
          return `${verb.what.namespace}/${verb.what.release}`;
      }
  }
}

const reasonOf = (verb: Verb): { readonly reason?: string } => {
  const reason = verb.kind === 'promote' ? verb.force?.reason : verb.reason;
  return reason === undefined ? {} : { reason };
};
