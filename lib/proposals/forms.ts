import * as z from 'zod';
import { ProposalHostFailed } from './proposals.ts';

/** In full: by an abbreviation nothing is compared. */
export const commitId = z.string().regex(/^[0-9a-f]{40}$/);

const LONGEST_URL = 2000;

/** A page for people: it is printed, and put into commits and messages. */
export const pageUrl = z
  .string()
  .max(LONGEST_URL)
  .refine((text) => {
    if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || /["'<>`\\]/.test(text) || !URL.canParse(text))
      return false;
    const { username, password } = new URL(text);
    return username === '' && password === '';
  }, 'the address of a page');

/** Forks may have a branch of any name: so many of them are somebody's doing. */
export const tooMany = (
  { host, project }: { readonly host: string; readonly project: string },
  branch: string,
  doing: string,
): ProposalHostFailed =>
  new ProposalHostFailed(
    'refused',
    `${host}, ${project}, ${doing}: too many of other repositories have a branch of that name; close those from forks whose branch is ${branch}`,
  );
