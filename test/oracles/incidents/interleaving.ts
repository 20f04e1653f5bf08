import type { Item, Table } from '../../../lib/aws/table.ts';
import type { MemoryTable } from './memory-table.ts';

/**
 * Who goes next: everything that a function does outside itself stops at a gate and goes on when it is picked. One goes
 * at a time, so that the same picks give the same run. A function may die at each gate, before or after it did what it
 * was about to do.
 */
export interface Interleaving {
  /** Begins a function; it stops at its first gate. */
  begin(name: string, run: (gate: Gate) => Promise<void>, ended: (how: Ending) => void): Promise<void>;
  /** One step of one of those that wait: what they are about to do, by name. Undefined where none waits. */
  step(pick: number): Promise<string | undefined>;
  /** All steps of the one begun last, while the others stand still. */
  finishLast(): Promise<void>;
  /** All steps of all, one by one. */
  finish(next: () => number): Promise<void>;
  crash(pick: number, when: 'before' | 'after'): Promise<void>;
  /** How many have begun and not ended. */
  readonly running: number;
}

export type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'threw'; readonly error: unknown };
export type Gate = <Answer>(doing: string, perform: () => Answer) => Promise<Answer>;

interface Task {
  readonly name: string;
  readonly number: number;
  readonly ended: (how: Ending) => void;
}
interface Parked {
  readonly task: Task;
  readonly doing: string;
  /** Does it, and gives back what lets the function go on. */
  readonly perform: () => () => void;
}

/** A run that does not come to its end is a loop. */
const STEPS = 20_000;

export function interleaving(): Interleaving {
  const parked: Parked[] = [];
  const running = new Set<Task>();
  let begun = 0;
  let steps = 0;
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const end = (task: Task, how: Ending) => {
    if (running.delete(task)) task.ended(how);
  };
  const take = (one: Parked | undefined): Parked | undefined => {
    if (one !== undefined) parked.splice(parked.indexOf(one), 1);
    return one;
  };
  const go = async (one: Parked | undefined): Promise<string | undefined> => {
    if (take(one) === undefined || one === undefined) return undefined;
    if (++steps > STEPS)
      throw new Error(`${STEPS} steps and no end: ${one.task.name} is about to ${one.doing}`);
    one.perform()();
    await settled();
    return `${one.task.name}: ${one.doing}`;
  };

  const self: Interleaving = {
    get running() {
      return running.size;
    },
    async begin(name, run, ended) {
      const task = { name, number: ++begun, ended };
      running.add(task);
      const gate: Gate = (doing, perform) =>
        new Promise((resolve, reject) => {
          // Who has died does nothing more.
          if (!running.has(task)) return;
          parked.push({
            task,
            doing,
            perform: () => {
              try {
                const answer = perform();
                return () => resolve(answer);
              } catch (error) {
                return () => reject(error);
              }
            },
          });
        });
      run(gate).then(
        () => end(task, { kind: 'done' }),
        (error: unknown) => end(task, { kind: 'threw', error }),
      );
      await settled();
    },
    step: async (pick) => await go(parked[pick % Math.max(parked.length, 1)]),
    async finishLast() {
      const last = [...running].at(-1);
      while (last !== undefined && running.has(last)) {
        const one = parked.find(({ task }) => task === last);
        if (one === undefined) throw new Error(`${last.name} waits for nothing that anybody gives it`);
        await go(one);
      }
    },
    async finish(next) {
      while (running.size > 0) {
        if ((await self.step(next())) === undefined)
          throw new Error(`${[...running].map(({ name }) => name).join(', ')} wait for nothing`);
      }
    },
    async crash(pick, when) {
      const one = take(parked[pick % Math.max(parked.length, 1)]);
      if (one === undefined) return;
      if (when === 'after') one.perform();
      for (const other of parked.filter(({ task }) => task === one.task)) take(other);
      end(one.task, { kind: 'crashed' });
      await settled();
    },
  };
  return self;
}

/** Items that one read of a partition gives: a partition is read in pages, and others write between them. */
const PAGE = 6;

/** The table as one function sees it: each of its calls waits for its turn. */
export function gatedTable(table: MemoryTable, gate: Gate): Table {
  async function* paged(pk: string, prefix: string): AsyncGenerator<Item> {
    let after: string | undefined;
    for (;;) {
      const from = after;
      const items = await gate(`read ${pk}`, () => table.page(pk, prefix, from, PAGE));
      yield* items;
      const last = items.at(-1);
      if (last === undefined || items.length < PAGE) return;
      after = last.sk;
    }
  }
  return {
    get: (key) => gate(`get ${key.sk}`, () => table.get(key)),
    put: (item, expected) => gate(`put ${item.sk} v${item.version}`, () => table.put(item, expected)),
    remove: (key, expected) => gate(`remove ${key.sk}`, () => table.remove(key, expected)),
    query: (pk, prefix) => paged(pk, prefix ?? ''),
    async *untold() {
      yield* await gate('read the index', () => table.untold());
    },
  };
}
