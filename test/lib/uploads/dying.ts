import type { DeliverParts } from '../../../lib/uploads/delivering/deliver.ts';
import type { ReceiveParts } from '../../../lib/uploads/receiving/receive.ts';
import type { Pipeline } from './pipeline.ts';

type Parts = ReceiveParts & DeliverParts;

export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * Parts that die at one of their calls: before it does anything, or after it has. From then on every call fails, as
 * nothing more comes from a process that was killed.
 */
export function dying(parts: Parts, at: number, when: 'before' | 'after') {
  let calls = 0;
  const dies = <T extends object>(part: T, methods: readonly (keyof T)[]): T => {
    const wrapped = Object.create(part) as T;
    for (const method of methods) {
      const real = part[method] as (...values: unknown[]) => unknown;
      const call = (...values: unknown[]) => {
        calls += 1;
        if (calls > at || (calls === at && when === 'before')) throw new Killed(String(method));
        const answer = real.apply(part, values);
        if (calls < at || !(answer instanceof Promise)) return answer;
        return answer.then(() => {
          throw new Killed(String(method));
        });
      };
      Object.defineProperty(wrapped, method, {
        value: method === 'query' ? call : async (...values: unknown[]) => call(...values),
      });
    }
    return wrapped;
  };
  const made: Parts = {
    ...parts,
    table: dies(parts.table, ['get', 'put', 'remove', 'query']),
    uploads: dies(parts.uploads, ['get', 'mergeTags']),
    content: dies(parts.content, ['get', 'putOnce']),
    doorbell: dies(parts.doorbell, ['send']),
    reads: dies(parts.reads, ['send']),
    render: dies(parts.render, ['invoke']),
    sts: dies(parts.sts, ['callerOf']),
  };
  return { parts: made, calls: () => calls };
}

/** What heals by itself: the message comes again, the sweep goes round, bells are answered. */
export async function heal(pipe: Pipeline) {
  pipe.later(600);
  await pipe.sweep();
  for (const event of pipe.queues.received.messages.splice(0)) await pipe.receive(event);
  if (pipe.queues.doorbell.messages.splice(0).length > 0) await pipe.deliver();
  // Nothing rings for what was received meanwhile but its own bell.
  if (pipe.queues.doorbell.messages.splice(0).length > 0) await pipe.deliver();
}
