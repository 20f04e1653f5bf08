import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import { type RenderedObject, renderKey } from '../charts/render-request.ts';
import type { Digest } from '../content/tree.ts';
import { parseJson } from '../objects/json.ts';

/** A render holds at most 20 MiB of helm's output (security.md), kept as JSON. */
const RENDER_BYTES = 64 * 1024 * 1024;

const render = z.object({
  schema: z.literal(1),
  objects: z.array(
    z.looseObject({
      object: z.looseObject({
        apiVersion: z.string(),
        kind: z.string(),
        metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
      }),
      role: z.enum(['applied', 'hook', 'crd', 'upgraded-crd']),
      source: z.string(),
      unstable: z.array(z.string()),
      sometimes: z.array(z.string()).optional(),
      unstableName: z.object({ starts: z.string(), ends: z.string() }).optional(),
      usesLookup: z.boolean(),
    }),
  ),
});

/** The objects of a kept render, or undefined if it is not kept (any more). */
export async function readRender(
  state: ObjectStore,
  digest: Digest,
): Promise<readonly RenderedObject[] | undefined> {
  const stored = await state.get(renderKey(digest), { maxBytes: RENDER_BYTES });
  if (stored === undefined) return undefined;
  return render.parse(parseJson(stored.body.toString('utf8')))
    .objects as unknown as readonly RenderedObject[];
}
