import type { CarriedCommand } from '../../../commands/command.ts';
import { neutral, neutralName } from '../../record/claims.ts';
import { uploadUrl, type WaitingRecord } from '../../record/record.ts';
import { type Replaced, replacedSentence, replacedTrailers } from '../replaced.ts';

const SUBJECT_LENGTH = 200;
/** As lib/commands limits what a person says; an ARN of a session is shorter. */
const WORDS_LENGTH = 500;
/** A sentence may name twenty objects, by names that a chart has given them. */
const BODY_LENGTH = 4000;

export interface CommandText {
  readonly subject: string;
  /** Sentences about what it does, a paragraph each. */
  readonly body: readonly string[];
  /** Beside those that every command has. */
  readonly trailers: readonly string[];
  readonly replaced: readonly Replaced[];
}

/** A command's commit: what it does, who asked, and why. What somebody typed freely acts on no host. */
export function commandMessage(
  { record, command }: { readonly record: WaitingRecord; readonly command: CarriedCommand },
  bucket: string,
  { subject, body, trailers, replaced }: CommandText,
): string {
  const { verb, by } = command;
  const why = verb.kind === 'promote' ? verb.force?.reason : verb.reason;
  const said = why === undefined ? '' : neutralName(why, WORDS_LENGTH);
  const all = [
    `Fairlead-Command: ${verb.kind}`,
    `Fairlead-By: ${neutral(by.arn, WORDS_LENGTH)}`,
    ...(said === '' ? [] : [`Fairlead-Reason: ${said}`]),
    `Fairlead-Upload: ${uploadUrl(bucket, record)}`,
    ...trailers,
    `Fairlead-Target: ${record.target}`,
    ...replaced.flatMap(replacedTrailers),
  ];
  const sentences = [...body.map((one) => neutral(one, BODY_LENGTH)), ...replaced.map(replacedSentence)];
  const paragraphs = sentences.flatMap((sentence) => [sentence, '']);
  return [neutral(subject, SUBJECT_LENGTH), '', ...paragraphs, ...all, ''].join('\n');
}

/** What a commit of a release says where nothing will deploy it. */
export const takenOutSentence = (file: string): string =>
  `${file} was removed in Git and stays so: nothing deploys this.`;
