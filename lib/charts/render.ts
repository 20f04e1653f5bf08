import type { ObjectStore } from '../aws/objects.ts';
import type { RenderRequest, RenderResponse } from './render-request.ts';

export interface RenderParts {
  /** Trees, by digest. */
  readonly content: ObjectStore;
  /** Renders, by digest, and the sealing key. */
  readonly state: ObjectStore;
  /** Folder that holds `helm/helm` and `kubectl/kubectl`. */
  readonly tools: string;
  /** Writable folder; what is put there is removed. */
  readonly scratch: string;
}

/** Renders a release or manifests as the target's deployer would, and with purpose `judge` checks all of it. */
export async function renderRelease(_request: RenderRequest, _parts: RenderParts): Promise<RenderResponse> {
  throw new Error('not yet');
}
