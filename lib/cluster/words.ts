import { shownWords } from '../objects/credentials.ts';

/** What somebody else wrote, for people: one line, no controls, credentials masked before it is cut. */
export const inOneLine = (text: string, length: number): string =>
  shownWords(text)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, length);
