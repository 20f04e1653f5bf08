import type { Json, JsonObject, KubernetesObject } from '../../../objects/objects.ts';
import { isPerson } from '../managers.ts';
import type { Writer } from '../owners.ts';
import { ADD_ONS } from './add-ons.ts';
import { KUBERNETES } from './kubernetes.ts';
import { EVERY, type PlatformWriter } from './platform-writer.ts';

/** The catalogue of platform writers. */
export const PLATFORM_WRITERS: readonly PlatformWriter[] = [...KUBERNETES, ...ADD_ONS];

/** One object as it is, and as Git declares it. */
export interface Judged {
  readonly live: KubernetesObject;
  readonly declared: KubernetesObject;
}

/**
 * Why the platform may have put this there; undefined where the catalogue does not say so. `owners`: who is recorded
 * for it. Nobody recorded excuses what the API server itself puts in (allocation happens after the record is made), and
 * no controller's work, which is always recorded; a person never does, and the deployer alone neither: it applied that
 * from another revision. `absent`: the object was recorded without its writers, so that nothing follows from that.
 */
export function platformReason(
  { live: root, declared }: Judged,
  value: Json,
  place: readonly string[],
  owners: readonly Writer[],
  deployers: ReadonlySet<string>,
  record: 'kept' | 'absent' = 'kept',
): string | undefined {
  for (const writer of PLATFORM_WRITERS) {
    if (writer.kinds !== EVERY && !writer.kinds.includes(root.kind)) continue;
    if (!writer.at.some((pattern) => isAt(pattern, place))) continue;
    if (writer.when?.(root as JsonObject, value, declared as JsonObject) === false) continue;
    if (writer.byAnyone) return writer.reason;
    if (owners.length === 0) {
      if (record === 'absent' || isUnrecorded(writer, value)) return writer.reason;
      continue;
    }
    const isPlatform = ({ manager }: Writer) =>
      writer.managers?.includes(manager) ?? !(deployers.has(manager) || isPerson(manager));
    const others = owners.filter(({ manager }) => !deployers.has(manager));
    if (others.every(isPlatform) && owners.some(isPlatform)) return writer.reason;
  }
  return undefined;
}

const isUnrecorded = ({ managers, unrecorded }: PlatformWriter, value: Json): boolean =>
  unrecorded?.(value) ?? (managers === undefined || managers.length === 0);

/** Whether a place (fields by name, items as `*`) is what an entry's `at` says. */
export function isAt(pattern: readonly string[], place: readonly string[]): boolean {
  return (
    pattern.length === place.length &&
    pattern.every((wanted, index) => {
      const step = place[index] ?? '';
      const star = wanted.indexOf('*');
      if (star < 0) return wanted === step;
      return step.startsWith(wanted.slice(0, star)) && step.endsWith(wanted.slice(star + 1));
    })
  );
}
