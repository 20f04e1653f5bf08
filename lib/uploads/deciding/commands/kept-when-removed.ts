import { readRender } from '../../../checks/renders.ts';
import type { Target } from '../../../config/config.ts';
import { isJsonObject, type JsonObject } from '../../../objects/objects.ts';
import { parseYamlDocuments } from '../../../objects/yaml.ts';
import { releaseFile } from '../../../repository/layout.ts';
import type { UploadKey } from '../../record/keys.ts';
import { standingSubject } from '../group.ts';
import type { Standing } from '../standing.ts';
import type { AskedCommand, CommandParts } from './decision.ts';
import { allKeptBecause, type Kept, keptOf } from './kept.ts';
import { chartKey } from './release.ts';

/** What stays in the cluster when something is removed from Git, as far as that can be told. */
export type KeptWhenRemoved =
  | { readonly kind: 'all'; readonly because: string }
  | { readonly kind: 'some'; readonly kept: readonly Kept[] }
  /** It could not be rendered, or is a whole target: removing it does not wait for that. */
  | { readonly kind: 'unknown' };

const UNKNOWN: KeptWhenRemoved = { kind: 'unknown' };

/** By what stands in Git, rendered as it was judged. */
export async function keptWhenRemoved(
  parts: CommandParts,
  { target, command }: AskedCommand<'remove'>,
  standing: Standing,
): Promise<KeptWhenRemoved> {
  const { what } = command.verb;
  switch (what.kind) {
    case 'target':
      return target.deployer === 'none' ? everything(undefined, target) : UNKNOWN;
    case 'manifest':
      return ofKey(parts, target, standing, { kind: 'manifest', target: target.name, path: what.path });
    case 'release': {
      const file = standing.get(releaseFile(target, what));
      const text =
        file === undefined ? '' : (await parts.clone.blobs([file.id])).get(file.id)?.toString('utf8');
      const all = everything(objectIn(text ?? ''), target);
      return all.kind === 'all' ? all : ofKey(parts, target, standing, chartKey(target, what));
    }
  }
}

function everything(applier: JsonObject | undefined, { deployer }: Target): KeptWhenRemoved {
  const because = allKeptBecause(applier, deployer);
  return because === undefined ? UNKNOWN : { kind: 'all', because };
}

async function ofKey(
  parts: CommandParts,
  target: Target,
  standing: Standing,
  key: UploadKey,
): Promise<KeptWhenRemoved> {
  if (target.deployer === 'none') return everything(undefined, target);
  try {
    const subject = await standingSubject({ ...parts, target }, standing, key);
    const judgement = subject === undefined ? undefined : await parts.judge(target, subject);
    if (judgement?.kind !== 'accepted' || judgement.render === undefined) return UNKNOWN;
    const objects = await readRender(parts.state, judgement.render);
    if (objects === undefined) return UNKNOWN;
    const removal = key.kind === 'manifest' ? 'manifest' : 'release';
    const namespace = key.kind === 'manifest' ? undefined : key.namespace;
    return { kind: 'some', kept: keptOf(objects, target.deployer, removal, namespace) };
  } catch (error) {
    // What cannot be told keeps nobody from removing it.
    parts.log('what stays in the cluster cannot be told', { target: target.name, why: String(error) });
    return UNKNOWN;
  }
}

function objectIn(text: string): JsonObject | undefined {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  const value = parsed.kind === 'parsed' ? parsed.documents[0]?.value : undefined;
  return isJsonObject(value) ? value : undefined;
}
