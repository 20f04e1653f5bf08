import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { helpOf } from '../../../cli/command.ts';
import { COMMANDS } from '../../../cli/commands.ts';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { doctorPolicy } from '../../../lib/doctor/policy.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'docs', 'deploying.md');
const page = readFileSync(FILE, 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );

/** An object as it is written in TypeScript without types. */
const objectOf = (text: string): Partial<ConfigInput> =>
  runInNewContext(`({${text}})`) as Partial<ConfigInput>;

const snippets = blocks('ts');
const [whole = ''] = snippets;
const example = objectOf(/defineConfig\(\{([\s\S]*)\}\);/.exec(whole)?.[1] ?? '');
/** What came out of another context has other prototypes. */
const parse = (input: object) => parseConfig(JSON.parse(JSON.stringify(input)), 'docs/deploying.md');

test('docs/deploying.md has the policy of its own example', () => {
  const policy = JSON.stringify(doctorPolicy(parse(example)), null, 2).replace(
    /\[\n\s+("[^\n]*")\n\s+\]/g,
    '[$1]',
  );
  const begin = page.indexOf('-->\n', page.indexOf('<!-- made from lib/doctor/policy.ts')) + '-->\n'.length;
  const expected = `${page.slice(0, begin)}\`\`\`json\n${policy}\n\`\`\`\n${page.slice(page.indexOf('<!-- end -->', begin))}`;
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(FILE, expected);
  assert.ok(page === expected, 'run it with FAIRLEAD_WRITE_DOCS=1 to write the policy anew');
});

describe('every configuration that docs/deploying.md shows is one', () => {
  for (const [index, text] of snippets.entries())
    test(`number ${index + 1}`, () => {
      const construct = /new Fairlead\(app, 'Fairlead', \{([\s\S]*)\}\);/.exec(text)?.[1];
      if (construct !== undefined) {
        const { env, ...config } = objectOf(construct) as { env?: object };
        assert.ok(env !== undefined);
        parse(config);
      } else if (text.includes('defineConfig(')) {
        parse(example);
      } else if (text.startsWith('cluster:')) {
        const [target] = example.targets ?? [];
        parse({ ...example, targets: [{ ...target, ...objectOf(text) }] });
      } else {
        parse({ ...example, ...objectOf(text) });
      }
    });
});

describe('every command that docs/deploying.md shows is one', () => {
  const commands = blocks('sh')
    .flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line !== '' && !line.startsWith('#'));

  test('there are some', () => {
    assert.ok(commands.filter((line) => line.startsWith('npx fairlead ')).length >= 10);
  });

  for (const line of new Set(commands))
    test(line, async () => {
      const [program, ...words] = (line.split(' | ')[0] ?? '').split(/\s+/);
      assert.ok(['npx', 'npm', 'aws', 'git'].includes(program ?? ''), `what is ${program}?`);
      if (program !== 'npx' || words[0] !== 'fairlead') return;
      const [, name = '', ...more] = words;
      const command = await COMMANDS[name]?.load();
      assert.ok(command !== undefined, `there is no command ${name}`);
      const unknown = more.filter(
        (word) => word.startsWith('-') && !new RegExp(`(^|[\\s\\[|(])${word}\\b`, 'm').test(helpOf(command)),
      );
      assert.deepEqual(unknown, []);
    });
});
