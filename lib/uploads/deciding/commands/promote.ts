import { type Reason, reason } from '../../../charts/reasons.ts';
import { type Signer, trailerOfSigner } from '../../../charts/trust/signer.ts';
import { readVerdict } from '../../../checks/verdict-items.ts';
import type { Target } from '../../../config/config.ts';
import { getTree, MissingContent } from '../../../content/store.ts';
import { neutral } from '../../record/claims.ts';
import { freezeOf, readFreezes } from '../../record/freezes.ts';
import { slotOf } from '../../record/keys.ts';
import { readRecord, type WaitingRecord } from '../../record/record.ts';
import { readMark, type SlotMark } from '../../record/slots.ts';
import { type GroupParts, whyImmutable } from '../group.ts';
import { whyUntrusted } from '../trusted.ts';
import type { AskedCommand, CommandDecision, CommandParts } from './decision.ts';
import { commandMessage, takenOutSentence } from './message.ts';
import { newerThan } from './newer.ts';
import { type PromotedChart, type Proof, proofOf } from './proven.ts';
import { chartKey, formatChart, nameOfRelease, namespaceRefused } from './release.ts';
import { decideWhole } from './whole.ts';

const refused = (why: Reason): CommandDecision => ({ kind: 'rejected', reasons: [why] });
const WORDS_LENGTH = 300;

/**
 * The chart that another target of the installation runs, by its content; the values stay this target's. It is judged as
 * an upload would be, with this target's cluster, policy and values.
 * @throws GitFailed
 */
export async function decidePromote(
  parts: CommandParts,
  tip: string | undefined,
  asked: AskedCommand<'promote'>,
): Promise<CommandDecision> {
  const { target, record, command } = asked;
  const { from, release, force } = command.verb;
  const { table } = parts;
  const source = parts.config.targets.find(({ name }) => name === from);
  if (source === undefined || source.name === target.name)
    return refused(reason('promote-from-unknown', { from }));
  const outside = namespaceRefused(target, release);
  if (outside !== undefined) return refused(outside);
  const frozen = await whyFrozen(parts, asked);
  if (frozen !== undefined) return refused(frozen);
  const key = chartKey(target, release);
  const newer = await newerThan(table, record, [slotOf(key)]);
  if (newer !== undefined) return { kind: 'superseded', by: newer };

  const name = nameOfRelease(release);
  const mark = await readMark(table, slotOf(chartKey(source, release)));
  const proof = proposedBefore(record, slotOf(key)) ?? (await proofIn(parts, source, name, mark));
  if (proof.kind === 'nothing') return refused(reason('promote-nothing', { from, release: name }));
  const chart = formatChart(proof.chart);
  if (proof.kind === 'unproven' && force === undefined)
    return refused(reason('not-proven-there', { chart, release: name, from, why: proof.why }));
  if (!(await isKept(parts, proof.digest)))
    return refused(reason('promote-content-gone', { chart, release: name, target: target.name }));

  const inTarget: GroupParts = { ...parts, target };
  // Another one may stand there by now.
  const upload = mark?.digest === proof.digest ? await uploadOf(parts, mark) : undefined;
  // Of one that was promoted there itself, the mark knows.
  const signer = (proof.kind === 'proposed' ? proof.signer : mark?.signer) ?? upload?.signer;
  const brought = { digest: proof.digest, chart: proof.chart, ...(signer === undefined ? {} : { signer }) };
  const candidate = { key, record: { ...record, ...brought } };
  const whole = await decideWhole(
    inTarget,
    tip,
    [candidate],
    async (standing) =>
      (await whyUntrusted(target, signer, release)) ?? whyImmutable(inTarget, standing, candidate),
  );
  if (whole.kind !== 'planned') return whole;
  const { change, touched, warnings } = whole;
  // Without a tip there is nothing that could stand already.
  if (change === undefined) return { kind: 'unchanged', commit: tip ?? '', touched, warnings };
  const was = (await readMark(table, slotOf(key)))?.chart;
  const before = was === undefined || was.version === proof.chart.version ? '' : ` (was ${was.version})`;
  const { takenOut } = change;
  const message = commandMessage(asked, parts.bucket, {
    subject: `Promote ${name} from ${from}: chart ${chart}${before}`,
    body: [inWords(proof, from, force), ...(takenOut === undefined ? [] : [takenOutSentence(takenOut)])],
    trailers: [
      `Fairlead-Promoted-From: ${[from, ...commitThere(proof, mark)].join(' ')}`,
      `Fairlead-Digest: ${proof.digest}`,
      ...(upload?.package === undefined ? [] : [`Fairlead-Package: ${upload.package}`]),
      ...(signer === undefined ? [] : [`Fairlead-Signer: ${trailerOfSigner(signer)}`]),
    ],
    replaced: change.replaced,
  });
  return { kind: 'commit', plan: { ...change.plan, message }, touched, warnings };
}

