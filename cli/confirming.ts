import { createInterface } from 'node:readline/promises';
import { UsageError } from './command.ts';

/** What a person answered who was asked whether something is to go. */
export type Answer = 'yes' | 'no' | 'interrupted';

/**
 * Asks on the terminal: only the very word counts as yes. The question goes to stderr, so that a document stays one.
 * @throws UsageError where nobody is there to ask
 */
export async function confirmed(question: string, word: string): Promise<Answer> {
  if (!process.stdin.isTTY)
    throw new UsageError('this asks before it does anything, and there is no terminal to ask on: give --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  const ended = new AbortController();
  let answer: Answer = 'no';
  terminal.on('SIGINT', () => {
    answer = 'interrupted';
    ended.abort();
  });
  // Ctrl-D, or a terminal that has gone.
  terminal.on('close', () => ended.abort());
  try {
    const typed = await terminal.question(`${question} Type "${word}" to go on: `, { signal: ended.signal });
    return typed.trim() === word ? 'yes' : 'no';
  } catch (error) {
    if (ended.signal.aborted) return answer;
    throw error;
  } finally {
    terminal.close();
  }
}
