import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Verb } from '../../../lib/commands/command.ts';
import { digestOfCommand } from '../../../lib/commands/command.ts';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { ADA, commandOf, proofOf } from './commanding.ts';
import { chartPackage, type Pipeline, pipeline } from './pipeline.ts';

const RELEASE = { kind: 'release', namespace: 'shop', release: 'web' } as const;
const TARGET = { kind: 'target' } as const;
const FREEZE: Verb = { kind: 'freeze', scope: RELEASE, reason: '1.4.3 does not start' };
const UNFREEZE: Verb = { kind: 'unfreeze', scope: RELEASE };

const opened: Pipeline[] = [];
const open = async (options: Parameters<typeof pipeline>[0] = {}): Promise<Pipeline> => {
  const pipe = await pipeline(options);
  opened.push(pipe);
  return pipe;
};
after(async () => {
  for (const pipe of opened) await pipe.stop();
});

async function give(pipe: Pipeline, verb: Verb): Promise<ObjectCreated> {
  const event = pipe.command(verb);
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

const codesOf = async (pipe: Pipeline, event: ObjectCreated): Promise<readonly string[]> => {
  const record = await pipe.record(event);
  return record?.state === 'rejected' ? record.reasons.map(({ code }) => code) : [record?.state ?? 'none'];
};

describe('a freeze', () => {
  test('is done without a commit, and its record and tags say so', async () => {
    const pipe = await open();
    const event = await give(pipe, FREEZE);
    const record = await pipe.record(event);
    assert.equal(record?.state, 'done');
    assert.equal(record.what, 'frozen');
    assert.deepEqual(record.command?.by, ADA);
    assert.equal(pipe.tags(event)['fairlead-outcome'], 'done');
    assert.equal(pipe.tags(event)['fairlead-reason'], 'frozen');
    assert.equal(pipe.open(), 0);
    assert.deepEqual(await pipe.git.log(), ['Begin']);
  });

  test('keeps what is uploaded, which says so in its record, in its tags and in one alert', async () => {
    const pipe = await open();
    await give(pipe, FREEZE);
    const first = await pipe.chart('1.4.3');
    await pipe.receive(first);
    await pipe.deliver();
    const second = await pipe.chart('1.4.4');
    await pipe.receive(second);
    await pipe.deliver();
    for (const event of [first, second]) {
      const record = await pipe.record(event);
      assert.equal(record?.state, 'checked');
      assert.equal(record.frozen?.by, ADA.arn);
      assert.equal(record.frozen.reason, '1.4.3 does not start');
      assert.equal(pipe.tags(event)['fairlead-outcome'], 'frozen');
    }
    const told = pipe.alerts().filter(({ kind }) => kind === 'frozen');
    assert.equal(told.length, 1);
    assert.equal(told[0]?.scope, 'shop/web');
    assert.deepEqual(await pipe.git.log(), ['Begin']);
  });

  test('of a release keeps no other, and of a target all', async () => {
    const pipe = await open();
    await give(pipe, FREEZE);
    const other = await pipe.chart('1.0.0', {}, 'api');
    await pipe.receive(other);
    await pipe.deliver();
    assert.equal((await pipe.record(other))?.state, 'delivered');
    await give(pipe, { kind: 'freeze', scope: TARGET });
    const manifest = pipe.put(
      'staging/manifests/a.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n',
    );
    await pipe.receive(manifest);
    await pipe.deliver();
    assert.equal(pipe.tags(manifest)['fairlead-outcome'], 'frozen');
  });

  test('that is lifted lets the newest of each slot go, and supersedes the others', async () => {
    const pipe = await open();
    await give(pipe, FREEZE);
    const older = await pipe.chart('1.4.3');
    const newer = await pipe.chart('1.4.4');
    const values = pipe.put('staging/shop/web/values.yaml', 'colour: red\n');
    for (const event of [older, newer, values]) await pipe.receive(event);
    await pipe.deliver();
    const lifted = await give(pipe, UNFREEZE);
    assert.equal((await pipe.record(lifted))?.state, 'done');
    assert.equal((await pipe.record(older))?.state, 'superseded');
    assert.equal((await pipe.record(newer))?.state, 'delivered');
    assert.equal((await pipe.record(values))?.state, 'delivered');
    assert.equal(pipe.tags(newer)['fairlead-outcome'], 'delivered');
    assert.equal(pipe.open(), 0);
  });

  test('lasts however long people want, and then an upload has a whole day again', async () => {
    const pipe = await open();
    await give(pipe, FREEZE);
    const event = await pipe.chart('1.4.3');
    await pipe.receive(event);
    await pipe.deliver();
    pipe.later(3 * 24 * 3600);
    await pipe.deliver();
    assert.equal((await pipe.record(event))?.state, 'checked');
    await pipe.deliver(pipe.withoutHost());
    assert.equal((await pipe.record(event))?.state, 'checked');
    const lifted = pipe.command(UNFREEZE);
    await pipe.receive(lifted);
    await pipe.deliver(pipe.withoutHost());
    assert.equal((await pipe.record(event))?.state, 'checked');
    await pipe.deliver();
    assert.equal((await pipe.record(event))?.state, 'delivered');
  });

  test('that comes while an upload is decided over is carried out after it: the upload is out, the next waits', async () => {
    let during: (() => Promise<void>) | undefined;
    const pipe = await open({
      judge: async () => {
        await during?.();
        return { schema: 1, kind: 'rendered', render: 'sha256:'.padEnd(71, '0') as never, warnings: [] };
      },
    });
    const first = await pipe.chart('1.4.3');
    await pipe.receive(first);
    const freeze = pipe.command(FREEZE);
    const second = await pipe.chart('1.4.4');
    during = async () => {
      during = undefined;
      await pipe.receive(freeze);
      await pipe.receive(second);
    };
    await pipe.deliver();
    assert.equal((await pipe.record(first))?.state, 'delivered');
    assert.equal((await pipe.record(freeze))?.state, 'done');
    assert.equal(pipe.tags(second)['fairlead-outcome'], 'frozen');
    assert.equal((await pipe.git.log()).length, 2);
  });

  test('given twice is one, by whoever was first; lifted twice is no error', async () => {
    const pipe = await open();
    await give(pipe, FREEZE);
    const again = await give(pipe, { ...FREEZE, reason: 'another' });
    assert.equal((await pipe.record(again))?.state, 'done');
    const event = await pipe.chart('1.4.3');
    await pipe.receive(event);
    await pipe.deliver();
    const record = await pipe.record(event);
    assert.equal(record?.state === 'checked' ? record.frozen?.reason : '', '1.4.3 does not start');
    await give(pipe, UNFREEZE);
    const twice = await give(pipe, UNFREEZE);
    assert.equal((await pipe.record(twice))?.state, 'done');
    assert.equal((await pipe.record(event))?.state, 'delivered');
  });
});

describe('what is frozen is left in peace by the sweep', () => {
  test('which rings for it each quarter of an hour, and for what was thawed at once', async () => {
    const pipe = await open();
    await give(pipe, FREEZE);
    const event = await pipe.chart('1.4.3');
    await pipe.receive(event);
    await pipe.deliver();
    const bells: number[] = [];
    for (let minute = 0; minute < 30; minute++) {
      pipe.later(60);
      bells.push((await pipe.sweep()).bells);
    }
    assert.equal(
      bells.reduce((sum, rung) => sum + rung, 0),
      2,
    );
  });
});

describe('the table lost: what was carried out is not carried out again', () => {
  test('and what it froze stays frozen', async () => {
    const pipe = await open();
    const frozen = await give(pipe, FREEZE);
    const lifted = await give(pipe, UNFREEZE);
    const again = await give(pipe, { kind: 'freeze', scope: TARGET });
    pipe.table.items.clear();
    pipe.later(24 * 3600);
    // In any order, and by nobody's proof: that has run out long ago.
    for (const event of [again, lifted, frozen]) {
      await pipe.receive(event);
      await pipe.deliver();
      assert.equal((await pipe.record(event))?.state, 'done');
    }
    const release = await pipe.chart('1.4.3');
    await pipe.receive(release);
    await pipe.deliver();
    assert.equal(pipe.tags(release)['fairlead-outcome'], 'frozen');
    await give(pipe, { kind: 'unfreeze', scope: TARGET });
    assert.equal((await pipe.record(release))?.state, 'delivered');
  });
});

describe('receive-upload believes no command that is', () => {
  let pipe: Pipeline;
  before(async () => {
    pipe = await open({
      targets: [
        {
          name: 'production',
          repository: 'cluster',
          branch: 'production',
          deployer: 'flux',
          namespaces: ['shop'],
        },
      ],
    });
  });
  const received = async (key: string, body: string | Buffer): Promise<readonly string[]> => {
    const event = pipe.put(key, body);
    await pipe.receive(event);
    return codesOf(pipe, event);
  };
  const now = () => pipe.parts.now();
  const keyOf = ({ target, id }: { readonly target: string; readonly id: string }) =>
    `.commands/${target}/${id}.json`;
  const put = (asked: ReturnType<typeof commandOf>, key = keyOf(asked)) =>
    received(key, JSON.stringify(asked));

  test('forged', async () => {
    const asked = commandOf(FREEZE, now());
    const signature = 'a'.repeat(64);
    assert.deepEqual(await put({ ...asked, proof: { ...asked.proof, signature } }), ['command-unproven']);
    const accessKeyId = 'AKIASOMEBODYELSE';
    assert.deepEqual(await put({ ...asked, proof: { ...asked.proof, accessKeyId } }), ['command-unproven']);
  });

  test('altered after it was signed', async () => {
    const asked = commandOf(FREEZE, now());
    assert.deepEqual(await put({ ...asked, verb: { kind: 'freeze', scope: TARGET } }), ['command-unproven']);
    const other = commandOf(FREEZE, now());
    assert.deepEqual(await put({ ...other, verb: { ...FREEZE, reason: 'other' } }), ['command-unproven']);
  });

  test('too old, or of a time to come', async () => {
    const asked: number = pipe.sts.asked.length;
    const old = new Date(now().getTime() - 16 * 60_000);
    assert.deepEqual(await put(commandOf(FREEZE, old)), ['command-unproven']);
    const early = new Date(now().getTime() + 6 * 60_000);
    assert.deepEqual(await put(commandOf(FREEZE, early)), ['command-unproven']);
    assert.equal(pipe.sts.asked.length, asked, 'STS was asked in vain');
  });

  test('put by another account than the one that signed it', async () => {
    const from = async (requester: string | undefined): Promise<readonly string[]> => {
      const asked = commandOf(FREEZE, now());
      const event = pipe.put(keyOf(asked), JSON.stringify(asked));
      await pipe.receive({ ...event, detail: { ...event.detail, requester } });
      return codesOf(pipe, event);
    };
    assert.deepEqual(await from('999999999999'), ['command-unproven']);
    assert.deepEqual(await from(ADA.account), ['checked']);
    // What was found without S3's event, or put by a service, names nobody.
    assert.deepEqual(await from(undefined), ['checked']);
    assert.deepEqual(await from('s3.amazonaws.com'), ['checked']);
  });

  test('good for another command than it is with', async () => {
    const asked = commandOf(FREEZE, now());
    const proof = commandOf(UNFREEZE, now()).proof;
    assert.deepEqual(await put({ ...asked, proof }), ['command-unproven']);
  });

  test('for another target, installation or id than it lies under', async () => {
    const asked = commandOf(FREEZE, now());
    assert.deepEqual(await put(asked, `.commands/production/${asked.id}.json`), ['command-misplaced']);
    assert.deepEqual(await put(asked, keyOf({ ...asked, id: '01kahx3f9v7c2m5qwerty0abcd' })), [
      'command-misplaced',
    ]);
    const foreign = commandOf(FREEZE, now(), { installation: 'another' });
    assert.deepEqual(await put(foreign), ['command-misplaced']);
    // Made to fit, it is no longer what was signed.
    assert.deepEqual(await put({ ...asked, target: 'production' }), ['command-unproven']);
    assert.deepEqual(await put({ ...foreign, installation: 'test' }), ['command-unproven']);
  });

  test('given a second time, whatever stands in it', async () => {
    const asked = commandOf(FREEZE, now());
    assert.deepEqual(await put(asked), ['checked']);
    assert.deepEqual(await put(asked), ['command-repeated']);
    const another = commandOf(UNFREEZE, now(), { id: asked.id });
    assert.deepEqual(await put(another), ['command-repeated']);
  });

  test('no document of the form, however it is not', async () => {
    const asked = commandOf(FREEZE, now());
    const { proof: _, ...unproven } = asked;
    const withHost = { ...asked, proof: { ...asked.proof, host: 'sts.attacker.example' } };
    const region = (text: string) => ({ ...asked, proof: { ...asked.proof, region: text } });
    const bodies: readonly [string, string | Buffer][] = [
      ['empty', ''],
      ['no JSON', '{'],
      ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
      ['a list', '[]'],
      ['without a proof', JSON.stringify(unproven)],
      ['with a host', JSON.stringify(withHost)],
      ['a region that is a host', JSON.stringify(region('attacker.example/'))],
      ['a region with a port', JSON.stringify(region('eu-central-1:80@x-1'))],
      ['of another schema', JSON.stringify({ ...asked, schema: 2 })],
      ['with more than is known', JSON.stringify({ ...asked, more: 1 })],
      ['an unknown verb', JSON.stringify({ ...asked, verb: { kind: 'delete' } })],
    ];
    for (const [name, body] of bodies)
      assert.deepEqual(await received(keyOf(asked), body), ['command-malformed'], name);
  });

  test('longer than any command, which is not read', async () => {
    const asked = commandOf(FREEZE, now());
    const padded = `${JSON.stringify(asked)}${' '.repeat(1024 * 1024)}`;
    assert.deepEqual(await received(keyOf(asked), padded), ['file-too-large']);
  });

  test('under a key that is none', async () => {
    const asked = commandOf(FREEZE, now());
    const body = JSON.stringify(asked);
    for (const key of [
      `.commands/staging/${asked.id}`,
      `.commands/staging/${asked.id.toUpperCase()}.json`,
      `.commands/staging/../${asked.id}.json`,
      `.commands/staging/shop/${asked.id}.json`,
      '.commands/staging/x.json',
    ])
      assert.deepEqual(await received(key, body), ['key-malformed'], key);
    assert.deepEqual(await received(`.commands/nowhere/${asked.id}.json`, body), ['key-unknown-target']);
  });

  test('about a namespace that is not the target’s', async () => {
    const verb: Verb = { kind: 'freeze', scope: { ...RELEASE, namespace: 'kube-system' } };
    assert.deepEqual(await put(commandOf(verb, now())), ['key-namespace']);
  });

  test('unless STS answers: until then it is nobody’s, and then it is carried out', async () => {
    const event = pipe.command({ kind: 'freeze', scope: { ...RELEASE, release: 'api' } });
    pipe.sts.down = true;
    await assert.rejects(pipe.receive(event), /STS does not answer/);
    assert.equal((await pipe.record(event))?.state, 'received');
    pipe.sts.down = false;
    assert.equal(await pipe.receive(event), 'checked');
    await pipe.deliver();
    assert.equal((await pipe.record(event))?.state, 'done');
  });

  test('and an upload to the folder of commands is no upload', async () => {
    const event = pipe.put('.commands/shop/web/web-1.4.3.tgz', await chartPackage('web', '1.4.3'));
    await pipe.receive(event);
    assert.deepEqual(await codesOf(pipe, event), ['key-unknown-target']);
  });
});

test('a proof is of its command’s every word', () => {
  const at = new Date('2026-11-22T04:15:00Z');
  const asked = commandOf(FREEZE, at);
  const digest = digestOfCommand(asked);
  assert.deepEqual(asked.proof, proofOf(digest, at));
  const { schema, ...others } = asked;
  assert.equal(digestOfCommand({ ...others, schema }), digest);
  for (const changed of [
    { id: 'x' },
    { target: 'production' },
    { installation: 'x' },
    { at: '2026-11-22T04:15:01.000Z' },
    { verb: UNFREEZE },
  ])
    assert.notEqual(digestOfCommand({ ...asked, ...changed }), digest);
});
