import type { Alert } from './alert.ts';

export interface ChatMessage {
  readonly subject: string;
  readonly body: string;
}

/** An Amazon Q Developer custom notification. */
export function chatOf(_alert: Alert): ChatMessage {
  throw new Error('not built yet');
}
