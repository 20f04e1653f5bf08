import { createHash } from 'node:crypto';
import { canonicalJson } from '../../objects/json.ts';
import { groupOf, type Json } from '../../objects/objects.ts';
import type { Finding, PathStep } from '../verdicts.ts';
import type { Owners, Writer } from './owners.ts';

/**
 * What mutating admission leaves behind. The API server records writers before its webhooks are called, so what they
 * add is owned by nobody, and what they rewrite is still owned by whoever wrote the value before
 * (k8s.io/apiserver, handlers/patch.go and create.go: the field manager runs before `mutatingAdmission.Admit`).
 */

/** Whether a finding looks like that: nobody owns what is there, or the deployer owns what it did not write. */
export function looksAdmitted(
  verdict: Finding['verdict'],
  desired: Json | undefined,
  writers: readonly Writer[],
  { recorded }: Owners,
  deployers: ReadonlySet<string>,
): boolean {
  switch (verdict) {
    case 'added':
      return recorded && writers.length === 0;
    case 'changed':
      return (
        desired !== undefined && writers.length > 0 && writers.every(({ manager }) => deployers.has(manager))
      );
    case 'missing':
    case 'extra':
      return false;
  }
}

/** Of one thing that admission put into an object: its place and its value there. */
export const digestOfAdmitted = ({ at, live }: Pick<Finding, 'at' | 'live'>): string =>
  createHash('sha256')
    .update(canonicalJson([at, live ?? null]))
    .digest('base64url')
    .slice(0, DIGITS);

/**
 * A digest that is the same for the same rewriting of other objects of the kind: by place (of list items only the
 * last is named: a sidecar has its name in every Pod, and what it is put beside has not), and for a value that was
 * replaced by what was taken away and what was put before the part that stayed (a registry before an image).
 */
export function groupOfAdmitted({
  object,
  path,
  verdict,
  desired,
  live,
}: Pick<Finding, 'object' | 'path' | 'verdict' | 'desired' | 'live'>): string {
  const places = path.map((step, index) => (index === path.length - 1 ? lastStep(step) : innerStep(step)));
  const kind = `${groupOf(object.apiVersion)}/${object.kind}`;
  const replaced = desired === undefined || live === undefined ? [] : replacedPart(desired, live);
  return createHash('sha256')
    .update(canonicalJson([verdict, kind, places, ...replaced]))
    .digest('hex')
    .slice(0, DIGITS);
}

/** Enough to tell the findings of one check apart. */
const DIGITS = 16;

const innerStep = (step: PathStep): Json => (step.kind === 'field' ? step.name : ['*']);

function lastStep(step: PathStep): Json {
  switch (step.kind) {
    case 'field':
      return step.name;
    case 'key':
      return [{ ...step.keys }];
    case 'value':
      return [[step.value]];
    case 'index':
      return ['*'];
  }
}

function replacedPart(desired: Json, live: Json): Json[] {
  if (typeof desired !== 'string' || typeof live !== 'string') return [desired, live];
  let kept = 0;
  while (kept < Math.min(desired.length, live.length) && desired.at(-1 - kept) === live.at(-1 - kept)) kept++;
  return [desired.slice(0, desired.length - kept), live.slice(0, live.length - kept)];
}
