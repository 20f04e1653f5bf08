import type { Table } from '../../aws/table.ts';
import { type Reason, reason } from '../../charts/reasons.ts';
import { type Caller, type Command, command, digestOfCommand } from '../../commands/command.ts';
import { type Sts, whyUntimely } from '../../commands/proof.ts';
import type { Target } from '../../config/config.ts';
import { digestOf } from '../../content/tree.ts';
import { neutral } from '../record/claims.ts';
import type { CommandKey } from '../record/keys.ts';
import { type CheckedContent, UPLOADS_SCHEMA, type UploadBase } from '../record/record.ts';

/**
 * What makes a document below `.commands/` a command that is carried out: it is for this place, somebody whom AWS names
 * gave it now, and nobody gave it before.
 */
export interface CommandParts {
  readonly table: Table;
  readonly sts: Sts;
  readonly installation: string;
  readonly now: () => Date;
}

export type CheckedCommand =
  | { readonly kind: 'checked'; readonly content: CheckedContent }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

export interface PlacedCommand {
  readonly key: CommandKey;
  readonly target: Target;
  /** Who put it, as S3's event says; absent where it was found without one. */
  readonly requester: string | undefined;
}

/** @throws where STS does not answer now */
export async function checkCommand(
  parts: CommandParts,
  upload: UploadBase,
  { key, target, requester }: PlacedCommand,
  body: Buffer,
): Promise<CheckedCommand> {
  const read = readCommand(body);
  if (read.kind === 'refused') return read;
  const asked = read.command;
  const misplaced = whyMisplaced(parts.installation, key, asked);
  if (misplaced !== undefined) return refused(misplaced);
  const untimely = whyUntimely(asked, new Date(upload.eventTime), parts.now());
  if (untimely !== undefined) return refused(reason('command-unproven', { why: untimely }));
  const digest = digestOfCommand(asked);
  const proven = await parts.sts.callerOf(asked.proof, digest);
  if (proven.kind === 'unproven') return refused(reason('command-unproven', { why: proven.why }));
  const foreign = whyForeign(requester, proven);
  if (foreign !== undefined) return refused(reason('command-unproven', { why: foreign }));
  const elsewhere = whyNotHere(asked, target);
  if (elsewhere !== undefined) return refused(elsewhere);
  // After the proof: what nobody vouches for takes no id away.
  if ((await useOnce(parts.table, key, upload)) === 'used before')
    return refused(reason('command-repeated', {}));
  const { arn, account } = proven;
  return {
    kind: 'checked',
    content: {
      repository: target.repository,
      branch: target.branch,
      target: target.name,
      digest,
      package: digestOf(body),
      claims: {},
      command: { id: asked.id, verb: neutralised(asked).verb, by: { arn, account }, at: asked.at },
    },
  };
}

const refused = (why: Reason): CheckedCommand => ({ kind: 'refused', reasons: [why] });

type ReadCommand =
  | { readonly kind: 'read'; readonly command: Command }
  | Extract<CheckedCommand, { readonly kind: 'refused' }>;

/** A command's document, whoever wrote it. */
export function readCommand(body: Buffer): ReadCommand {
  const malformed = (problem: string): ReadCommand => ({
    kind: 'refused',
    reasons: [reason('command-malformed', { problem })],
  });
  let written: unknown;
  try {
    written = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return malformed('it is not JSON');
  }
  const parsed = command.safeParse(written);
  if (parsed.success) return { kind: 'read', command: parsed.data };
  const [issue] = parsed.error.issues;
  return malformed(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is wrong'}`);
}

function whyMisplaced(
  installation: string,
  key: CommandKey,
  { installation: meant, target, id }: Command,
): Reason | undefined {
  if (meant === installation && target === key.target && id === key.id) return undefined;
  return reason('command-misplaced', {
    meant: `${target} of ${meant} (${id})`,
    found: `${key.target} of ${installation} (${key.id})`,
  });
}

/**
 * Whoever gives a command signs and puts it with the same credentials, also those of a role in another account: of these
 * S3's event names the account (S3 user guide, "EventBridge event message structure": or a service of AWS, which says
 * nothing of who it works for). A proof of another account is somebody else's, or hides who it was.
 */
function whyForeign(requester: string | undefined, { account }: Caller): string | undefined {
  if (requester === undefined || !/^\d{12}$/.test(requester) || requester === account) return undefined;
  return `it is signed by account ${account}, and account ${requester} put it into the bucket`;
}

/** Namespaces that are not the target's hold nothing of ours; what is left of one that was can be thawed and removed. */
function whyNotHere({ verb }: Command, target: Target): Reason | undefined {
  const namespace = deliveredTo(verb);
  if (namespace === undefined || target.namespaces.includes(namespace)) return undefined;
  return reason('key-namespace', { namespace, target: target.name, allowed: target.namespaces.join(', ') });
}

function deliveredTo(verb: Command['verb']): string | undefined {
  switch (verb.kind) {
    case 'rollback':
    case 'promote':
      return verb.release.namespace;
    case 'freeze':
      return verb.scope.kind === 'release' ? verb.scope.namespace : undefined;
    case 'unfreeze':
    case 'remove':
      return undefined;
  }
}

/**
 * `command#<target>` / `<id>`: which version of the object gave it. Another one of the same id, within the quarter of an
 * hour in which its proof is good, is a repetition.
 */
async function useOnce(
  table: Table,
  { target, id }: CommandKey,
  { versionId }: UploadBase,
): Promise<'first' | 'used before'> {
  const key = { pk: `command#${target}`, sk: id };
  const item = { ...key, schema: UPLOADS_SCHEMA, version: 1, versionId };
  if ((await table.put(item, 'absent')) === 'written') return 'first';
  return (await table.get(key))?.versionId === versionId ? 'first' : 'used before';
}

/** What a person says why goes into trailers, tags and messages, where some words act by themselves. */
function neutralised(asked: Command): Command {
  const { verb } = asked;
  switch (verb.kind) {
    case 'promote':
      return verb.force === undefined
        ? asked
        : { ...asked, verb: { ...verb, force: { reason: said(verb.force.reason) } } };
    case 'rollback':
    case 'freeze':
    case 'unfreeze':
    case 'remove':
      return verb.reason === undefined ? asked : { ...asked, verb: { ...verb, reason: said(verb.reason) } };
  }
}

/** Nothing but what means something else to a host is no reason either. */
const said = (text: string): string => neutral(text, text.length) || '-';
