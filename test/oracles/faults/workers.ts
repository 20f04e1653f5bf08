import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../../lib/aws/environment.ts';
import { bundleFile, type WorkerName } from './bundles.ts';
import { clock } from './clock.ts';
import { killChildren, killGroup } from './processes.ts';
import type { Call, Reply } from './worker.ts';

export type Called =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'threw'; readonly error: string }
  | { readonly kind: 'died' };

/** How a worker dies: with all that it has started, alone (its git goes on), or only its git dies. */
export type Death = 'with its children' | 'alone' | 'its children only';

/** A place for a worker: its scratch may outlive it, as Lambda's /tmp may. */
export interface Worker {
  readonly name: WorkerName;
  /** In the user agent of its calls: `app/<id>`. */
  readonly id: string;
  /** What it is at work on, while it is. */
  readonly busy: string | undefined;
  kill(death: Death, scratch: 'kept' | 'lost'): void;
}

export interface RunSettings {
  readonly run: string;
  readonly folder: string;
  readonly environment: Environment;
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void;
}

/** Longer than this no call takes; then it is killed, as Lambda does. Milliseconds. */
const CALL_MILLISECONDS = {
  'as long as a call may take': 25_000,
  'all the time that it takes': 170_000,
} as const;
export type Patience = keyof typeof CALL_MILLISECONDS;

interface Slot {
  readonly name: WorkerName;
  readonly id: string;
  child: ChildProcess;
  busy: string | undefined;
  scratch: number;
  ended: (() => void) | undefined;
  answered: ((reply: Reply) => void) | undefined;
}

/** Worker processes, kept from run to run; who dies is replaced at once. */
export class Workers {
  readonly #bundles: string;
  readonly #slots: Slot[] = [];
  #settings: RunSettings | undefined;
  #log: WriteStream | undefined;
  #calls = 0;
  #patience: Patience = 'as long as a call may take';
  #state: 'open' | 'closed' = 'open';

  constructor(bundles: string, counts: Readonly<Record<WorkerName, number>>) {
    this.#bundles = bundles;
    for (const [name, count] of Object.entries(counts) as [WorkerName, number][]) {
      for (let nth = 0; nth < count; nth++) {
        const id = `${name}-${nth}`;
        const slot = { name, id, busy: undefined, scratch: 0, ended: undefined, answered: undefined };
        this.#slots.push({ ...slot, child: undefined as unknown as ChildProcess });
      }
    }
    for (const slot of this.#slots) this.#start(slot);
  }

  begin(settings: RunSettings): void {
    this.#settings = settings;
    this.#log = createWriteStream(join(settings.folder, 'functions.log'), { flags: 'a' });
    for (const slot of this.#slots) slot.scratch += 1;
  }

  patience(patience: Patience): void {
    this.#patience = patience;
  }

  end(): void {
    this.#log?.end();
    this.#log = undefined;
  }

  idle(name: WorkerName): Worker | undefined {
    const slot = this.#slots.find((one) => one.name === name && one.busy === undefined);
    return slot === undefined ? undefined : this.#workerOf(slot);
  }

  busy(): readonly Worker[] {
    return this.#slots.filter(({ busy }) => busy !== undefined).map((slot) => this.#workerOf(slot));
  }

  find(id: string): Worker | undefined {
    const slot = this.#slots.find((one) => one.id === id);
    return slot === undefined ? undefined : this.#workerOf(slot);
  }

  /** @param worker an idle one */
  async call({ id }: Worker, event: unknown, about: string): Promise<Called> {
    const slot = this.#slots.find((one) => one.id === id) as Slot;
    const settings = this.#settings;
    if (settings === undefined || slot.busy !== undefined) throw new Error(`${id} cannot be called now`);
    slot.busy = about;
    const scratch = join(settings.folder, 'scratch', `${id}-${slot.scratch}`);
    await mkdir(scratch, { recursive: true });
    const call: Call = {
      id: this.#calls++,
      run: settings.run,
      environment: { ...settings.environment, FAIRLEAD_SCRATCH: scratch },
      ahead: clock.ahead(),
      event,
    };
    let timer: NodeJS.Timeout | undefined;
    const begun = performance.now();
    let outcome: Called['kind'] = 'died';
    try {
      const called = await new Promise<Called>((resolve) => {
        slot.ended = () => resolve({ kind: 'died' });
        slot.answered = (reply) => {
          if (reply.id !== call.id) return;
          resolve(
            'error' in reply
              ? { kind: 'threw', error: reply.error }
              : { kind: 'answered', answer: reply.answer },
          );
        };
        timer = setTimeout(
          () => this.#workerOf(slot).kill('with its children', 'lost'),
          CALL_MILLISECONDS[this.#patience],
        );
        // One that has just ended takes nothing; its end is told.
        if (slot.child.connected) slot.child.send(call, () => {});
        else resolve({ kind: 'died' });
      });
      outcome = called.kind;
      return called;
    } finally {
      settings.log('called', { worker: id, about, outcome, milliseconds: performance.now() - begun });
      clearTimeout(timer);
      slot.busy = undefined;
      slot.ended = undefined;
      slot.answered = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#state = 'closed';
    for (const { child } of this.#slots) killGroup(child.pid);
    this.end();
  }

  #workerOf(slot: Slot): Worker {
    return {
      name: slot.name,
      id: slot.id,
      busy: slot.busy,
      kill: (death, scratch) => {
        switch (death) {
          case 'with its children':
            killGroup(slot.child.pid);
            if (scratch === 'lost') slot.scratch += 1;
            return;
          case 'alone':
            // What its git still does in the old scratch is nobody else's business.
            slot.scratch += 1;
            slot.child.kill('SIGKILL');
            return;
          case 'its children only':
            killChildren(slot.child.pid);
            return;
        }
      },
    };
  }

  #start(slot: Slot): void {
    const child = fork(bundleFile(this.#bundles, slot.name), {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: join(this.#bundles, 'cache'),
        AWS_SDK_UA_APP_ID: slot.id,
        AWS_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    slot.child = child;
    const write = (part: Buffer) => this.#log?.write(part);
    child.stdout?.on('data', write);
    child.stderr?.on('data', write);
    child.on('message', (reply: Reply) => slot.answered?.(reply));
    child.on('error', () => {});
    child.once('exit', () => {
      slot.ended?.();
      if (this.#state === 'open') this.#start(slot);
    });
  }
}

export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
