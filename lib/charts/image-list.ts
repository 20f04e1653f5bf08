import * as z from 'zod';

/** The image references that a delivery brings, each once and in order, as they are written in the rendered objects. */
export const imageList = z.object({
  references: z.array(z.string()),
  /** So many more there are. */
  more: z.number().exactOptional(),
});
export type ImageList = z.output<typeof imageList>;

/** In a record, beside all else that it holds; each with so many characters at most. */
const LISTED = 50;
const REFERENCE_LENGTH = 300;

/** @returns undefined where there are none */
export function listImages(references: Iterable<string>): ImageList | undefined {
  const all = [...new Set([...references].map((one) => one.slice(0, REFERENCE_LENGTH)))].sort();
  if (all.length === 0) return undefined;
  const more = all.length - LISTED;
  return { references: all.slice(0, LISTED), ...(more > 0 ? { more } : {}) };
}
