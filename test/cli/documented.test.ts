import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS, GROUPS } from '../../cli/commands.ts';
import { spoken } from '../../cli/completion.ts';
import { usageOf } from '../../cli/form.ts';

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'cli.md');

test('docs/cli.md has every command, as --help tells it', async () => {
  const all = await spoken();
  const of = (group: string) => all.filter(({ name }) => COMMANDS[name]?.group === group);
  const lists = Object.entries(GROUPS).flatMap(([group, title]) => [
    `**${title}**: ${of(group)
      .map(({ name }) => `[\`${name}\`](#${name})`)
      .join(', ')}`,
    '',
  ]);
  const sections = Object.keys(GROUPS).flatMap((group) =>
    of(group).flatMap(({ name, summary, form }) => [
      `## ${name}`,
      `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
      '```text',
      usageOf(form),
      '```',
      '',
    ]),
  );
  const expected = [
    '# Commands',
    '',
    '<!-- made from the commands themselves: FAIRLEAD_WRITE_DOCS=1 npm test -- test/cli/documented.test.ts -->',
    '',
    'What `npx fairlead help COMMAND` prints, of all of them. Under `-o json` there is one document on stdout and nothing',
    'else; what went wrong stands on stderr as text, and the exit code says which kind it is. `npx fairlead completion`',
    'makes a script that completes all of it in bash, zsh or fish.',
    '',
    ...lists,
    ...sections,
  ].join('\n');
  if (process.env.FAIRLEAD_WRITE_DOCS) return writeFileSync(FILE, expected);
  assert.equal(
    readFileSync(FILE, 'utf8'),
    expected,
    'run it with FAIRLEAD_WRITE_DOCS=1 to write the page anew',
  );
});
