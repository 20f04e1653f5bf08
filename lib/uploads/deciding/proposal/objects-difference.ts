import * as z from 'zod';
import { shownObject } from '../../../alerts/shown-values.ts';
import type { ObjectStore } from '../../../aws/objects.ts';
import { imagesIn } from '../../../charts/judge/images.ts';
import { renderKey } from '../../../charts/render-request.ts';
import type { Digest } from '../../../content/tree.ts';
import { parseJson } from '../../../objects/json.ts';
import {
  formatReference,
  identityOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  referenceOf,
} from '../../../objects/objects.ts';
import { at, differencesOf, formatSteps, type Steps, shown } from './difference.ts';

/** As much of a kept render as is compared here. */
const rendered = z.object({
  schema: z.literal(1),
  objects: z.array(
    z.object({
      object: z.custom<KubernetesObject>(
        (value) =>
          isJsonObject(value) &&
          typeof value.kind === 'string' &&
          typeof value.apiVersion === 'string' &&
          isJsonObject(value.metadata) &&
          typeof value.metadata.name === 'string',
      ),
      role: z.enum(['applied', 'hook', 'crd', 'upgraded-crd']),
      unstable: z.array(z.string()),
    }),
  ),
});
type Rendered = z.output<typeof rendered>['objects'][number];

/** A render is some megabytes at most. Bytes. */
const RENDER_BYTES = 32 * 1024 * 1024;
/** Paths of one object that are named. */
const PATHS = 12;

export interface ObjectsDifference {
  /** Lines: objects added and removed, and those that change, each with its paths. */
  readonly lines: readonly string[];
  /** Objects of each kind of change. */
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** References that were in no object before. */
  readonly images: readonly string[];
}

/**
 * What differs between what a release or manifest renders to now and what it would. Secrets' values are HMACs in a render
 * and are never shown; credentials are masked as in alerts.
 * @param before undefined where there was nothing
 */
export async function objectsDifference(
  state: ObjectStore,
  before: Digest | undefined,
  after: Digest | undefined,
  namespace: string | undefined,
): Promise<ObjectsDifference> {
  const [old, new_] = [await read(state, before), await read(state, after)];
  const name = ({ object }: Rendered) => formatReference(referenceOf(object), namespace);
  const added = [...new_].filter(([identity]) => !old.has(identity));
  const removed = [...old].filter(([identity]) => !new_.has(identity));
  const changed = [...new_].flatMap(([identity, one]) => {
    const other = old.get(identity);
    const lines = other === undefined ? [] : changedLines(other, one);
    return lines.length === 0 ? [] : [[`  ${name(one)}`, ...lines]];
  });
  const known = new Set(
    [...old.values()].flatMap(({ object }) => imagesIn(object).map(({ reference }) => reference)),
  );
  const images = new Set(
    [...new_.values()].flatMap(({ object }) => imagesIn(object).map(({ reference }) => reference)),
  );
  return {
    lines: [
      ...added.map(([, one]) => `+ ${name(one)}`),
      ...removed.map(([, one]) => `- ${name(one)}`),
      ...changed.flat(),
    ],
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    images: [...images].filter((image) => !known.has(image)).sort(),
  };
}

async function read(state: ObjectStore, digest: Digest | undefined): Promise<ReadonlyMap<string, Rendered>> {
  if (digest === undefined) return new Map();
  const found = await state.get(renderKey(digest), { maxBytes: RENDER_BYTES });
  if (found === undefined) return new Map();
  const { success, data } = rendered.safeParse(parseJson(found.body.toString('utf8')));
  if (!success) return new Map();
  return new Map(data.objects.map((one) => [identityOf(referenceOf(one.object)), one]));
}

function changedLines(before: Rendered, after: Rendered): readonly string[] {
  const unstable = [...before.unstable, ...after.unstable];
  const [old, new_] = [before.object, after.object].map((object) => shownObject(object));
  const found = differencesOf(jsonOf(before.object), jsonOf(after.object)).filter(
    ({ steps }) => !saysTheVersionAlone(steps) && !isUnstable(steps, unstable),
  );
  const lines = found.slice(0, PATHS).flatMap(({ steps, ...sides }) => {
    const path = formatSteps(steps);
    const isSecret = after.object.kind === 'Secret' && /^(data|stringData)$/.test(String(steps[0]));
    if (isSecret) return [`    ${path}: (secret, changed)`];
    return [
      ...(sides.before === undefined ? [] : [`-   ${path}: ${shown(at(jsonOf(old), steps))}`]),
      ...(sides.after === undefined ? [] : [`+   ${path}: ${shown(at(jsonOf(new_), steps))}`]),
    ];
  });
  return found.length > PATHS ? [...lines, `    and ${found.length - PATHS} more`] : lines;
}

/** Every object of most charts has these, and says no more by them than the title does. */
const saysTheVersionAlone = (steps: Steps): boolean =>
  steps.at(-2) === 'labels' &&
  (steps.at(-1) === 'helm.sh/chart' || steps.at(-1) === 'app.kubernetes.io/version');

/** What differs from one render to the next says nothing. */
function isUnstable(steps: Steps, pointers: readonly string[]): boolean {
  const pointer = steps.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('');
  return pointers.some((one) => pointer === one || pointer.startsWith(`${one}/`));
}

/** What was read from a render is JSON throughout. */
const jsonOf = (object: KubernetesObject | undefined): Json | undefined =>
  object === undefined ? undefined : z.custom<Json>(isJsonObject).parse(object);
