import type { ObjectStore } from '../aws/objects.ts';
import type { Capabilities, RenderRequest, RenderResponse } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import type { Digest } from '../content/tree.ts';
import type { DesiredState } from './state.ts';

/** A folder of a commit, as lib/repository/clone.ts gives it. */
export interface TreeEntry {
  readonly path: string;
  /** As Git writes it: `100644`, `100755`, `120000` (a link), `160000` (a submodule). */
  readonly mode: string;
  readonly id: string;
  readonly size?: number;
}

/** What reading needs of a clone; lib/repository/clone.ts has it. */
export interface CommitReader {
  fetchTip(): Promise<{ readonly id: string; readonly committedAt: string } | undefined>;
  /** Recursive, files only, paths below `path`. */
  list(commit: string, path: string): Promise<readonly TreeEntry[]>;
  blobs(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  treeId(commit: string, path: string): Promise<string | undefined>;
}

export interface DesiredParts {
  readonly clone: CommitReader;
  /** Trees of charts, values and manifests. */
  readonly content: ObjectStore;
  /** Renders and desired states. */
  readonly state: ObjectStore;
  /** `render-release`, or its library directly. */
  readonly render: (request: RenderRequest) => Promise<RenderResponse>;
  readonly capabilities: Capabilities;
}

export type DesiredReading =
  | {
      readonly kind: 'read';
      readonly state: DesiredState;
      readonly digest: Digest;
      /** Releases (`shop/web`) whose ConfigMap in `apply/` is not made of their values.yaml any more. */
      readonly staleValues: readonly string[];
    }
  /** The branch does not exist yet, or has no commit. */
  | { readonly kind: 'no-branch' };

/** What the tip of the target's branch declares: each release and `apply/` itself rendered, kept under its digest. */
export async function readDesired(_target: Target, _parts: DesiredParts): Promise<DesiredReading> {
  throw new Error('not built yet');
}
