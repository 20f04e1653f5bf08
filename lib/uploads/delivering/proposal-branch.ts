import { createHash } from 'node:crypto';
import { PROPOSAL_BRANCHES } from '../../config/delivery.ts';
import { MANIFESTS, type UploadKey } from '../record/keys.ts';

/** What a pull request is about, below its target: `<namespace>/<release>`, `manifests/<path>`, or all of it. */
export const WHOLE_TARGET = '*';

export const placeOfKey = (key: UploadKey): string =>
  key.kind === 'manifest' ? `${MANIFESTS}/${key.path}` : `${key.namespace}/${key.release}`;

/** Hosts take at most some 250 bytes, and file systems so much a part. Characters. */
const PLACE_LENGTH = 150;
const HASH_LENGTH = 20;

/** Branches of one place that somebody else has taken. */
export const TURNS = 9;

/**
 * The branch of a place: one each, since no name of a target, namespace, release or manifest has a plus.
 * @param turn which one, where somebody's work lies on the first
 */
export function branchOf(target: string, place: string, turn = 1): string {
  const whole = place === WHOLE_TARGET;
  const name = whole ? `${target}+all` : `${target}/${safe(place)}`;
  return `${PROPOSAL_BRANCHES}${name}${turn === 1 ? '' : `+${turn}`}`;
}

/** git-check-ref-format(1): no two dots in a row, no part that ends in a dot or in `.lock`. */
function safe(place: string): string {
  if (place.length > PLACE_LENGTH) {
    const hash = createHash('sha256').update(place).digest('hex').slice(0, HASH_LENGTH);
    return `${place.split('/')[0]}/+${hash}`;
  }
  return place
    .replace(/\.(?=\.)/g, '.+')
    .split('/')
    .map((part) => (/(\.|\.lock)$/.test(part) ? `${part}+` : part))
    .join('/');
}
