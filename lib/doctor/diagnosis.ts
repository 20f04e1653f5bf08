import type { Read } from '../aws/account/reading.ts';

/** What one look has found. Nothing that was to be looked at is left out: what could not be says why. */
export type Diagnosis =
  | { readonly kind: 'ok'; readonly where: string; readonly says: string }
  /** It does not work, or soon will not. */
  | { readonly kind: 'wrong'; readonly where: string; readonly what: string; readonly mend: string }
  /** It works, and somebody should look at it. */
  | { readonly kind: 'warning'; readonly where: string; readonly what: string; readonly mend: string }
  | { readonly kind: 'skipped'; readonly where: string; readonly why: string };

export const ok = (where: string, says: string): Diagnosis => ({ kind: 'ok', where, says });
/** @param mend a command, or what to do in one sentence */
export const wrong = (where: string, what: string, mend: string): Diagnosis => ({
  kind: 'wrong',
  where,
  what,
  mend,
});
export const warning = (where: string, what: string, mend: string): Diagnosis => ({
  kind: 'warning',
  where,
  what,
  mend,
});
export const skipped = (where: string, why: string): Diagnosis => ({ kind: 'skipped', where, why });

/** One thing to look at. Its looking never throws for what it finds. */
export interface Check {
  /** As it is printed and as `-o json` has it: `git`, `access-entry`. */
  readonly name: string;
  look(): Promise<readonly Diagnosis[]>;
}

/** What was read is judged; why something could not be read is said. @param absent what it means that there is none */
export function judged<Value>(
  where: string,
  read: Read<Value>,
  judge: (value: Value) => readonly Diagnosis[],
  absent: () => readonly Diagnosis[],
): readonly Diagnosis[] {
  switch (read.kind) {
    case 'read':
      return judge(read.value);
    case 'absent':
      return absent();
    case 'denied':
      return [
        skipped(where, `you may not: it needs ${read.action} ("npx fairlead doctor --policy" prints all)`),
      ];
    case 'failed':
      return [skipped(where, `${read.action} gave no answer (${read.reason})`)];
  }
}
