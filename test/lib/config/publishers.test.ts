import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { fromParameters, toParameters } from '../../../lib/config/parameters.ts';
import { sigstoreAuthority } from '../charts/trust/authority.ts';

type TargetInput = ConfigInput['targets'][number];

const parsed = (target: Partial<TargetInput>) =>
  parseConfig({
    repositories: [{ name: 'cluster', url: 'https://github.com/example/cluster' }],
    targets: [{ name: 'staging', repository: 'cluster', deployer: 'none', namespaces: ['shop'], ...target }],
  });

const JOB = {
  kind: 'sigstore',
  issuer: 'https://token.actions.githubusercontent.com',
  identity: { glob: 'https://github.com/example/web/.github/workflows/*@refs/tags/v*' },
} as const;
const KEYRING = `-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: Schlüssel für Größe\n\n${'A'.repeat(9000)}\n-----END PGP PUBLIC KEY BLOCK-----\n`;

test('publishers with keyrings and roots travel in pieces that a parameter holds, and come together again', async () => {
  const { root } = await sigstoreAuthority();
  const config = parsed({
    publishers: [
      { ...JOB, trustedRoot: root },
      { kind: 'provenance', keyring: KEYRING },
    ],
    requireImageDigest: true,
    allowedRegistries: ['registry.example.com/team/…', 'docker.io/library'],
  });
  const parameters = toParameters(config);
  for (const [name, value] of parameters) assert.ok(Buffer.byteLength(value) <= 4096, name);
  assert.deepEqual(fromParameters(parameters, '/x').targets, config.targets);
  assert.deepEqual(config.targets[0]?.allowedRegistries, ['registry.example.com/team', 'docker.io/library']);
});

test('what would let everybody sign, or hold a private key, is told with what is allowed', () => {
  const refused = (target: Partial<TargetInput>): string => {
    try {
      parsed(target);
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  assert.match(refused({ publishers: [] }), /at least one publisher/);
  assert.match(refused({ publishers: [{ ...JOB, identity: { glob: '**' } }] }), /fits everybody/);
  assert.match(refused({ publishers: [{ ...JOB, identity: { glob: 'https://*/*' } }] }), /fits everybody/);
  assert.match(refused({ publishers: [{ ...JOB, issuer: 'https://*.example.com' }] }), /without wildcards/);
  assert.match(refused({ publishers: [{ ...JOB, repository: 'example/*' }] }), /OWNER\/NAME/);
  assert.match(refused({ publishers: [{ ...JOB, trustedRoot: '{}' }] }), /trusted_root\.json/);
  assert.match(
    refused({ publishers: [{ kind: 'provenance', keyring: KEYRING.replaceAll('PUBLIC', 'PRIVATE') }] }),
    /private key/,
  );
  assert.match(refused({ publishers: [{ kind: 'provenance', keyring: 'keys.asc' }] }), /readFileSync/);
  assert.match(refused({ allowedRegistries: ['example/web'] }), /a registry/);
  assert.match(refused({ allowedRegistries: ['https://registry.example.com'] }), /a registry/);
});
