import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import type { ObjectStore } from '../../aws/objects.ts';
import { type Digest, digestOf } from '../../content/tree.ts';
import { canonicalJson, formatJson } from '../../objects/json.ts';
import { type ImageList, imageList } from '../image-list.ts';
import type { Reason } from '../reasons.ts';
import {
  type DeclaredObject,
  type Render,
  type RenderRequest,
  type RenderResponse,
  renderKey,
} from '../render-request.ts';
import { writtenReason } from '../written-reason.ts';

/** Raised whenever the same inputs would render to something else here, so that no older render is used. */
const RENDERER = 6;
/** Raised whenever more is looked at, so that nothing passes on an older judgement. */
const JUDGE = 4;

/** The programs that it takes, as files. */
export interface Tools {
  readonly helm: string;
  readonly kubectl?: string;
}

/** The digest of all that a render depends on; boundary and schemas are not among it, since they change no object. */
export async function digestOfInputs(
  request: RenderRequest,
  tools: Tools,
  sealingKey: Buffer,
): Promise<Digest> {
  const { boundary: _boundary, purpose: _purpose, schemas: _schemas, ...inputs } = request;
  return digestOf(canonicalJson({ ...(await rendererOf(tools, sealingKey)), inputs }));
}

/** The digest of what renders: while it is the same, an answer that was given before would be given again. */
export const digestOfRenderer = async (tools: Tools, sealingKey: Buffer): Promise<Digest> =>
  digestOf(canonicalJson(await rendererOf(tools, sealingKey)));

const rendererOf = async (tools: Tools, sealingKey: Buffer) => ({
  renderer: RENDERER,
  helm: await digestOfFile(tools.helm),
  ...(tools.kubectl === undefined ? {} : { kubectl: await digestOfFile(tools.kubectl) }),
  sealedWith: digestOf(sealingKey),
});

const digests = new Map<string, Promise<string>>();

/** A tool's version is its bytes. Read once a process. */
function digestOfFile(file: string): Promise<string> {
  const known = digests.get(file);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  const made = pipeline(createReadStream(file), hash).then(() => hash.digest('hex'));
  digests.set(file, made);
  made.catch(() => digests.delete(file));
  return made;
}

/** What was answered before to the same request: helm is not run then. */
export async function keptAnswer(
  request: RenderRequest,
  render: Digest,
  state: ObjectStore,
): Promise<RenderResponse | undefined> {
  if (request.purpose === 'desired') {
    const found = await state.get(renderKey(render));
    return found === undefined ? undefined : { schema: 1, kind: 'rendered', render, warnings: [] };
  }
  // Kept after its render, so that one question is enough.
  const judgement = await state.get(judgementKey(request, render));
  if (judgement === undefined) return undefined;
  const { schema, ...kept } = judgementFile.parse(JSON.parse(judgement.body.toString('utf8')));
  return { schema, kind: 'rendered', render, ...kept };
}

/** Keeps a render, and with purpose `judge` that this boundary let it pass, and with what. */
export async function keep(
  request: RenderRequest,
  render: Digest,
  result: Render,
  judgement: {
    readonly warnings: readonly Reason[];
    readonly declares: readonly DeclaredObject[];
    readonly images?: ImageList;
  },
  state: ObjectStore,
): Promise<RenderResponse> {
  await state.putOnce(renderKey(render), formatJson(result), 'application/json');
  const answer = { schema: 1, kind: 'rendered', render } as const;
  if (request.purpose === 'desired') return { ...answer, warnings: judgement.warnings };
  const text = formatJson({ schema: 1, ...judgement });
  await state.putOnce(judgementKey(request, render), text, 'application/json');
  return { ...answer, ...judgement };
}

const judgementFile = z.object({
  schema: z.literal(1),
  warnings: z.array(writtenReason),
  declares: z.array(z.object({ object: z.string(), source: z.string() })),
  images: imageList.exactOptional(),
});

const judgementKey = ({ boundary, schemas }: RenderRequest, render: Digest): string => {
  const [of, by] = [render, digestOf(canonicalJson([JUDGE, boundary, schemas ?? {}]))].map((digest) =>
    digest.slice('sha256:'.length),
  );
  return `judgements/${of}/${by}.json`;
};
