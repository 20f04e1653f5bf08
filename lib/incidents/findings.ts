import { createHash } from 'node:crypto';
import { maskedSide } from '../drift/masked-finding.ts';
import type { Finding } from '../drift/verdicts.ts';
import { canonicalJson } from '../objects/json.ts';
import { identityOf, type Json } from '../objects/objects.ts';

/** An item of the table holds 400 KB: state and several alerts of findings must fit beside each other. */
const FINDINGS_BYTES = 48 * 1024;
/** A longer value is an excerpt in alerts; the cluster has the whole. */
const VALUE_CHARACTERS = 2048;

const OBJECT_CHARACTERS = 8;
const FINDING_CHARACTERS = 16;
const DESIRED_CHARACTERS = 8;

/** Short, the same for the same text, and unlikely to be another's. */
export const digestOf = (text: string, characters: number): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, characters);

/** What every fingerprint of an object's findings begins with. */
export const objectDigest = (identity: string): string => digestOf(identity, OBJECT_CHARACTERS);

/**
 * What makes two findings the same: object, path and live value. A value that changes again is another finding;
 * who wrote it and when is not part of it, since those move by themselves.
 */
export const fingerprintOf = ({ object, at, live }: Finding): string =>
  objectDigest(identityOf(object)) +
  digestOf(`${at}\n${live === undefined ? '' : canonicalJson(live)}`, FINDING_CHARACTERS);

/** What was accepted as it was, too, against what Git asked for: with another commit the same value is something new. */
export const acceptedPrintOf = (finding: Finding): string =>
  fingerprintOf(finding) +
  digestOf(finding.desired === undefined ? '' : canonicalJson(finding.desired), DESIRED_CHARACTERS);

/** Which object a fingerprint is of. */
export const objectOf = (fingerprint: string): string => fingerprint.slice(0, OBJECT_CHARACTERS);

/** As many of the findings as fit, with long values cut, and how many do not. @param beyond how many there are besides */
export function fitting(
  findings: readonly Finding[],
  beyond = 0,
): {
  findings: readonly Finding[];
  more?: number;
} {
  const kept: Finding[] = [];
  let bytes = 0;
  for (const finding of findings) {
    const cut = cutValues(finding);
    bytes += Buffer.byteLength(canonicalJson(cut));
    if (bytes > FINDINGS_BYTES) break;
    kept.push(cut);
  }
  const more = findings.length - kept.length + beyond;
  return more === 0 ? { findings: kept } : { findings: kept, more };
}

const cutValues = (finding: Finding): Finding => ({
  ...finding,
  ...(finding.desired === undefined ? {} : { desired: cutValue(finding, finding.desired) }),
  ...(finding.live === undefined ? {} : { live: cutValue(finding, finding.live) }),
});

/** What is cut is masked first: of half a credential, or one without the name that it stands under, nobody could say. */
function cutValue(finding: Finding, value: Json): Json {
  const { length } = textOf(value);
  if (length <= VALUE_CHARACTERS) return value;
  const shown = textOf(maskedSide(finding, value));
  return shown.length <= VALUE_CHARACTERS
    ? shown
    : `${shown.slice(0, VALUE_CHARACTERS)}… (${length} characters)`;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : canonicalJson(value));
