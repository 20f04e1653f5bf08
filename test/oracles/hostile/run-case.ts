import { setTimeout as sleep } from 'node:timers/promises';
import { type HostileCase, WALL_FACTOR } from './case.ts';
import { CANARY_SECRET, type Ended, type Line } from './line.ts';
import { commandOf, descendantsOf, type Peaks, watchProcess, workingIn } from './processes.ts';

/** How long a case may take by the clock until it is given up, times its limit. */
const PATIENCE = 2 * WALL_FACTOR;
/** A process that was killed is there until its parent has looked. */
const LINGER_MILLISECONDS = 1000;

export interface Outcome {
  readonly case: HostileCase;
  readonly seconds: number;
  readonly peaks: Peaks;
  /** What ended it: for the table. */
  readonly got: string;
  readonly by: 'receive-upload' | 'deliver-uploads' | '-';
  /** Empty: right. */
  readonly wrong: readonly string[];
}

/** Puts a case through the line, measures it, and looks around afterwards. */
export async function runCase(line: Line, each: HostileCase, index: number): Promise<Outcome> {
  const around = {
    release: `r${index}`,
    canaryUrl: line.canary.url,
    canaryFile: line.canary.file,
    canarySecret: CANARY_SECRET,
  };
  const puts = await each.puts(around);
  const last = puts.at(-1);
  if (last === undefined) throw new Error(`${each.name} uploads nothing`);
  const patience = each.limits.seconds * 1000 * PATIENCE;
  const wrong: string[] = [];
  for (const put of puts.slice(0, -1)) {
    const ended = await line.put(put, patience);
    if (ended?.record.state !== 'delivered') wrong.push(`${put.key} before it: ${describe(ended)}`);
  }
  await line.rest();
  line.takeOutput();
  const before = { refs: line.refs(), content: contentOf(line), asked: line.canary.asked.length };
  const watch = watchProcess(line.pid);
  const began = performance.now();
  const ended =
    each.onlyEvent === undefined ? await line.put(last, patience) : await line.tell(last.key, patience);
  const seconds = (performance.now() - began) / 1000;
  const peaks = watch.stop();

  wrong.push(...against(each, ended), ...misplaced(each, ended));
  const { limits } = each;
  if (peaks.busySeconds > limits.seconds)
    wrong.push(`took ${peaks.busySeconds.toFixed(1)} s of ${limits.seconds} of processor time`);
  if (seconds > limits.seconds * WALL_FACTOR)
    wrong.push(`took ${seconds.toFixed(1)} s of ${limits.seconds * WALL_FACTOR} by the clock`);
  if (peaks.own > limits.processMib) wrong.push(`took ${peaks.own.toFixed(0)} MiB of ${limits.processMib}`);
  if (peaks.children > limits.childrenMib)
    wrong.push(`its children took ${peaks.children.toFixed(0)} MiB of ${limits.childrenMib}`);
  wrong.push(...(await leftBehind(line)));
  if (line.canary.asked.length > before.asked)
    wrong.push(`somebody asked the canary: ${line.canary.asked.at(-1)}`);
  const by =
    ended === undefined || ended.record.state !== 'rejected'
      ? '-'
      : 'digest' in ended.record
        ? 'deliver-uploads'
        : 'receive-upload';
  if (ended?.record.state === 'rejected') {
    if (line.refs() !== before.refs) wrong.push('there is a commit');
    if (by === 'receive-upload' && contentOf(line) !== before.content) wrong.push('its content was kept');
    if (ended.tags['fairlead-outcome'] !== 'rejected' && each.onlyEvent === undefined)
      wrong.push(`its tag says ${ended.tags['fairlead-outcome']}`);
  }
  const told = await line.takeAlerts();
  const outputs = {
    log: line.takeOutput(),
    record: JSON.stringify(ended?.record ?? {}),
    tags: JSON.stringify(ended?.tags ?? {}),
    alerts: told.join('\n'),
    commands: [...peaks.commands].join('\n'),
    failures: line.failures.join('\n'),
  };
  for (const secret of [...each.secrets, CANARY_SECRET])
    for (const [name, text] of Object.entries(outputs))
      if (holds(text, secret)) wrong.push(`a planted secret is in the ${name}`);
  for (const [name, text] of Object.entries(outputs)) {
    if (name !== 'commands' && CONTROLS.test(text)) wrong.push(`control characters are in the ${name}`);
  }
  for (const message of told.flatMap(textsFor)) {
    if (UNSEEN.test(message)) wrong.push('what people read holds what they cannot see');
    if (/^FORGED/m.test(message)) wrong.push('what people read holds a forged line');
  }
  if (ended === undefined) wrong.push(outputs.log.slice(-3000));
  wrong.push(...line.failures.splice(0));
  return { case: each, seconds, peaks, got: describe(ended), by, wrong };
}

