import { compare, valid } from 'semver';
import { trailerOfSigner } from '../../charts/trust/signer.ts';
import { neutral } from '../record/claims.ts';
import type { UploadKey } from '../record/keys.ts';
import { uploadUrl, type WaitingRecord } from '../record/record.ts';
import { type Replaced, replacedSentence, replacedTrailers } from './replaced.ts';

/** More than any name that the key's grammar allows. Characters. */
const SUBJECT_LENGTH = 200;

/** What the slot held before. */
export interface Before {
  /** The chart version. */
  readonly was?: string | undefined;
  /** Somebody else has changed the slot's files in Git. */
  readonly replaced?: Replaced | undefined;
  /** A file that people have removed from what the deployer reads. */
  readonly takenOut?: string | undefined;
}

/**
 * A commit's message: what was delivered, and where it came from as trailers. Nothing that somebody typed freely
 * stands in the subject; what the uploader claims says that it is a claim.
 */
export function commitMessage(
  key: UploadKey,
  record: WaitingRecord,
  bucket: string,
  { was, replaced, takenOut }: Before,
): string {
  const { claims } = record;
  const trailers = [
    `Fairlead-Upload: ${uploadUrl(bucket, record)}`,
    `Fairlead-Digest: ${record.digest}`,
    `Fairlead-Package: ${record.package}`,
    `Fairlead-Target: ${record.target}`,
    ...(record.signer === undefined ? [] : [`Fairlead-Signer: ${trailerOfSigner(record.signer)}`]),
    ...(replaced === undefined ? [] : replacedTrailers(replaced)),
    ...(claims.author === undefined ? [] : [`Fairlead-Claimed-Author: ${claims.author}`]),
    ...(claims.sourceCommit === undefined ? [] : [`Fairlead-Claimed-Source-Commit: ${claims.sourceCommit}`]),
    ...(claims.sourceUrl === undefined ? [] : [`Fairlead-Claimed-Source-Url: ${claims.sourceUrl}`]),
  ];
  const body = [
    ...(isStepBack(record, was) ? [`This is a step back from ${neutral(was ?? '', 80)}.`, ''] : []),
    ...(replaced === undefined ? [] : [replacedSentence(replaced), '']),
    ...(takenOut === undefined
      ? []
      : [`${takenOut} was removed in Git and stays so: nothing deploys this.`, '']),
  ];
  return [subjectOf(key, record, was), '', ...body, ...trailers, ''].join('\n');
}

function subjectOf(key: UploadKey, { chart }: WaitingRecord, was: string | undefined): string {
  switch (key.kind) {
    case 'chart': {
      const before = was === undefined || was === chart?.version ? '' : ` (was ${was})`;
      const what = `chart ${chart?.name} ${chart?.version}${before}`;
      return neutral(`Deliver ${key.namespace}/${key.release}: ${what}`, SUBJECT_LENGTH);
    }
    case 'values':
      return neutral(`Deliver ${key.namespace}/${key.release}: values`, SUBJECT_LENGTH);
    case 'manifest':
      return neutral(`Deliver manifests: ${key.path}`, SUBJECT_LENGTH);
  }
}

function isStepBack({ chart }: WaitingRecord, was: string | undefined): boolean {
  const now = chart?.version;
  if (now === undefined || was === undefined || !valid(now) || !valid(was)) return false;
  return compare(now, was) < 0;
}
