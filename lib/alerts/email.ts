import type { Alert } from './alert.ts';

export interface Email {
  /** ASCII, one line, at most 100 characters. */
  readonly subject: string;
  /** Plain text, at most 262,144 bytes. */
  readonly body: string;
}

export function emailOf(_alert: Alert): Email {
  throw new Error('not built yet');
}
