import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { BUCKETS } from '../../local/aws/aws.ts';
import { requirement } from '../requirements.ts';
import { cloudFormation } from './cloudformation.ts';
import { resourceEvent } from './events.ts';
import { type Bundled, lambdaWorld } from './world.ts';

const ALL: readonly Bundled[] = [
  'receive-upload',
  'render-release',
  'deliver-uploads',
  'read-desired',
  'check-drift',
  'send-alerts',
  'sweep',
  'back-up-repositories',
];

describe(
  'what runs once a deploy and once a day, as Lambda starts it',
  requirement('mount-namespace'),
  () => {
    let world: Awaited<ReturnType<typeof lambdaWorld>>;
    let formation: Awaited<ReturnType<typeof cloudFormation>>;
    before(async () => {
      world = await lambdaWorld();
      formation = await cloudFormation();
    });
    after(async () => {
      await world?.end();
      await formation?.stop();
    });

    test('the smoke test asks every function, and CloudFormation hears that they are well', async () => {
      for (const name of ALL) await world.lambda(name);
      const tester = await world.start('smoke-test', formation.environment, formation.layers);
      const event = resourceEvent(
        'Create',
        ALL.map((name) => `${world.config.installation}-${name}`),
      );
      // The first answer is not taken, as S3 does now and then.
      formation.statuses.push(503);
      const invoked = await tester.invoke(event);
      assert.equal(invoked.kind, 'response', `${JSON.stringify(invoked)}\n${tester.log()}`);
      const host = new URL(event.ResponseURL).host;
      assert.deepEqual(formation.asked, [`${host}:443`, `${host}:443`]);
      const [answer, ...others] = formation.answers;
      assert.deepEqual(others, []);
      assert.equal(answer?.path, event.ResponseURL.slice(`https://${host}`.length));
      // The address is signed for an answer without one.
      assert.equal(answer?.contentType, undefined);
      assert.deepEqual(answer?.body, {
        StackId: event.StackId,
        RequestId: event.RequestId,
        LogicalResourceId: event.LogicalResourceId,
        PhysicalResourceId: event.LogicalResourceId,
        Status: 'SUCCESS',
      });
      for (const name of ALL)
        assert.match(tester.log(), new RegExp(`"${world.config.installation}-${name}"`));

      const before = formation.asked.length;
      const gone = await tester.invoke(resourceEvent('Delete', ['absent']));
      assert.equal(gone.kind, 'response', tester.log());
      assert.equal(formation.asked.length, before + 1);
      assert.equal(formation.answers.at(-1)?.body.Status, 'SUCCESS');
    });

    test('a backup is made by git as the image has it, in /tmp alone, and is a repository again', async () => {
      world.git.commit({ 'a.txt': 'one' }, 'One');
      const [made, ...others] = await world.answer<{ key: string; refs: number }[]>('back-up-repositories', {
        schema: 1,
        backUp: 'repositories',
      });
      assert.deepEqual(others, []);
      assert.match(made?.key ?? '', /^cluster\/\d{8}T\d{6}Z\.bundle$/);
      const kept = s3Store(clients.s3(world.aws.environment), BUCKETS.content);
      const bundle = (await kept.get(made?.key ?? ''))?.body ?? assert.fail(`no ${made?.key}`);
      const note = (await kept.get((made?.key ?? '').replace('.bundle', '.json')))?.body.toString() ?? '{}';
      assert.equal(JSON.parse(note).sha256, createHash('sha256').update(bundle).digest('hex'));
      const file = join(world.git.folder, 'got.bundle');
      writeFileSync(file, bundle);
      const { stdout } = await promisify(execFile)('git', ['ls-remote', file, 'refs/heads/main']);
      assert.equal(stdout.split('\t')[0], world.git.tip());

      const { git, ssh, configuration } = await world.found('back-up-repositories');
      assert.match(git ?? '', /^git version \d/);
      assert.match(ssh ?? '', /^OpenSSH_/);
      assert.equal(configuration, 'targets: 1, repositories: 1');
    });
  },
);
