import assert from 'node:assert/strict';
import { test } from 'node:test';
import example from '../../../fairlead.config.ts';
import type { Parameters } from '../../../lib/aws/parameters.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { configReader, fromParameters, toParameters } from '../../../lib/config/parameters.ts';

const config = parseConfig(example);
const deployed = { ...config, audiences: [] };

test('what is written as parameters is what the functions read', () => {
  assert.deepEqual(fromParameters(toParameters(config), '/fairlead/fairlead'), deployed);
});

test('no function is told the addresses of audiences: a pager’s holds its key', () => {
  assert.ok(config.audiences.length > 0);
  for (const value of toParameters(config).values()) {
    for (const audience of config.audiences)
      assert.ok('address' in audience && !value.includes(audience.address), value);
  }
});

test('each target and each repository has a parameter of its own, since one holds 4 KB', () => {
  assert.deepEqual(
    [...toParameters(config).keys()],
    ['installation', 'repositories/cluster', 'targets/staging'],
  );
});

test('parameters that are no configuration are an error that names where they lie', () => {
  assert.throws(() => fromParameters(new Map([['installation', '{}']]), '/fairlead/a'), {
    name: 'ConfigError',
    message: /the parameters below \/fairlead\/a has 2 errors/,
  });
});

test('a function reads once while it is warm, and reads again after a failure', async () => {
  let reads = 0;
  const parameters: Parameters = {
    below: async () => {
      reads += 1;
      if (reads === 1) throw new Error('throttled');
      return toParameters(config);
    },
  };
  const read = configReader(parameters, '/fairlead/fairlead');
  await assert.rejects(read(), /throttled/);
  assert.deepEqual(await read(), deployed);
  await read();
  assert.equal(reads, 2);
});
