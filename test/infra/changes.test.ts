import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ConfigInput } from '../../lib/config/config.ts';
import { type Harm, harmOf, isStateful } from './change.ts';
import { EXAMPLE, resourcesIn, type Templates, templates } from './templates.ts';

const [staging] = EXAMPLE.targets;
assert.ok(staging);
const [cluster] = EXAMPLE.repositories;
assert.ok(cluster);
const audiences = EXAMPLE.audiences ?? [];
const second = { ...staging, name: 'production', cluster: { ...eks('production') } };
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d';
const BACKUP = { tableVault: true };
const VPC = { id: 'vpc-0a1b2c3d4e5f67890', subnets: ['subnet-0a1b2c3d4e5f67890'] };

function eks(name: string, region = 'eu-central-1') {
  return { kind: 'eks' as const, name, region };
}

interface Change {
  readonly from?: Partial<ConfigInput>;
  readonly to: Partial<ConfigInput>;
  /** `in-steps`: to take it back, what runs is deployed first, since it stands on what goes. */
  readonly back?: 'in-steps';
}

/** `npx cdk deploy --exclusively Fairlead/run`, then the checks and the targets, and then all. */
const RUN_FIRST = ['run', 'checks', 'targets', 'state'] as const;

/** A change of the configuration, in both directions: nothing that holds state may go or be made anew by it. */
const HARMLESS: Readonly<Record<string, Change>> = {
  'a target more': { to: { targets: [staging, second] } },
  'a target by another name': {
    to: { targets: [{ ...staging, name: 'integration' }], audiences: [] },
    from: { audiences: [] },
  },
  'the targets in another order': {
    from: { targets: [staging, second] },
    to: { targets: [second, staging] },
  },
  'a repository more': {
    to: {
      repositories: [
        cluster,
        { ...cluster, name: 'other', url: 'https://git.example.com/platform/other.git' },
      ],
    },
  },
  'a repository by another name': {
    to: { repositories: [{ ...cluster, name: 'git' }], targets: [{ ...staging, repository: 'git' }] },
  },
  'another credential': {
    to: { repositories: [{ ...cluster, credential: { kind: 'token', secret: 'other' } }] },
  },
  'another cadence': { to: { targets: [{ ...staging, checkEveryMinutes: 1 }] } },
  'another cluster': { to: { targets: [{ ...staging, cluster: eks('other') }] } },
  'a cluster of another region': { to: { targets: [{ ...staging, cluster: eks('staging', 'us-east-1') }] } },
  'no cluster': {
    to: { targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }] },
  },
  'a target that is only checked': { to: { targets: [{ ...staging, driftOnly: true }] } },
  'an audit log': { to: { targets: [{ ...staging, auditLog: true }] } },
  uploaders: {
    to: {
      targets: [
        {
          ...staging,
          uploaders: {
            arns: ['arn:aws:iam::444455556666:role/ci'],
            github: [{ repository: 'acme/shop', ref: 'refs/heads/main' }],
          },
        },
      ],
    },
  },
  operators: {
    to: { targets: [{ ...staging, operators: { arns: ['arn:aws:iam::444455556666:role/on-call'] } }] },
  },
  'operators without a name': { to: { targets: [{ ...staging, operators: {} }] } },
  'pull requests': {
    to: {
      targets: [
        {
          ...staging,
          delivery: {
            kind: 'pull-request',
            host: { kind: 'github' },
            apiCredential: { secret: 'pull-requests' },
          },
        },
      ],
    },
  },
  'another order of audiences': { to: { audiences: [...audiences].reverse() } },
  'an audience that hears less': {
    to: {
      audiences: audiences.map((each) =>
        'severities' in each || each.form !== 'email' ? each : { ...each, severities: ['critical' as const] },
      ),
    },
  },
  'how grave things are': {
    to: { severity: [{ kinds: ['ConfigMap'], severity: 'info', reason: 'a test' }] },
  },
  'production, with its backups': { to: { production: true }, back: 'in-steps' },
  'production, with backups as before': {
    from: { backup: BACKUP },
    to: { backup: BACKUP, production: true },
  },
  backups: { to: { backup: BACKUP }, back: 'in-steps' },
  'a key of the organisation, later': { to: { aws: { key: KEY, ownKey: 'kept' } } },
  'a key of the organisation, later, with backups': {
    from: { backup: BACKUP },
    to: { backup: BACKUP, aws: { key: KEY, ownKey: 'kept' } },
  },
  'a permissions boundary': { to: { aws: { permissionsBoundary: 'platform' } } },
  'a qualifier': { to: { aws: { qualifier: 'platform' } } },
  'an image from CodeBuild': { to: { gitImage: { kind: 'codebuild' } } },
  'an image by its digest': {
    to: {
      gitImage: {
        kind: 'image',
        uri: `111122223333.dkr.ecr.eu-central-1.amazonaws.com/git@sha256:${'0'.repeat(64)}`,
      },
    },
  },
};

/** What such a change takes with it by its nature, and why that is right. */
const TAKEN: Readonly<
  Record<string, { readonly change: Change; readonly lost: RegExp; readonly because: string }>
