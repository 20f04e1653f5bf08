import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '../../../../lib/aws/objects.ts';
import { type RenderParts, renderRelease } from '../../../../lib/charts/render/render.ts';
import {
  type Boundary,
  type Render,
  type RenderedObject,
  type RenderRequest,
  type RenderResponse,
  renderKey,
} from '../../../../lib/charts/render-request.ts';
import { folderStore } from '../../../../lib/content/folder-store.ts';
import { putTree } from '../../../../lib/content/store.ts';
import { type FileTree, treeOfFile } from '../../../../lib/content/tree.ts';
import { parseJson } from '../../../../lib/objects/json.ts';
import { tools } from '../../../../local/tools.ts';
import { chartFile } from '../package/packages.ts';

/** Rendering for the tests: real helm, stores in a folder, nothing left behind. */
export interface Rendering {
  readonly parts: RenderParts;
  readonly folder: string;
  render(release: TestRelease): Promise<RenderResponse>;
  /** The objects of a render that was accepted. @throws if it was rejected */
  objects(release: TestRelease): Promise<readonly RenderedObject[]>;
  /** What lies in the scratch folder. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

export interface TestRelease {
  /** Files of a chart called `web`; its Chart.yaml is filled in. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly tree?: FileTree;
  readonly values?: string;
  readonly deployer?: RenderRequest['deployer'];
  readonly purpose?: RenderRequest['purpose'];
  readonly apiVersions?: readonly string[];
  readonly kubernetesVersion?: string;
  readonly boundary?: Partial<Boundary>;
  /** Documents of the cluster's schemas, by group-version. */
  readonly schemas?: Readonly<Record<string, string>>;
}

export async function rendering(
  wrap: (store: ObjectStore) => ObjectStore = (store) => store,
): Promise<Rendering> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-render-'));
  const scratch = join(folder, 'scratch');
  const parts: RenderParts = {
    content: folderStore(join(folder, 'content')),
    state: wrap(folderStore(join(folder, 'state'))),
    tools: (await tools()).folder,
    scratch,
  };
  const render = async (release: TestRelease) => renderRelease(await requestFor(release, parts), parts);
  return {
    parts,
    folder,
    render,
    async objects(release) {
      const response = await render(release);
      if (response.kind === 'rejected') throw new Error(JSON.stringify(response.reasons, undefined, 1));
      const stored = await parts.state.get(renderKey(response.render));
      return (parseJson(stored?.body.toString('utf8') ?? '{"objects":[]}') as unknown as Render).objects;
    },
    leftovers: () => readdir(scratch).catch(() => []),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function requestFor(release: TestRelease, { content }: RenderParts): Promise<RenderRequest> {
  const files = { 'Chart.yaml': chartFile(), ...release.files };
  const tree =
    release.tree ??
    new Map(
      Object.entries(files).map(([path, data]) => [path, { mode: 0o644 as const, data: Buffer.from(data) }]),
    );
  const values =
    release.values === undefined
      ? []
      : [await putTree(content, treeOfFile('values.yaml', Buffer.from(release.values)))];
  return {
    schema: 1,
    purpose: release.purpose ?? 'judge',
    target: 'staging',
    deployer: release.deployer ?? 'none',
    capabilities: {
      kubernetesVersion: release.kubernetesVersion ?? 'v1.35.4',
      apiVersions: [...(release.apiVersions ?? [])],
    },
    ...(release.schemas === undefined ? {} : { schemas: { ...release.schemas } }),
    boundary: { namespaces: ['shop'], allowKinds: [], allowPlainSecrets: false, ...release.boundary },
    subject: {
      kind: 'release',
      namespace: 'shop',
      release: 'web',
      chart: await putTree(content, tree),
      values,
    },
  };
}

/** Processes that this one has started and that still run, by their command line. */
export async function runningHelms(): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const found: string[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) === process.pid && state !== 'Z')
      found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  }
  return found.filter((command) => command.includes('helm'));
}
