import type { VersionedStore } from '../../aws/objects.ts';
import { reasonOfCode } from '../../charts/reason-of-code.ts';
import type { OutcomeParts } from './outcome.ts';
import { DONE, type Outcome, type UploadBase } from './record.ts';

export interface TagReadingParts extends OutcomeParts {
  readonly uploads: Pick<VersionedStore, 'mergeTags' | 'tags'>;
}

/**
 * How a version ended, as its tags say: they outlive a table that was lost or taken back to an earlier hour, and nobody
 * but Fairlead may write them.
 * @returns undefined where they say nothing, or are not of this installation and this version (S3 copies tags)
 * @throws where S3 does not answer now: what it would have said decides whether work of people is replaced
 */
export async function outcomeInTags(
  parts: TagReadingParts,
  { key, versionId }: Pick<UploadBase, 'key' | 'versionId'>,
): Promise<Outcome | undefined> {
  const tags = await parts.uploads.tags(key, versionId).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    // What is refused stays refused, and is no reason to leave an upload as it is.
    const why = error instanceof Error ? error.name : 'Error';
    parts.log('tags cannot be read', { key, upload: versionId, why });
    return undefined;
  });
  if (tags?.get('fairlead-record') !== `${parts.installation}:${versionId}`) return undefined;
  return outcomeOf(tags);
}

/** Answered, and neither by a fault of S3 nor for haste: asking again would hear the same. */
function isRefusal(error: unknown): boolean {
  const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata
    ?.httpStatusCode;
  return status !== undefined && status >= 400 && status < 500 && status !== 429;
}

function outcomeOf(tags: ReadonlyMap<string, string>): Outcome | undefined {
  const state = tags.get('fairlead-outcome');
  const commit = tags.get('fairlead-commit') ?? '';
  switch (state) {
    case 'delivered':
      return /^[0-9a-f]{40,64}$/.test(commit) ? { state, commit, change: 'commit' } : undefined;
    case 'superseded':
      return { state, by: 'a newer upload; which one was in the record that was lost' };
    case 'rejected':
    case 'failed': {
      const codes = (tags.get('fairlead-reason') ?? '').split(' ').filter((code) => code !== '');
      return { state, reasons: codes.map(reasonOfCode) };
    }
    case 'declined': {
      const url = tags.get('fairlead-proposal');
      return { state, ...(url === undefined ? {} : { url }) };
    }
    case 'done': {
      const what = DONE.find((one) => one === tags.get('fairlead-reason'));
      return what === undefined ? undefined : { state, what };
    }
    default:
      return undefined;
  }
}
