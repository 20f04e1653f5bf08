import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSameRepository } from '../../../../lib/desired/flux/same-repository.ts';
import { type FluxHere, placeOfSource } from '../../../../lib/desired/flux/sources.ts';
import type { JsonObject, KubernetesObject } from '../../../../lib/objects/objects.ts';

describe('two addresses', () => {
  const same: readonly [string, string][] = [
    ['https://git.example.com/fleet/infra.git', 'https://git.example.com/fleet/infra'],
    ['https://git.example.com/fleet/infra/', 'HTTPS://Git.Example.com/Fleet/infra.git'],
    ['https://user:token@git.example.com/fleet/infra', 'https://git.example.com/fleet/infra'],
    ['ssh://git@git.example.com/fleet/infra', 'https://git.example.com/fleet/infra'],
    ['ssh://git@git.example.com:2222/fleet/infra', 'https://git.example.com:8443/fleet/infra'],
    ['git@git.example.com:fleet/infra.git', 'https://git.example.com/fleet/infra'],
  ];
  for (const [a, b] of same)
    test(`${a} is ${b}`, () => {
      assert.ok(isSameRepository(a, b));
    });
  const different: readonly [string, string][] = [
    ['https://git.example.com/fleet/infra', 'https://git.example.com/fleet/infra-2'],
    ['https://git.example.com/fleet/infra', 'https://git.example.org/fleet/infra'],
    ['https://git.example.com/fleet/infra', 'https://git.example.com/other/infra'],
    ['https://git.example.com.evil.example/fleet/infra', 'https://git.example.com/fleet/infra'],
    ['', 'https://git.example.com/fleet/infra'],
  ];
  for (const [a, b] of different)
    test(`"${a}" is not ${b}`, () => {
      assert.ok(!isSameRepository(a, b));
    });
});

describe('a source', () => {
  const here: FluxHere = {
    branch: 'main',
    url: 'https://git.example.com/fleet/infra',
    ownSources: ['flux-system'],
  };
  const url = 'ssh://git@git.example.com/fleet/infra.git';
  const place = (
    spec: JsonObject | undefined,
    { kind = 'GitRepository', name = 'infra', at = here } = {},
  ) => {
    const object: KubernetesObject | undefined =
      spec === undefined
        ? undefined
        : {
            apiVersion: 'source.toolkit.fluxcd.io/v1',
            kind,
            metadata: { namespace: 'flux-system', name },
            spec,
          };
    return placeOfSource({ kind, namespace: 'flux-system', name }, at, () => object);
  };

  const isHere: readonly [string, ReturnType<typeof place>, object][] = [
    ['that has its address and branch', place({ url, ref: { branch: 'main' } }), {}],
    ['that has its branch by the whole name', place({ url, ref: { name: 'refs/heads/main' } }), {}],
    ['that is known by its name alone', place(undefined, { name: 'flux-system' }), {}],
    [
      'of a folder of this machine, by its name, whatever its branch',
      place({ url }, { name: 'flux-system', at: { ...here, url: undefined } }),
      {},
    ],
    [
      'that leaves files out',
      place({ url, ref: { branch: 'main' }, ignore: '/*\n!/apps\n', sparseCheckout: ['./apps', 'clusters'] }),
      { ignore: '/*\n!/apps\n', sparseCheckout: ['apps', 'clusters'] },
    ],
  ];
  for (const [what, found, view] of isHere)
    test(`${what} is this repository`, () => {
      assert.deepEqual(found, { kind: 'here', view });
    });

  const isElsewhere: readonly [string, ReturnType<typeof place>, RegExp][] = [
    ['a bucket', place({}, { kind: 'Bucket' }), /comes from Bucket\/infra/],
    ['one that is not declared', place(undefined), /need not be this repository/],
    ['another repository', place({ url: 'https://git.example.com/other' }), /another repository/],
    ['another branch', place({ url, ref: { branch: 'next' } }), /the branch "next", not "main"/],
    ['master, by default', place({ url }), /the branch "master"/],
    ['a tag', place({ url, ref: { branch: 'main', tag: 'v1' } }), /follows tag "v1"/],
    ['a commit', place({ url, ref: { branch: 'main', commit: 'abc' } }), /follows commit "abc"/],
    [
      'one with other repositories in it',
      place({ url, ref: { branch: 'main' }, include: [{ repository: { name: 'other' } }] }),
      /includes other repositories/,
    ],
  ];
  for (const [what, found, reason] of isElsewhere)
    test(`${what} is elsewhere`, () => {
      assert.ok(found.kind === 'elsewhere');
      assert.match(found.reason, reason);
    });
});
