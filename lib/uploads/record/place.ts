import { type Reason, reason } from '../../charts/reasons.ts';
import type { Config, Target } from '../../config/config.ts';
import { type CommandKey, parseKey, type UploadKey } from './keys.ts';

export type Placed =
  | { readonly kind: 'slot'; readonly key: UploadKey; readonly target: Target }
  | { readonly kind: 'evidence'; readonly package: string }
  | { readonly kind: 'command'; readonly key: CommandKey; readonly target: Target }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

/** Which target and slot the key names, if it may be filled. */
export function placeOf(text: string, config: Config): Placed {
  const refused = (why: Reason): Placed => ({ kind: 'refused', reasons: [why] });
  const parsed = parseKey(text);
  const name = 'key' in parsed ? parsed.key.target : parsed.target;
  const target = config.targets.find((candidate) => candidate.name === name);
  if (target === undefined && name !== undefined) return refused(reason('key-unknown-target', {}));
  if (parsed.kind === 'malformed' || target === undefined) return refused(reason('key-malformed', {}));
  if (target.driftOnly) return refused(reason('target-drift-only', { target: target.name }));
  if (parsed.kind === 'evidence') return { kind: 'evidence', package: parsed.package };
  if (parsed.kind === 'command') return { kind: 'command', key: parsed.key, target };
  const { key } = parsed;
  if (key.kind !== 'manifest' && !target.namespaces.includes(key.namespace)) {
    const words = { namespace: key.namespace, target: target.name, allowed: target.namespaces.join(', ') };
    return refused(reason('key-namespace', words));
  }
  return { kind: 'slot', key, target };
}
