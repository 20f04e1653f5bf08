import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gitNetwork } from '../../../lib/config/git-network.ts';
import { pipeline } from '../uploads/pipeline.ts';
import { connectProxy, INSIDE, privateAuthority } from './corporate.ts';

test('an upload is delivered through the proxy to a host with a certificate of our own; without that certificate everything waits, and people are told why', async (context) => {
  const pipe = await pipeline();
  const authority = await privateAuthority(pipe.git.folder);
  const front = await authority.inFrontOf(pipe.git.url);
  const proxy = await connectProxy();
  context.after(async () => {
    await proxy.stop();
    await front.stop();
    await pipe.stop();
  });
  const inside = pipe.withHost(front.inside);
  const within = (settings: Parameters<typeof gitNetwork.parse>[0]) => ({
    ...inside,
    config: { ...inside.config, gitNetwork: gitNetwork.parse(settings) },
  });
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);

  await pipe.deliver(within({ proxy: proxy.url }));
  assert.equal((await pipe.record(event))?.state, 'checked');
  const [told] = pipe.alerts();
  assert.match(JSON.stringify(told), /authority that is not trusted here.*gitNetwork\.caBundle/);

  pipe.secrets.set('ca', authority.pem);
  await pipe.deliver(within({ proxy: proxy.url, caBundle: { secret: 'ca' } }));
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal(pipe.git.log()[0], 'Deliver shop/web: chart web 1.0.0');
  assert.deepEqual([...new Set(proxy.asked)], [`${INSIDE}:${front.port}`]);
});