> = {
  'an audience that goes': {
    change: { to: { audiences: audiences.slice(0, 1) } },
    lost: /^run\/Alerts\w*(Audience|OnCall|oncall)\w*$/i,
    because: 'who is no audience any more is not subscribed',
  },
  'a VPC for the templates': {
    change: { to: { aws: { existing: { vpc: VPC } } } },
    lost: /^run\/IsolationFlow\w*$/,
    because: 'of a network that nobody is in any more there is no flow to write down',
  },
  'an upload bucket that exists': {
    change: { to: { aws: { existing: { uploadBucket: 'charts-of-ours' } } }, back: 'in-steps' },
    lost: /^state\/UploadsBucket\w*$/,
    because: 'the other one is used instead; in production the first is kept',
  },
};

const base = templates();
const seen = new Map<string, Templates>();
const of = (changes: Partial<ConfigInput> | undefined): Templates => {
  if (changes === undefined) return base;
  const key = JSON.stringify(changes);
  const known = seen.get(key) ?? templates(changes);
  seen.set(key, known);
  return known;
};

describe('a change of the configuration loses nothing and is refused by nothing:', () => {
  const none: Harm = { lost: [], refused: [] };
  for (const [name, { from, to, back }] of Object.entries(HARMLESS)) {
    test(name, () => {
      assert.deepEqual(harmOf(of(from), of(to)), none);
    });
    test(`${name}, taken back`, () => {
      if (back === 'in-steps') assert.ok(harmOf(of(to), of(from)).refused.length > 0);
      const { lost, refused } = harmOf(of(to), of(from), back === 'in-steps' ? RUN_FIRST : undefined);
      // What came with the change goes with it; everything else stays.
      const came = new Set(
        resourcesIn(of(to))
          .filter(([stack, id]) => of(from)[stack].Resources[id] === undefined)
          .map(([stack, id]) => `${stack}/${id}`),
      );
      assert.deepEqual({ lost: lost.filter((id) => !came.has(id)), refused }, none);
    });
  }
});

describe('what a change takes with it by its nature, and no more:', () => {
  for (const [name, { change, lost, because }] of Object.entries(TAKEN)) {
    test(`${name}: ${because}`, () => {
      const order = change.back === 'in-steps' ? RUN_FIRST : undefined;
      const harm = harmOf(of(change.from), of(change.to), order);
      assert.ok(harm.lost.length > 0);
      for (const id of harm.lost) assert.match(id, lost);
      assert.deepEqual(harm.refused, []);
    });
  }
});

test('a key of the organisation in place of our own is refused by CloudFormation before anything is lost', () => {
  const { refused } = harmOf(base, of({ aws: { key: KEY } }));
  assert.ok(
    refused.some((line) => /^state exports \S+Key\S+ no more, which run imports$/.test(line)),
    refused.join('\n'),
  );
});

test('the rule sees what it is there for', () => {
  const table = resourcesIn(base).find(([, , { Type }]) => Type === 'AWS::DynamoDB::Table');
  assert.ok(table);
  const [stack, id, resource] = table;
  const with_ = (changed: typeof resource): Templates => ({
    ...base,
    [stack]: { ...base[stack], Resources: { ...base[stack].Resources, [id]: changed } },
  });
  const rekeyed = { ...resource, Properties: { ...resource.Properties, KeySchema: [] } };
  assert.deepEqual(harmOf(base, with_(rekeyed)).lost, [`${stack}/${id}`]);
  const billed = { ...resource, Properties: { ...resource.Properties, BillingMode: 'PROVISIONED' } };
  assert.deepEqual(harmOf(base, with_(billed)).lost, []);
  const { [id]: _, ...without } = base[stack].Resources;
  assert.deepEqual(harmOf(base, { ...base, [stack]: { ...base[stack], Resources: without } }).lost, [
    `${stack}/${id}`,
  ]);
  const role = resourcesIn(base).find(
    ([, , each]) => each.Type === 'AWS::IAM::Role' && each.Properties.RoleName,
  );
  assert.ok(role);
  const elsewhere = { ...role[2], Properties: { ...role[2].Properties, Path: '/other/' } };
  const moved = { ...base[role[0]], Resources: { ...base[role[0]].Resources, [role[1]]: elsewhere } };
  assert.deepEqual(harmOf(base, { ...base, [role[0]]: moved }).refused, [
    `${role[0]}/${role[1]} is made anew under the same name`,
  ]);
});

/** With everything that holds state. Under another id it would be lost. FAIRLEAD_WRITE_DOCS=1 writes new ones down. */
test('what holds state has the logical ids that it always had', () => {
  const file = join(import.meta.dirname, 'stateful.golden.json');
  const ids = resourcesIn(of({ backup: BACKUP, production: true }))
    .filter(([, , resource]) => isStateful(resource))
    .map(([stack, id, { Type }]) => [`${stack}/${id}`, Type] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `${JSON.stringify(Object.fromEntries(ids), null, 2)}\n`;
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(file, text);
  const pinned = JSON.parse(readFileSync(file, 'utf8'));
  for (const [id, type] of Object.entries(pinned))
    assert.equal(Object.fromEntries(ids)[id], type, `${id} (${type}) is gone: what was deployed is lost`);
  assert.equal(readFileSync(file, 'utf8'), text, 'new ones: run it with FAIRLEAD_WRITE_DOCS=1');
});
