import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isReachable, isReachableHost, lookupWithin } from '../../../../lib/desired/outside/reachable.ts';

const PUBLIC = [
  '93.184.215.14',
  '2606:2800:21f:cb07:6820:80da:af6b:8b2c',
  '::ffff:93.184.215.14',
  '172.32.0.1',
  '2606:4700::',
];
const PRIVATE = [
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.9.9.9',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '::1',
  'fd12:3456::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::a00:1',
  '2002:7f00:1::',
];
const NEVER = [
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  'fe80::1',
  'fe80::1%eth0',
  '0.0.0.0',
  '::',
  'fd00:ec2::254',
  '64:ff9b::169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '64:ff9b::',
  '224.0.0.1',
  'text',
];

describe('addresses that charts are fetched from', () => {
  for (const address of PUBLIC)
    test(`${address} is of the internet`, () => assert.ok(isReachable(address, 'public')));
  for (const address of PRIVATE)
    test(`${address} is private`, () => {
      assert.ok(!isReachable(address, 'public'));
      assert.ok(isReachable(address, 'private'));
    });
  for (const address of NEVER)
    test(`${address} is never spoken to`, () => assert.ok(!isReachable(address, 'private')));

  test('an address in a URL is judged as the URL means it', () => {
    for (const written of [
      'http://0x7f.1',
      'http://2130706433',
      'http://[::ffff:127.0.0.1]',
      'http://017700000001',
    ])
      assert.ok(!isReachableHost(new URL(written).hostname, 'public'), written);
    assert.ok(isReachableHost('charts.example.com', 'public'), 'a name is judged when it is looked up');
  });

  test('a name that leads to this machine has no public address', async () => {
    const look = (network: 'public' | 'private') =>
      new Promise((resolve) =>
        lookupWithin(network)('localhost', { all: true }, (error, found) => resolve(error?.code ?? found)),
      );
    assert.equal(await look('public'), 'ENOTREACHABLE');
    assert.ok(Array.isArray(await look('private')));
  });
});
