import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { FUNCTION_NAMES, GIVEN } from '../../local/functions.ts';
import { synthesised } from '../infra/example.ts';

/** What runs here is what is deployed: the same variables, no more and no fewer. */
describe('a function is told here what it is told in AWS', () => {
  const webhook = { name: 'a', form: 'webhook', url: 'https://a.example.com/', secret: 'a' } as const;
  const { run } = synthesised({ audiences: [webhook] });
  const deployed = Object.values(run.findResources('AWS::Lambda::Function')).map(({ Properties }) => ({
    name: JSON.stringify(Properties.FunctionName ?? Properties.Description ?? ''),
    variables: Object.keys(Properties.Environment?.Variables ?? {}),
  }));
  for (const name of FUNCTION_NAMES) {
    test(name, () => {
      const found = deployed.find((each) => each.name.includes(name));
      assert.ok(found, `${name} among ${deployed.map((each) => each.name).join(', ')}`);
      const known = new Set<string>(Object.values(VARIABLES));
      const there = found.variables.filter((variable) => known.has(variable)).sort();
      const here = GIVEN[name].map((variable) => VARIABLES[variable]).sort();
      assert.deepEqual(here, there);
    });
  }
});
