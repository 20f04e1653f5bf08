import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { ObjectStore } from '../../../lib/aws/objects.ts';
import type { RenderRequest } from '../../../lib/charts/render-request.ts';
import { keepTree } from '../../../lib/content/store.ts';
import { type Digest, digestOf, treeOfFile } from '../../../lib/content/tree.ts';
import type { RenderAnswer } from '../../../lib/desired/declared-render.ts';
import { remembering } from '../../../lib/desired/known-answers.ts';
import { memoryStore } from '../uploads/doubles.ts';

const NOON = new Date('2026-11-22T12:00:00.000Z');
const later = (minutes: number): Date => new Date(NOON.getTime() + minutes * 60_000);

const request = (release: string): RenderRequest => ({
  schema: 1,
  purpose: 'desired',
  target: 'staging',
  deployer: 'none',
  capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
  boundary: { namespaces: ['shop'], allowKinds: [], allowPlainSecrets: false },
  subject: { kind: 'release', namespace: 'shop', release, chart: digestOf(release), values: [] },
});

describe('what was answered when a target was last read', () => {
  let state: ObjectStore;
  let content: ObjectStore;
  /** What was really asked. */
  let asked: string[];
  let renderer: Digest | undefined;
  let answer: (request: RenderRequest) => Promise<RenderAnswer>;

  beforeEach(() => {
    state = memoryStore();
    content = memoryStore();
    asked = [];
    renderer = digestOf('helm 4.1');
    answer = async ({ subject }) => ({
      schema: 1,
      kind: 'rendered',
      render: digestOf(`${subject.kind === 'release' ? subject.release : ''} by ${renderer}`),
      warnings: [],
      ...(renderer === undefined ? {} : { renderer }),
    });
  });

  async function reading(releases: readonly string[], now = NOON): Promise<readonly RenderAnswer[]> {
    asked = [];
    const render = (asking: RenderRequest) => {
      if (asking.subject.kind === 'release') asked.push(asking.subject.release);
      return answer(asking);
    };
    const known = await remembering('staging', { content, render }, state, now);
    const answers = await Promise.all(releases.map((release) => known.render(request(release))));
    await known.keep();
    return answers;
  }
  const rendersOf = (answers: readonly RenderAnswer[]) =>
    answers.map((each) => (each.kind === 'rendered' ? each.render : each.kind));

  test('is not asked again, but for one request: whether what renders is the same', async () => {
    const before = await reading(['api', 'web', 'db']);
    assert.deepEqual(asked, ['api', 'web', 'db']);
    const after = await reading(['api', 'new', 'web', 'db'], later(15));
    assert.deepEqual(asked, ['api', 'new']);
    assert.deepEqual(
      rendersOf(after).filter((_, at) => at !== 1),
      rendersOf(before),
    );
    // What a reading did not need is forgotten.
    await reading(['web'], later(20));
    await reading(['web', 'api', 'db'], later(25));
    assert.deepEqual(asked, ['web', 'api', 'db']);
  });

  test('is all asked again by another helm, another Fairlead or another key', async () => {
    const before = await reading(['api', 'web', 'db']);
    renderer = digestOf('helm 4.2');
    const after = await reading(['api', 'web', 'db'], later(15));
    assert.deepEqual(asked, ['api', 'web', 'db']);
    for (const [at, render] of rendersOf(after).entries()) assert.notEqual(render, rendersOf(before)[at]);
    await reading(['api', 'web', 'db'], later(30));
    assert.deepEqual(asked, ['api']);
  });

  test('is all asked again where the first is not answered', async () => {
    await reading(['api', 'web']);
    answer = async () => ({ kind: 'failed', reason: 'out of time' });
    const failed = await reading(['api', 'web'], later(15));
    assert.deepEqual(asked, ['api', 'web']);
    assert.deepEqual(rendersOf(failed), ['failed', 'failed']);
    answer = async () => {
      throw new Error('no answer');
    };
    await assert.rejects(reading(['api', 'web'], later(30)), /no answer/);
  });

  test('what was refused, and what nobody says the renderer of, is asked each time', async () => {
    renderer = undefined;
    await reading(['api']);
    await reading(['api'], later(15));
    assert.deepEqual(asked, ['api']);
    renderer = digestOf('helm 4.1');
    answer = async () => ({ schema: 1, kind: 'rejected', reasons: [] });
    await reading(['api', 'web'], later(30));
    await reading(['api', 'web'], later(45));
    assert.deepEqual(asked, ['api', 'web']);
  });

  test('is good for a day, so that what people removed from a bucket comes back', async () => {
    await reading(['api', 'web']);
    await reading(['api', 'web'], later(24 * 60 - 1));
    assert.deepEqual(asked, ['api']);
    await reading(['api', 'web'], later(24 * 60));
    assert.deepEqual(asked, ['api', 'web']);
    // A clock that is turned back makes nothing younger.
    await reading(['api', 'web'], later(-1));
    assert.deepEqual(asked, ['api', 'web']);
  });

  test('that cannot be read is nothing', async () => {
    await state.put('desired/known/staging.json', '{"schema":1,"since":"today"');
    await reading(['api']);
    assert.deepEqual(asked, ['api']);
    await reading(['api', 'web'], later(15));
    assert.deepEqual(asked, ['api', 'web']);
    await reading(['api', 'web'], later(30));
    assert.deepEqual(asked, ['api']);
  });

  test('spares the content store, too: trees that are there, and what folders of Git are', async () => {
    const keys: string[] = [];
    const counted: ObjectStore = {
      ...content,
      get(key, options) {
        keys.push(key);
        return content.get(key, options);
      },
      put: content.put,
      putOnce: content.putOnce,
    };
    const tree = treeOfFile('values.yaml', Buffer.from('a: 1'));
    const parts = { content: counted, render: answer };
    const first = await remembering('staging', parts, state, NOON);
    const stored = await keepTree(first.content, tree);
    await first.content.putOnce('trees-of-git/1234', 'a note');
    await first.content.putOnce('trees-of-git/5678', 'x'.repeat(5000));
    await first.keep();
    assert.equal(keys.length, 1);

    const second = await remembering('staging', parts, state, later(15));
    assert.equal(await keepTree(second.content, tree), stored);
    assert.equal((await second.content.get('trees-of-git/1234'))?.body.toString(), 'a note');
    assert.equal(keys.length, 1);
    assert.equal((await second.content.get('trees-of-git/5678'))?.body.length, 5000);
    assert.equal(await second.content.get('trees-of-git/9'), undefined);
    assert.equal(keys.length, 3);
  });

  test('is written only where it has changed', async () => {
    let puts = 0;
    const memory = state;
    state = {
      get: (key, options) => memory.get(key, options),
      put(key, body, type) {
        puts += 1;
        return memory.put(key, body, type);
      },
      putOnce: (key, body, type) => memory.putOnce(key, body, type),
    };
    await reading(['api', 'web']);
    await reading(['web', 'api'], later(15));
    assert.equal(puts, 1);
    await reading(['web'], later(30));
    assert.equal(puts, 2);
  });
});
