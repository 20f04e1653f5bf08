import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INSTALLATION_NAME_LENGTH } from '../../lib/config/config.ts';
import { nameOf } from './change.ts';
import { EXAMPLE, resourcesIn, STACKS, templates, written } from './templates.ts';

const [staging] = EXAMPLE.targets;
assert.ok(staging);
const PROVIDER = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';

const texts = written();

test('the same configuration gives the same templates, to the byte', () => {
  assert.deepEqual(written(), texts);
});

describe('two installations in one account and region', () => {
  const of = (installation: string) =>
    templates({ installation, aws: { existing: { oidcProvider: PROVIDER } } });
  const [one, other] = [of('one'), of('other')];
  const namesIn = (all: typeof one) => resourcesIn(all).flatMap(([, , resource]) => nameOf(resource) ?? []);

  test('share no physical name', () => {
    const names = namesIn(one);
    assert.ok(names.length > 30, `${names.length} names`);
    assert.deepEqual(
      names.filter((name) => namesIn(other).includes(name)),
      [],
    );
  });

  test('share no export', () => {
    const exportsIn = (all: typeof one) =>
      STACKS.flatMap((stack) =>
        Object.values(all[stack].Outputs).flatMap(({ Export }) => Export?.Name ?? []),
      );
    assert.ok(exportsIn(one).length > 5);
    assert.deepEqual(
      exportsIn(one).filter((name) => exportsIn(other).includes(name)),
      [],
    );
  });

  test('are alike in everything but their names', () => {
    const plain = (all: typeof one, name: string) =>
      resourcesIn(all).map(([stack, id, { Type }]) => `${stack}/${Type}/${id.replaceAll(name, '')}`);
    assert.deepEqual(plain(one, 'one').length, plain(other, 'other').length);
  });
});

test('within an installation no name is given twice', () => {
  const names = resourcesIn(templates()).flatMap(([, , resource]) => nameOf(resource) ?? []);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

describe('150 targets with a cluster, uploaders and operators each', () => {
  const all = templates({
    installation: 'a'.repeat(INSTALLATION_NAME_LENGTH),
    production: true,
    aws: { existing: { oidcProvider: PROVIDER } },
    repositories: ['a', 'b', 'c'].map((name) => ({
      name,
      url: `https://git.example.com/platform/${name}.git`,
    })),
    targets: Array.from({ length: 150 }, (_, index) => {
      const name = `target-${index}-${'x'.repeat(40)}`;
      return {
        ...staging,
        name,
        repository: ['a', 'b', 'c'][index % 3] ?? 'a',
        cluster: { kind: 'eks' as const, name: `cluster-${index}`, region: 'eu-central-1' },
        uploaders: { github: [{ repository: `acme/shop-${index}`, ref: 'refs/heads/main' }] },
        operators: {},
      };
    }),
    audiences: [],
  });

  /** CloudFormation's quotas of a template (CloudFormation guide, "Quotas"). */
  const QUOTAS = { resources: 500, bytes: 1_000_000, parameters: 200, outputs: 200 };

  for (const stack of STACKS) {
    test(`the stack ${stack} is within the quotas of a template`, () => {
      const { Resources, Outputs, Parameters } = all[stack];
      const bytes = Buffer.byteLength(JSON.stringify(all[stack]));
      assert.ok(
        Object.keys(Resources).length <= QUOTAS.resources,
        `${Object.keys(Resources).length} resources`,
      );
      assert.ok(bytes <= QUOTAS.bytes, `${bytes} bytes`);
      assert.ok(Object.keys(Parameters).length <= QUOTAS.parameters);
      assert.ok(Object.keys(Outputs).length <= QUOTAS.outputs, `${Object.keys(Outputs).length} outputs`);
    });
  }

  test('what runs does not grow with them: half of a template stays free', () => {
    assert.ok(Object.keys(all.run.Resources).length <= 300, `${Object.keys(all.run.Resources).length}`);
  });

  test('policies are as large as IAM takes them (IAM guide, "IAM and AWS STS quotas")', () => {
    const text = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(text);
      if (value === null || typeof value !== 'object') return value;
      const [[name, inner] = [], ...more] = Object.entries(value);
      if (more.length === 0 && name === 'Fn::Join' && Array.isArray(inner))
        return [inner[1]].flat().map(text).join(String(inner[0]));
      // An account has 12 digits, the longest region 14; what else is looked up is an ARN.
      if (more.length === 0 && name === 'Ref')
        return String(inner).startsWith('AWS::') ? 'x'.repeat(14) : 'x'.repeat(120);
      if (more.length === 0 && name?.startsWith('Fn::')) return 'x'.repeat(120);
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, text(one)]));
    };
    const sizes = resourcesIn(all).flatMap(([stack, id, { Type, Properties }]) => {
      const limit = { 'AWS::IAM::Policy': 10_240, 'AWS::IAM::ManagedPolicy': 6_144 }[Type];
      const characters = JSON.stringify(text(Properties.PolicyDocument))?.length;
      return limit === undefined ? [] : [{ id: `${stack}/${id}`, characters, limit }];
    });
    assert.ok(sizes.some(({ id }) => id.startsWith('run/readdesired')));
    assert.deepEqual(
      sizes.filter(({ characters, limit }) => characters > limit),
      [],
    );
  });

  test('roles and functions have names that IAM and Lambda take, in the region with the longest name', () => {
    const LONGEST_REGION = 'ap-southeast-1';
    const named = (value: unknown): string =>
      typeof value === 'string'
        ? value
        : JSON.stringify(value)
            .replace(/^\{"Fn::Join":\["",\[|\]\]\}$/g, '')
            .replaceAll('{"Ref":"AWS::Region"}', JSON.stringify(LONGEST_REGION))
            .replace(/","|^"|"$/g, '');
    for (const [stack, id, { Type, Properties }] of resourcesIn(all)) {
      const name = Type === 'AWS::IAM::Role' ? Properties.RoleName : Properties.FunctionName;
      if (!['AWS::IAM::Role', 'AWS::Lambda::Function'].includes(Type) || name === undefined) continue;
      assert.match(named(name), /^[\w+=,.@-]{1,64}$/, `${stack}/${id}`);
    }
  });
});
