/** Headings of docs/runbook.md as links name them: each alarm's description ends with the one that says what to do. */
export const SECTIONS = {
  deadLetters: 'dead-letters',
  errors: 'a-function-fails',
  throttles: 'functions-are-throttled',
  slow: 'a-function-nears-its-time-limit',
  messages: 'messages-wait-too-long',
  uploads: 'uploads-wait-too-long',
  silence: 'no-drift-check-has-finished',
  untold: 'alerts-are-not-told',
  givenUp: 'alerts-were-given-up',
  backups: 'no-backup-was-made',
  concurrency: 'the-account-runs-out-of-concurrency',
} as const;

export type Section = (typeof SECTIONS)[keyof typeof SECTIONS];
