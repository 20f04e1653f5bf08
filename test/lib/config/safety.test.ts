import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupOf } from '../../../lib/config/backup.ts';
import { ConfigError, type ConfigInput, parseConfig } from '../../../lib/config/config.ts';

const EXAMPLE: ConfigInput = {
  repositories: [{ name: 'cluster', url: 'https://git.example.com/platform/cluster.git' }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
};
const refused = (changes: object, ...words: readonly RegExp[]) =>
  assert.throws(
    () => parseConfig({ ...EXAMPLE, ...changes }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const word of words) assert.match(error.message, word);
      return true;
    },
  );

test('in production everything is backed up for 35 days unless it is said otherwise, elsewhere nothing', () => {
  const chosen = (changes: Partial<ConfigInput>) => backupOf(parseConfig({ ...EXAMPLE, ...changes }));
  const whole = { keepDays: 35, except: [], tableVault: false };
  assert.deepEqual(chosen({ production: true }), whole);
  assert.equal(chosen({ production: true, backup: false }), undefined);
  assert.equal(chosen({ production: false }), undefined);
  assert.deepEqual(chosen({ production: false, backup: true }), whole);
  assert.deepEqual(chosen({ production: true, backup: { keepDays: 400 } }), { ...whole, keepDays: 400 });
});

test('a backup that leaves out what there is not, or is kept for no time, is refused', () => {
  refused(
    { backup: { except: ['cluster', 'clutser'] } },
    /backup\.except\[1\]: there is no repository "clutser"/,
  );
  refused({ backup: { keepDays: 0 } }, /backup/);
});

test('a proxy with a password, hosts with a scheme and ids that are none are refused, all at once', () => {
  refused(
    {
      gitNetwork: {
        vpc: { id: 'vpc-1', subnets: [], securityGroups: ['sg-0123456789abcdef0'] },
        proxy: 'http://user:secret@proxy.example.com:3128',
        noProxy: ['https://git.example.com'],
      },
    },
    /gitNetwork\.vpc\.id: an id such as/,
    /gitNetwork\.vpc\.subnets: name at least one subnet/,
    /gitNetwork\.proxy: a proxy is http:\/\/HOST:PORT or https:\/\/HOST:PORT, without user or password/,
    /gitNetwork\.noProxy\[0\]: a host such as/,
  );
});

test('mirrors are named so that what was looked at is what is used', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  parseConfig({ ...EXAMPLE, mirrors: { baseImage: `registry.example.com:5000/lambda/nodejs:24@${digest}` } });
  refused(
    { mirrors: { baseImage: 'registry.example.com/lambda/nodejs:24' } },
    /mirrors\.baseImage: an image by its digest/,
  );
  refused({ mirrors: { helmLayer: 'helm' } }, /mirrors\.helmLayer: the ARN of a version of a layer/);
});
