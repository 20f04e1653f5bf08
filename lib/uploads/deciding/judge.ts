import * as z from 'zod';
import type { RemoteFunction } from '../../aws/functions.ts';
import { type ImageList, imageList } from '../../charts/image-list.ts';
import type { Reason, ReasonCode } from '../../charts/reasons.ts';
import type {
  Boundary,
  Capabilities,
  DeclaredObject,
  RenderRequest,
  RenderSubject,
} from '../../charts/render-request.ts';
import { writtenReason } from '../../charts/written-reason.ts';
import type { Target } from '../../config/config.ts';
import type { Digest } from '../../content/tree.ts';
import { digest } from '../../messages/messages.ts';
import { canonicalJson } from '../../objects/json.ts';

export type Judgement =
  | {
      readonly kind: 'accepted';
      readonly warnings: readonly Reason[];
      readonly declares: readonly DeclaredObject[];
      /** What it renders to, in the state bucket; absent where nothing was rendered. */
      readonly render?: Digest;
      /** What its objects run; absent: no images. */
      readonly images?: ImageList;
    }
  | { readonly kind: 'rejected'; readonly reasons: readonly Reason[] }
  /** `render-release` itself failed: nobody is to blame, it is tried again. */
  | { readonly kind: 'unjudged'; readonly says: string };

/** Asks `render-release` what it thinks of a tree; the same question is asked once a delivery. */
export type Judge = (target: Target, subject: RenderSubject) => Promise<Judgement>;

/** What is known of a target's cluster. */
export interface SeenCluster {
  readonly capabilities: Capabilities;
  /** Documents of its schemas; absent before its first check. */
  readonly schemas?: Readonly<Record<string, string>> | undefined;
}

export function judgeBy(render: RemoteFunction, seen: (target: Target) => Promise<SeenCluster>): Judge {
  const asked = new Map<string, Promise<Judgement>>();
  const clusters = new Map<string, Promise<SeenCluster>>();
  const clusterOf = (target: Target): Promise<SeenCluster> => {
    const known = clusters.get(target.name) ?? seen(target);
    clusters.set(target.name, known);
    known.catch(() => clusters.delete(target.name));
    return known;
  };
  return async (target, subject) => {
    const { capabilities, schemas } = await clusterOf(target);
    const question: RenderRequest = {
      schema: 1,
      purpose: 'judge',
      target: target.name,
      deployer: target.deployer,
      capabilities,
      ...(schemas === undefined ? {} : { schemas: { ...schemas } }),
      boundary: {
        namespaces: [...target.namespaces],
        allowKinds: [...target.allowKinds],
        allowPlainSecrets: target.allowPlainSecrets,
        ...imagesAsked(target),
      },
      subject,
    };
    const name = canonicalJson(question);
    const answer = asked.get(name) ?? ask(render, question);
    asked.set(name, answer);
    return answer;
  };
}

/** Absent where nothing is asked: what was let pass before these settings were there passes on. */
function imagesAsked({ requireImageDigest, allowedRegistries }: Target): Pick<Boundary, 'images'> {
  if (!requireImageDigest && allowedRegistries === undefined) return {};
  const digests = requireImageDigest ? 'required' : 'any';
  return {
    images: { digests, ...(allowedRegistries === undefined ? {} : { registries: [...allowedRegistries] }) },
  };
}

/** Whoever rendered hostile templates is not believed more than they are: what is no whole answer is none. */
const answer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('rendered'),
    render: digest,
    warnings: z.array(writtenReason),
    declares: z.array(z.object({ object: z.string(), source: z.string() })).default([]),
    images: imageList.exactOptional(),
  }),
  z.object({ kind: z.literal('rejected'), reasons: z.array(writtenReason).min(1) }),
]);

async function ask(render: RemoteFunction, question: RenderRequest): Promise<Judgement> {
  let answered: unknown;
  try {
    answered = await render.invoke(question);
  } catch (error) {
    return { kind: 'unjudged', says: String(error) };
  }
  const { success, data } = answer.safeParse(answered);
  if (!success) return { kind: 'unjudged', says: 'render-release gave an answer of no known form' };
  switch (data.kind) {
    case 'rendered':
      return {
        kind: 'accepted',
        warnings: data.warnings,
        declares: data.declares,
        render: data.render,
        ...(data.images === undefined ? {} : { images: data.images }),
      };
    case 'rejected':
      return data;
  }
}

/** What the other half of a release may put right: a schema or a template that these values do not fit. */
const HEALED_BY_SIBLING = new Set<ReasonCode>([
  'template-failed',
  'values-violate-schema',
  'render-invalid-yaml',
  'object-incomplete',
  'field-type',
  'field-unknown',
  'list-key-repeated',
  'list-key-missing',
]);

export const mayHeal = (reasons: readonly Reason[]): boolean =>
  reasons.every(({ code }) => HEALED_BY_SIBLING.has(code));
