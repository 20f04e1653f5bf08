import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { REVIEWED } from '../../infra/review/reviewed.ts';
import { pythonProgram, requirement } from '../requirements.ts';
import { CONFIGURATIONS } from './configurations.ts';
import { installed } from './example.ts';

/** CloudFormation's quotas: resources of a template, and its bytes when it lies in S3 (as CDK puts it). */
const RESOURCES = 500;
const TEMPLATE_BYTES = 1_000_000;

const synthesised = Object.entries(CONFIGURATIONS).map(([name, configuration]) => {
  const { app, outdir } = installed(configuration);
  const refused = problemOf(() => app.synth());
  const templates = readdirSync(outdir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.template.json'))
    .sort()
    .map((file) => join(outdir, file));
  return { name, app, templates, refused };
});

for (const { name, app, templates, refused } of synthesised) {
  describe(`the configuration "${name}"`, () => {
    test('has no finding of AWS Solutions or of NIST 800-53 that is not acknowledged with a reason', () => {
      const found = [new AwsSolutionsChecks(app), new NIST80053R5Checks(app)].flatMap((pack) =>
        pack
          .validateScope(app)
          .violations.flatMap(({ ruleName, violatingResources }) =>
            violatingResources.map(({ constructPath }) => `${ruleName}: ${constructPath}`),
          ),
      );
      assert.deepEqual(found, []);
      assert.equal(refused, undefined);
    });

    test('makes templates that CloudFormation takes', (context) => {
      for (const file of templates) {
        const count = Object.keys(JSON.parse(readFileSync(file, 'utf8')).Resources).length;
        const bytes = statSync(file).size;
        context.diagnostic(`${file.slice(file.lastIndexOf('/') + 1)}: ${count} resources, ${bytes} bytes`);
        assert.ok(count > 0 && count < RESOURCES, file);
        assert.ok(bytes < TEMPLATE_BYTES, file);
      }
    });
  });
}

test('no acknowledgement is about a resource that there is not', () => {
  const paths = synthesised.flatMap(({ app }) =>
    app.node.findAll().map(({ node }) => node.path.replace(/^Fairlead\//, '').replace(/\/Resource$/, '')),
  );
  const idle = REVIEWED.filter(({ resource }) => !paths.some((path) => resource.test(path)));
  assert.deepEqual(
    idle.map(({ resource, finding }) => `${finding}: ${resource}`),
    [],
  );
});

// W3005: CDK writes down dependencies that a reference makes anyway.
test('cfn-lint finds nothing in any of these templates', requirement('cfn-lint'), () => {
  const program = pythonProgram('cfn-lint') ?? 'cfn-lint';
  const { stdout, stderr, status } = spawnSync(
    program,
    [
      '--format',
      'parseable',
      '--ignore-checks',
      'W3005',
      '--regions',
      'eu-central-1',
      '--',
      ...synthesised.flatMap(({ templates }) => templates),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  assert.deepEqual(
    lines.map((line) => line.slice(line.lastIndexOf('/') + 1)),
    [],
    stderr,
  );
  assert.equal(status, 0);
});

/** CDK throws where a finding stands, and has printed it. */
function problemOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
