import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatResults } from '../../cli/ending-output.ts';

test('a key, and what is said of its upload, moves no cursor and forges no line', () => {
  const hostile = 'staging/\u001b]0;owned\u0007/\u009b31m\u202e\r\nstaging/a.yaml: delivered';
  const reason = { code: 'key-malformed', message: hostile, whatToDo: hostile, excerpt: hostile } as const;
  const text = formatResults(
    [
      {
        key: hostile,
        versionId: 'v',
        ending: {
          kind: 'ended',
          known: {
            source: 'record',
            state: 'rejected',
            reasons: [{ ...reason, place: { file: hostile, pointer: hostile } }],
            endedAt: '2026-11-21T12:00:00.000Z',
          },
        },
      },
    ],
    [],
  );
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u);
  assert.doesNotMatch(text, /^staging\/a\.yaml: delivered/m);
});
