import type { Alert } from './alert.ts';

/** What SNS carries for a form that is JSON: the subject, and the body as text. */
export interface PagerMessage {
  readonly subject: string;
  readonly body: string;
}

/** In CloudWatch's alarm shape, or undefined for what never pages. */
export function pagerOf(_alert: Alert): PagerMessage | undefined {
  throw new Error('not built yet');
}