/** Other commands pass a freeze; what comes from elsewhere is what it is meant for. */
async function whyFrozen(
  { table }: CommandParts,
  { target, command }: AskedCommand<'promote'>,
): Promise<Reason | undefined> {
  const { release } = command.verb;
  const freeze = freezeOf(await readFreezes(table, target.name), { kind: 'release', ...release });
  if (freeze === undefined) return undefined;
  return reason('promote-frozen', {
    what: freeze.scope.kind === 'target' ? 'all' : nameOfRelease(release),
    target: target.name,
    since: freeze.at,
    by: freeze.by,
    why: freeze.reason ?? 'no reason was given',
  });
}

/** As the table has it: first the target's own verdict, since checks write that last. */
async function proofIn(
  { table, now }: CommandParts,
  source: Target,
  scope: string,
  mark: SlotMark | undefined,
): Promise<Proof> {
  const target = await readVerdict(table, source.name, 'target');
  const verdict = await readVerdict(table, source.name, scope);
  return proofOf({ mark, verdict, target, checkEveryMinutes: source.checkEveryMinutes, now: now() });
}

/** Read by its digest, so that what is committed is what was delivered there. */
async function isKept({ content }: CommandParts, digest: SlotMark['digest']): Promise<boolean> {
  try {
    await getTree(content, digest);
    return true;
  } catch (error) {
    if (error instanceof MissingContent) return false;
    throw error;
  }
}

/** What is in a pull request already: what comes to the other target meanwhile is not what was asked for. */
type ProposedBefore = Omit<PromotedChart, 'commit'> & {
  readonly kind: 'proposed';
  readonly since: string;
  readonly signer: Signer | undefined;
};

function proposedBefore(record: WaitingRecord, slot: string): ProposedBefore | undefined {
  if (record.state !== 'proposed') return undefined;
  const touched = record.attempted.at(-1)?.touched?.find((one) => one.slot === slot);
  if (touched?.chart === undefined) return undefined;
  const { digest, chart, signer } = touched;
  return { kind: 'proposed', since: record.proposal.since, digest, chart, signer };
}

/** Its commit in the other target, as long as the slot's mark tells of it. */
function commitThere(
  proof: Exclude<Proof, { kind: 'nothing' }> | ProposedBefore,
  mark: SlotMark | undefined,
): readonly string[] {
  if (proof.kind !== 'proposed') return [proof.commit];
  return mark !== undefined && mark.digest === proof.digest ? [mark.commit] : [];
}

function inWords(
  proof: Exclude<Proof, { kind: 'nothing' }> | ProposedBefore,
  from: string,
  force: { readonly reason: string } | undefined,
): string {
  switch (proof.kind) {
    case 'proposed':
      return force === undefined
        ? `Rolled out and in sync in ${from} when it was proposed, at ${proof.since}.`
        : `Proposed at ${proof.since}; it was asked for whether or not ${from} proves it.`;
    case 'proven':
      return `Rolled out and in sync in ${from}, as checked at ${proof.at} (commit ${proof.seen}).`;
    case 'unproven':
      return `Not proven in ${from}: ${neutral(proof.why, WORDS_LENGTH)}. It was asked for all the same.`;
  }
}

/**
 * What was uploaded there: its archive, which signatures bind, and who signed it. Of what reviewers changed before it was
 * merged nobody has signed a word.
 */
async function uploadOf({ table }: CommandParts, mark: SlotMark | undefined) {
  const upload = mark === undefined ? undefined : await readRecord(table, mark.key, mark.versionId);
  if (upload === undefined || upload.state === 'received' || upload.command !== undefined) return undefined;
  return upload.digest === mark?.digest ? upload : undefined;
}
