import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIGURATIONS } from '../configurations.ts';
import { templatesOf } from '../example.ts';
import { ACCOUNT, REGION, type TemplateText } from './deployed.ts';
import { type Conditions, listed, type Statement, statementsIn } from './document.ts';
import { Installation, type RoleHere } from './installation.ts';
import { WHY } from './why.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'security.md');
const BEGIN =
  '<!-- made from the templates: FAIRLEAD_WRITE_DOCS=1 npm test -- test/infra/iam/table.test.ts -->\n';
const END = '<!-- end of the statements -->';

/** Of the configuration that switches everything on, so that what another has is among these. */
const bank = new Installation(templatesOf(CONFIGURATIONS.everything) as Record<string, TemplateText>);
const functions = bank.deployed
  .of('AWS::Lambda::Function')
  .flatMap(({ properties: { FunctionName }, stack }) =>
    FunctionName === undefined
      ? []
      : [String(bank.deployed.written(FunctionName, stack)).slice('bank-'.length)],
  )
  .sort();

/** Without what is the same in all of them, and without the digits that CDK puts behind its names. */
function short(resource: string): string {
  return resource
    .replace(/^arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d*):/, (_, account) =>
      account === '' || account === ACCOUNT ? '' : `${account}:`,
    )
    .replace(
      /bank-(?:state|run|targets|checks)-([A-Za-z][A-Za-z0-9]*?)[0-9A-Fa-f]{8}(\.fifo)?(?=$|[^A-Za-z0-9])/g,
      '$1',
    )
    .replace(/^(uploads|content|state|backups)bucket/, '$1')
    .replace(/^table\/RecordTable/, 'record')
    .replace(/\/stream\/.*$/, '/stream')
    .replace(/^key\//, 'key ');
}

const code = (texts: readonly string[]): string =>
  texts.map((text) => `\`${text.replaceAll('|', '\\|')}\``).join('<br>');

function why(actions: readonly string[], resources: readonly string[], deny: boolean): string {
  if (deny) return 'what its own code may not, though Lambda may with its role';
  const reasons = actions.flatMap((action) =>
    resources.map((resource) => {
      const found = WHY.find(([what]) => what.test(`${action} ${resource}`));
      assert.ok(found !== undefined, `test/infra/iam/why.ts does not say why: ${action} ${resource}`);
      return found[1];
    }),
  );
  return [...new Set(reasons)].join('; ');
}

const condition = (conditions: Conditions | undefined): string =>
  code(
    Object.entries(conditions ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(
        ([key, values]) => `${operator} ${key}: ${listed(values).map(short).join(', ')}`,
      ),
    ),
  );

function row(statement: Statement): string {
  assert.ok(statement.NotAction === undefined && statement.NotResource === undefined);
  const actions = [...listed(statement.Action)].sort();
  const resources = listed(statement.Resource).map(short).sort();
  const deny = statement.Effect === 'Deny';
  return `| ${deny ? '**never** ' : ''}${code(actions)} | ${code(resources)} | ${condition(statement.Condition)} | ${why(actions, resources, deny)} |`;
}

function trustOf({ trust }: RoleHere): string {
  return statementsIn(trust)
    .map(({ Principal, Condition }) => {
      const who = Object.values(Principal as Record<string, string | string[]>).flatMap((one) => [
        ...listed(one),
      ]);
      return `${code(who)}${Condition === undefined ? '' : ` where ${condition(Condition)}`}`;
    })
    .join(', ');
}

const sections = functions.map((name) => {
  const role = bank.roleOf(name);
  const rows = role.policies.flatMap(statementsIn).map(row).sort();
  return [
    `### \`${name}\``,
    `Role \`<installation>-${name}-<region>\`, assumed by ${trustOf(role)} alone.`,
    '',
    '| may | on | where | why |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
});

test('docs/security.md has every statement of every function, and why', () => {
  const page = readFileSync(PAGE, 'utf8');
  const text = sections
    .join('\n')
    .replaceAll(REGION, 'REGION')
    .replaceAll(ACCOUNT, 'ACCOUNT')
    .replaceAll('bank', 'INSTALLATION');
  const [before = '', after = ''] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))];
  assert.ok(page.includes(BEGIN) && page.includes(END), `${PAGE} has no place for it`);
  const expected = `${before}${BEGIN}${text}${after}`;
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(PAGE, expected);
  const [has, wanted] = [page, expected].map((whole) => whole.split('\n'));
  const different =
    wanted?.find((line, at) => line !== has?.[at]) ?? has?.find((line, at) => line !== wanted?.[at]);
  assert.equal(
    different,
    undefined,
    'what a function may has changed: run it with FAIRLEAD_WRITE_DOCS=1, and look at the difference',
  );
});
