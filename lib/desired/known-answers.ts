import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import type { RenderRequest } from '../charts/render-request.ts';
import { TREES, type TreeStore } from '../content/store.ts';
import { type Digest, digestOf } from '../content/tree.ts';
import { digest } from '../messages/messages.ts';
import { canonicalJson } from '../objects/json.ts';
import type { RenderAnswer } from './declared-render.ts';
import { TREES_OF_GIT } from './git-trees.ts';

/**
 * What the reading of a target's last commit asked of `render-release` and of the content store, and was answered: most
 * of the next commit is the same, and need not be asked again. Kept as one object, `desired/known/<target>.json`.
 *
 * All of it is by content, so that none of it grows wrong: a request has the same answer while what renders is the same,
 * which the first that is asked again says for all; and from the content store nothing is ever removed.
 */
const keyOf = (target: string): string => `desired/known/${target}.json`;
const BYTES = 32 * 1024 * 1024;

/** After so long everything is asked anew: what people removed from a bucket comes back. */
const GOOD_MILLISECONDS = 24 * 60 * 60 * 1000;
/** Longer ones, with a Chart.yaml that nobody writes by hand, are asked for each time. */
const NOTE_BYTES = 4096;

const knownAnswers = z.object({
  schema: z.literal(1),
  /** Since when nothing was asked anew (ISO). */
  since: z.string(),
  /** By what rendered: by digest of the request the render. */
  renders: z.record(z.string(), z.record(z.string(), digest)),
  /** Keys of the content store that hold something. */
  trees: z.array(z.string()),
  /** By key of the content store what it says of a folder of Git. */
  ofGit: z.record(z.string(), z.string()),
});

interface Known {
  readonly since: string;
  readonly renders: ReadonlyMap<string, Answered>;
  readonly trees: ReadonlySet<string>;
  readonly ofGit: ReadonlyMap<string, string>;
}
interface Answered {
  readonly render: Digest;
  readonly renderer: string;
}

export interface Asking {
  readonly content: TreeStore;
  readonly render: (request: RenderRequest) => Promise<RenderAnswer>;
}

export interface RememberedAsking extends Asking {
  /** Writes down what this reading asked, for the next one. */
  keep(): Promise<void>;
}

/** The same to be asked, by somebody who knows what was answered when the target was last read. */
export async function remembering(
  target: string,
  { content, render }: Asking,
  state: ObjectStore,
  now: Date,
): Promise<RememberedAsking> {
  const stored = await state.get(keyOf(target), { maxBytes: BYTES }).catch(() => undefined);
  const before = knownIn(stored?.body, now);
  const asked = {
    renders: new Map<string, Answered>(),
    trees: new Set<string>(),
    ofGit: new Map<string, string>(),
  };

  /** Whether what renders now is what rendered then; the first request finds out. */
  const renderers = new Map<string, Promise<'same' | 'another'>>();
  const ask = async (request: RenderRequest, question: Digest): Promise<RenderAnswer> => {
    const answer = await render(request);
    if (answer.kind !== 'rendered' || answer.renderer === undefined) return answer;
    const { renderer } = answer;
    asked.renders.set(question, { render: answer.render, renderer });
    if (!renderers.has(renderer)) renderers.set(renderer, Promise.resolve('same'));
    return answer;
  };
  const answered = async (request: RenderRequest): Promise<RenderAnswer> => {
    const question = digestOf(canonicalJson(request));
    const known = before.renders.get(question);
    if (known === undefined) return ask(request, question);
    const found = renderers.get(known.renderer);
    if (found === undefined) {
      const answer = ask(request, question);
      renderers.set(
        known.renderer,
        answer.then(
          (given) => (given.kind === 'rendered' && given.renderer === known.renderer ? 'same' : 'another'),
          () => 'another',
        ),
      );
      return answer;
    }
    if ((await found) === 'another') return ask(request, question);
    asked.renders.set(question, known);
    return { schema: 1, kind: 'rendered', render: known.render, warnings: [] };
  };

  const heard = (key: string, body: Buffer | string): void => {
    if (key.startsWith(TREES)) asked.trees.add(key);
    else if (key.startsWith(TREES_OF_GIT) && body.length <= NOTE_BYTES) asked.ofGit.set(key, body.toString());
  };
  return {
    render: answered,
    content: {
      async get(key, options) {
        const note = before.ofGit.get(key);
        if (note !== undefined) {
          asked.ofGit.set(key, note);
          return { body: Buffer.from(note), metadata: {} };
        }
        const found = await content.get(key, options);
        if (found !== undefined) heard(key, found.body);
        return found;
      },
      put: (key, body, type) => content.put(key, body, type),
      async putOnce(key, body, type) {
        const outcome = await content.putOnce(key, body, type);
        // What somebody else has written of a folder is read when it is next asked for.
        if (outcome === 'written' || key.startsWith(TREES)) heard(key, body);
        return outcome;
      },
      surelyHas(key) {
        if (!before.trees.has(key)) return false;
        asked.trees.add(key);
        return true;
      },
    },
    async keep() {
      const text = textOf(before.since, asked);
      if (text !== stored?.body.toString('utf8')) await state.put(keyOf(target), text, 'application/json');
    },
  };
}

/** What cannot be read, or is too old, is nothing. */
function knownIn(body: Buffer | undefined, now: Date): Known {
  const nothing: Known = { since: now.toISOString(), renders: new Map(), trees: new Set(), ofGit: new Map() };
  const read = knownAnswers.safeParse(body === undefined ? undefined : jsonIn(body)).data;
  const age = read === undefined ? Number.NaN : now.getTime() - Date.parse(read.since);
  if (read === undefined || !(age >= 0 && age < GOOD_MILLISECONDS)) return nothing;
  return {
    since: read.since,
    renders: new Map(
      Object.entries(read.renders).flatMap(([renderer, renders]) =>
        Object.entries(renders).map(([question, render]) => [question, { render, renderer }] as const),
      ),
    ),
    trees: new Set(read.trees),
    ofGit: new Map(Object.entries(read.ofGit)),
  };
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function textOf(since: string, { renders, trees, ofGit }: Omit<Known, 'since'>): string {
  const byRenderer = Map.groupBy(renders, ([, { renderer }]) => renderer);
  return canonicalJson({
    schema: 1,
    since,
    renders: Object.fromEntries(
      [...byRenderer].map(([renderer, some]) => [
        renderer,
        Object.fromEntries(some.map(([question, { render }]) => [question, render])),
      ]),
    ),
    trees: [...trees].sort(),
    ofGit: Object.fromEntries(ofGit),
  } satisfies z.input<typeof knownAnswers>);
}
