import { REASONS, type Reason, type ReasonCode } from './reasons.ts';

/** The prose of a code, as tags hold it: with a gap for what only the record knows. */
export function reasonOfCode(code: string): Reason {
  const gaps = (text: string) => text.replace(/\{\w+\}/g, '…');
  if (!Object.hasOwn(REASONS, code)) {
    const whatToDo = 'Look it up in the documentation of the release that is deployed.';
    return { code: code as ReasonCode, message: 'A reason that this release does not know.', whatToDo };
  }
  const { says, whatToDo } = REASONS[code as ReasonCode];
  return { code: code as ReasonCode, message: gaps(says), whatToDo: gaps(whatToDo) };
}
