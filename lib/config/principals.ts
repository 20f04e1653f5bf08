import * as z from 'zod';

/** Paths and names of IAM (IAM guide, "IAM identifiers"); no character that a policy reads as a wildcard. */
const PRINCIPAL = /^arn:aws(?:-[a-z]+)*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]{1,576}$/;

/** A role or user, named: no account, no session, no wildcard. */
export const principal = z.string().superRefine((arn, { addIssue }) => {
  if (PRINCIPAL.test(arn)) return;
  addIssue({ code: 'custom', message: whyNoPrincipal(arn) });
});

function whyNoPrincipal(arn: string): string {
  if (/[*?]/.test(arn)) return 'name each role or user: a wildcard would let in whoever is made later';
  if (/^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:root)$/.test(arn))
    return 'name the role or user, not its whole account: there, everybody with rights on S3 could deliver';
  const session = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([^/]+)/.exec(arn);
  if (session !== null)
    return `that is one session of a role: name the role, arn:${session[1]}:iam::${session[2]}:role/${session[3]} (with its path, if it has one)`;
  return 'the ARN of a role or user, such as "arn:aws:iam::111122223333:role/deliver"';
}
