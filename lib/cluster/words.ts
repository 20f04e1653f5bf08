/** What somebody else wrote, for people: one line, no controls, cut. */
export const inOneLine = (text: string, length: number): string =>
  text
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, length);
