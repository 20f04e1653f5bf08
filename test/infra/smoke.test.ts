import assert from 'node:assert/strict';
import { test } from 'node:test';
import { synthesised } from './example.ts';
import { EXAMPLE } from './templates.ts';

type Template = ReturnType<typeof synthesised>['run'];

const { run } = synthesised();
const only = (template: Template, type: string) => {
  const found = Object.entries(template.findResources(type));
  assert.equal(found.length, 1, type);
  const [id, resource] = found[0] as [string, { Properties: Record<string, unknown>; DependsOn?: string[] }];
  return { id, ...resource };
};
const smoke = (template: Template) => only(template, 'Custom::FairleadSmokeTest');
const functionsOf = (template: Template) => Object.entries(template.findResources('AWS::Lambda::Function'));

test('every function but the one that asks is asked, and all that it is made of is there before', () => {
  const { Properties, DependsOn = [] } = smoke(run);
  const ours = functionsOf(run).filter(([, one]) => one.Properties.FunctionName !== undefined);
  const names = ours.map(([, one]) => one.Properties.FunctionName as string);
  assert.deepEqual([...(Properties.Functions as string[]), 'fairlead-smoke-test'].sort(), names.sort());
  for (const [id] of ours) assert.ok(DependsOn.includes(id), id);
  const policies = Object.entries(run.findResources('AWS::IAM::Policy')).filter(
    ([, { Properties: policy }]) =>
      policy.Roles.some(({ Ref = '' }: { Ref?: string }) =>
        ours.some(([, one]) => one.Properties.Role['Fn::GetAtt'][0] === Ref),
      ),
  );
  assert.ok(policies.length >= names.length);
  for (const [id] of policies) assert.ok(DependsOn.includes(id), id);
  assert.equal(Number(Properties.ServiceTimeout), 300);
});

test('who stands in the VPC of private clusters is asked once its way to S3 and DynamoDB is there', () => {
  const [target] = EXAMPLE.targets;
  assert.ok(target !== undefined);
  const cluster: NonNullable<typeof target.cluster> = {
    kind: 'eks',
    name: 'inner',
    region: 'eu-central-1',
    vpc: {
      id: 'vpc-0a1b2c3d4e5f67890',
      subnets: ['subnet-0a1b2c3d4e5f67890'],
      clusterSecurityGroup: 'sg-0a1b2c3d4e5f67890',
      endpoints: { make: ['s3', 'dynamodb'], routeTables: ['rtb-0a1b2c3d4e5f67890'] },
    },
  };
  const { run: inner } = synthesised({ targets: [{ ...target, cluster }] });
  const { DependsOn = [] } = smoke(inner);
  const ways = Object.keys(inner.findResources('AWS::EC2::VPCEndpoint')).filter((id) =>
    id.startsWith('Network'),
  );
  assert.equal(ways.length, 2);
  for (const id of ways) assert.ok(DependsOn.includes(id), id);
});

test('what changes a function is another resource; the same is the same', () => {
  assert.equal(smoke(synthesised().run).id, smoke(run).id);
  // The hash of the configuration is among the variables of functions.
  const changed = synthesised({ severity: [{ kinds: ['ConfigMap'], severity: 'info', reason: 'a test' }] });
  assert.notEqual(smoke(changed.run).id, smoke(run).id);
});

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

test('an image of your own is what both Git functions run, by its digest, and nothing is built', () => {
  const uri = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/platform/fairlead-git@${DIGEST}`;
  const { run: own } = synthesised({ gitImage: { kind: 'image', uri } });
  const images = functionsOf(own).flatMap(([, { Properties }]) => Properties.Code.ImageUri ?? []);
  assert.ok(images.length >= 2);
  for (const image of images) {
    const text = JSON.stringify(image);
    for (const part of ['123456789012.dkr.ecr.eu-central-1.', '/platform/fairlead-git', DIGEST])
      assert.ok(text.includes(part), `${text} lacks ${part}`);
  }
});

test('CodeBuild builds into a repository that scans, and the functions run what it built', () => {
  const { run: built } = synthesised({ gitImage: { kind: 'codebuild' }, production: true });
  const repository = only(built, 'AWS::ECR::Repository');
  assert.deepEqual(repository.Properties.ImageScanningConfiguration, { ScanOnPush: true });
  assert.equal(repository.Properties.RepositoryName, 'fairlead-git');
  const kept = Object.values(built.findResources('AWS::ECR::Repository')).map(
    ({ DeletionPolicy }) => DeletionPolicy,
  );
  assert.deepEqual(kept, ['RetainExceptOnCreate']);
  const { id } = only(built, 'Custom::CDKContainerImageBuild');
  const images = functionsOf(built).flatMap(([, { Properties }]) => Properties.Code.ImageUri ?? []);
  assert.ok(images.length >= 2);
  for (const image of images) assert.ok(JSON.stringify(image).includes(`["${id}","ImageTag"]`));
  assert.equal(Object.keys(run.findResources('AWS::ECR::Repository')).length, 0);
});
