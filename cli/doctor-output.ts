import type { Diagnosis } from '../lib/doctor/diagnosis.ts';
import type { Found } from '../lib/doctor/examine.ts';

const TITLES: Readonly<Record<Diagnosis['kind'], string>> = {
  ok: 'ok',
  wrong: 'WRONG',
  warning: 'warning',
  skipped: 'skipped',
};

/** What was found as lines for people: what is wrong last, where it is read. */
export function formatFound(found: readonly Found[], title: string): string {
  const order: readonly Diagnosis['kind'][] = ['ok', 'skipped', 'warning', 'wrong'];
  const lines = order.flatMap((kind) =>
    found.filter(({ diagnosis }) => diagnosis.kind === kind).flatMap(lineOf),
  );
  const count = (kind: Diagnosis['kind']): number =>
    found.filter(({ diagnosis }) => diagnosis.kind === kind).length;
  const summary = `${count('wrong')} wrong, ${count('warning')} to look at, ${count('ok')} well, ${count('skipped')} not looked at`;
  return [title, '', ...lines, '', summary].join('\n');
}

function lineOf({ check, diagnosis }: Found): readonly string[] {
  const head = `${TITLES[diagnosis.kind].padEnd(8)} ${check.padEnd(14)} ${diagnosis.where}`;
  switch (diagnosis.kind) {
    case 'ok':
      return [`${head}: ${diagnosis.says}`];
    case 'skipped':
      return [`${head}: ${diagnosis.why}`];
    case 'warning':
    case 'wrong':
      return [`${head}: ${diagnosis.what}`, `         mend: ${diagnosis.mend}`];
  }
}

/** The same for programs: a list, each entry with what it is of. */
export const formatFoundJson = (found: readonly Found[], installation: string): string =>
  JSON.stringify(
    { schema: 1, installation, found: found.map(({ check, diagnosis }) => ({ check, ...diagnosis })) },
    null,
    2,
  );
