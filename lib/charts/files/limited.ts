import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { TaskName, TaskOf } from './tasks.ts';

/** Seconds of its own processor time that a task may take before its worker is killed: a busy machine is no attack. */
export const TASK_SECONDS = 5;
/** Seconds for the whole of a release's rendered output, which may be twenty times as large as a file. */
export const OUTPUT_SECONDS = 20;
/** Times as much by the clock, which ends it too. */
const WALL_FACTOR = 6;
const WATCH_MILLISECONDS = 250;
const WORKER_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64, stackSizeMb: 8 };
const MARK = 'fairlead: limited';

export type Limited<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  /** It took too long, or too much memory or stack. The worker is gone. */
  | { readonly kind: 'too-complex'; readonly limitSeconds: number };

interface Job {
  readonly task: TaskName;
  readonly input: unknown;
  readonly seconds: number;
  readonly settle: (outcome: Limited<unknown>) => void;
  readonly fail: (error: unknown) => void;
}

const waiting: Job[] = [];
let current: Job | undefined;
let timer: NodeJS.Timeout | undefined;
let worker: Worker | undefined;

/**
 * Runs one of the tasks in a worker with bounded memory, and kills it when its time is over: reading YAML and JSON
 * from outside on the main thread would let one upload stop everything else. One worker, kept warm, one task at a time.
 */
export function limited<Name extends TaskName>(
  task: Name,
  input: Parameters<TaskOf<Name>>[0],
  seconds = TASK_SECONDS,
): Promise<Limited<ReturnType<TaskOf<Name>>>> {
  return new Promise((resolve, reject) => {
    waiting.push({ task, input, seconds, settle: resolve as Job['settle'], fail: reject });
    next();
  });
}

function next(): void {
  if (current !== undefined) return;
  const job = waiting.shift();
  if (job === undefined) {
    worker?.unref();
    return;
  }
  current = job;
  worker ??= start();
  worker.ref();
  timer = watch(job, worker);
  worker.postMessage({ task: job.task, input: job.input });
}

/** Looks at the worker's clock until its job is done, or its time over. */
function watch(job: Job, busy: Worker): NodeJS.Timeout {
  const began = performance.now();
  let first: number | undefined;
  return setInterval(async () => {
    const spent = await busy.cpuUsage().then(
      ({ user, system }) => (user + system) / 1e6,
      () => undefined,
    );
    if (current !== job) return;
    first ??= spent;
    const wall = (performance.now() - began) / 1000;
    const isOver = spent !== undefined && first !== undefined && spent - first > job.seconds;
    if (isOver || wall > job.seconds * WALL_FACTOR) abandon();
  }, WATCH_MILLISECONDS);
}

/** The file itself is the worker's program, also where it was bundled into a larger one. */
function start(): Worker {
  const made = new Worker(fileURLToPath(import.meta.url), {
    workerData: MARK,
    resourceLimits: WORKER_LIMITS,
    env: {},
    // How this process was started is no business of the worker: some flags would keep it from starting.
    execArgv: [],
    stdin: false,
  });
  made.on('message', (answer: { result: unknown } | { error: string }) => {
    const job = finish();
    if ('result' in answer) job?.settle({ kind: 'done', result: answer.result });
    else job?.fail(new Error(answer.error));
    next();
  });
  // Out of memory or stack comes as an error, and the worker has ended. Any other is ours, and no upload's fault.
  made.on('error', (error: unknown) => {
    if (made !== worker) return;
    if (isLimit(error)) abandon();
    else fail(error);
  });
  made.on('exit', () => made === worker && abandon());
  return made;
}

function abandon(): void {
  const job = finish();
  const gone = worker;
  worker = undefined;
  void gone?.terminate();
  job?.settle({ kind: 'too-complex', limitSeconds: job.seconds });
  next();
}

const isLimit = (error: unknown): boolean =>
  error instanceof RangeError || (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';

function fail(error: unknown): void {
  const job = finish();
  worker = undefined;
  job?.fail(error);
  next();
}

function finish(): Job | undefined {
  const job = current;
  current = undefined;
  clearInterval(timer);
  return job;
}

// Whoever asks does not load what only the worker runs.
if (!isMainThread && workerData === MARK) {
  void import('./tasks.ts').then(({ tasks }) =>
    parentPort?.on('message', ({ task, input }: { task: TaskName; input: never }) => {
      try {
        parentPort?.postMessage({ result: tasks[task](input) });
      } catch (error) {
        if (error instanceof RangeError) throw error;
        parentPort?.postMessage({
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      }
    }),
  );
}
