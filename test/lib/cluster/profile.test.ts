import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { capabilitiesOf, type Profile, readProfile, writeProfile } from '../../../lib/cluster/profile.ts';
import { parseConfig, type Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';

const profile: Profile = {
  schema: 1,
  target: 'staging',
  kubernetesVersion: 'v1.35.4-eks-113cf36',
  apiVersions: ['apps/v1', 'apps/v1/Deployment'],
  schemas: { 'apps/v1': 'a'.repeat(128) },
  at: '2026-11-21T12:00:00.000Z',
};

const target = parseConfig({
  repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      deployer: 'flux',
      namespaces: ['shop'],
      kubernetesVersion: '1.34',
    },
  ],
}).targets[0] as Target;

test('a profile is read back as it was written, and rendering takes it instead of the configuration', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  try {
    const state = folderStore(folder);
    assert.equal(await readProfile(state, 'staging'), undefined);
    await writeProfile(state, profile);
    const read = await readProfile(state, 'staging');
    assert.deepEqual(read, profile);
    assert.equal(capabilitiesOf(read, target).kubernetesVersion, 'v1.35.4-eks-113cf36');
    assert.deepEqual(capabilitiesOf(undefined, target), { kubernetesVersion: 'v1.34.0', apiVersions: [] });
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const [name, text] of [
  ['is not JSON', '{'],
  ['is of another target', JSON.stringify({ ...profile, target: 'production' })],
  ['has a version that is a flag', JSON.stringify({ ...profile, kubernetesVersion: '--post-renderer=x' })],
  ['has an API version with a newline', JSON.stringify({ ...profile, apiVersions: ['apps/v1\n--set'] })],
  ['names a schema by a path', JSON.stringify({ ...profile, schemas: { v1: '../../keys/sealing' } })],
  ['has another schema', JSON.stringify({ ...profile, schema: 99 })],
] as const) {
  test(`a profile that ${name} is none`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    try {
      const state = folderStore(folder);
      await state.put('profiles/staging.json', text);
      assert.equal(await readProfile(state, 'staging'), undefined);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