/** In clear, and as JSON and base64 would hide it. */
const holds = (text: string, secret: string): boolean =>
  [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')].some((form) =>
    text.includes(form),
  );

/** What forges lines or moves a terminal's cursor, in lines of JSON. */
const CONTROLS = /(?![\n\t])\p{Cc}/u;
/** Besides, what turns text around. A record names its key as it is; a mail does not. */
const UNSEEN = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** What of an alert people read: the subjects and bodies of the topics' messages. */
function textsFor(sent: string): string[] {
  const { Subject, Message } = JSON.parse(sent) as { readonly Subject?: string; readonly Message?: string };
  if (Message === undefined) return [];
  const body = Message.startsWith('{') ? leavesOf(JSON.parse(Message)) : [Message];
  return [...(Subject === undefined ? [] : [Subject]), ...body];
}

const leavesOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(leavesOf)
      : [];

function against({ expected, orCodes }: HostileCase, ended: Ended | undefined): string[] {
  if (ended === undefined) return ['it never ended'];
  const { record } = ended;
  if (record.state !== expected.kind) return [`expected ${expected.kind}, got ${describe(ended)}`];
  if (record.state !== 'rejected' || expected.kind !== 'rejected') return [];
  const codes = codesOf(ended);
  const wanted = [expected.codes, ...(orCodes === undefined ? [] : [orCodes])].map((each) =>
    [...each].sort().join(' '),
  );
  return wanted.includes(codes) ? [] : [`expected ${wanted.join(', or ')}, got ${codes}`];
}

function misplaced({ place }: HostileCase, ended: Ended | undefined): string[] {
  if (place === undefined || ended?.record.state !== 'rejected') return [];
  const places = ended.record.reasons.map((reason) => reason.place);
  const found = places.some(
    (at) => at?.file === place.file && (place.line === undefined || at.line === place.line),
  );
  return found
    ? []
    : [`no reason names ${place.file}:${place.line ?? ''}, they name ${JSON.stringify(places)}`];
}

const codesOf = ({ record }: Ended): string =>
  record.state === 'rejected' ? [...new Set(record.reasons.map(({ code }) => code))].sort().join(' ') : '';

const describe = (ended: Ended | undefined): string =>
  ended === undefined ? 'nothing' : ended.record.state === 'rejected' ? codesOf(ended) : ended.record.state;

const contentOf = (line: Line): string =>
  line.aws.buckets.content
    .keys('')
    .map(([key]) => key)
    .join('\n');

/** Processes and files that outlived the case. */
async function leftBehind(line: Line): Promise<string[]> {
  const deadline = performance.now() + LINGER_MILLISECONDS;
  for (;;) {
    const processes = [
      ...descendantsOf(line.pid).map((pid) => commandOf(pid)),
      ...workingIn(line.folders.scratch),
      ...workingIn(line.folders.temporary),
    ];
    const files = await line.leftBehind();
    if (processes.length === 0 && files.length === 0) return [];
    if (performance.now() > deadline)
      return [
        ...processes.map((process) => `a process is left: ${process}`),
        ...files.map((file) => `a file is left: ${file}`),
      ];
    await sleep(50);
  }
}
