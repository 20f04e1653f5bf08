import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Read } from '../../../lib/aws/account/reading.ts';
import type { Diagnosis } from '../../../lib/doctor/diagnosis.ts';

export const read = <Value>(value: Value): Read<Value> => ({ kind: 'read', value });
export const ABSENT = { kind: 'absent' } as const;
export const DENIED = { kind: 'denied', action: 'some:Action' } as const;
export const FAILED = { kind: 'failed', action: 'some:Action', reason: 'Throttling: later' } as const;
export const NOW = new Date('2026-11-22T12:00:00Z');
export const daysAgo = (days: number) => new Date(NOW.getTime() - days * 24 * 60 * 60_000);

/** Kind and what it says, in one line, as a person reads it. */
function lineOf(each: Diagnosis): string {
  switch (each.kind) {
    case 'ok':
      return `ok: ${each.says}`;
    case 'skipped':
      return `skipped: ${each.why}`;
    case 'wrong':
    case 'warning':
      return `${each.kind}: ${each.what} => ${each.mend}`;
  }
}

const said = (found: readonly Diagnosis[] | Diagnosis): readonly string[] =>
  (Array.isArray(found) ? (found as readonly Diagnosis[]) : [found as Diagnosis]).map(lineOf);

/** Each case: what is asked, and what each line of the answer must look like, in their order. */
type Cases = readonly (readonly [
  name: string,
  found: () => readonly Diagnosis[] | Diagnosis,
  lines: readonly RegExp[],
])[];

/** A test a case. */
export function table(what: string, cases: Cases): void {
  describe(what, () => {
    for (const [name, found, lines] of cases)
      test(name, () => {
        const has = said(found());
        assert.equal(has.length, lines.length, has.join('\n'));
        for (const [index, line] of lines.entries()) assert.match(has[index] ?? '', line);
      });
  });
}
