import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseJson } from '../../lib/objects/json.ts';
import type { KubernetesObject } from '../../lib/objects/objects.ts';
import type { Tools } from '../tools.ts';

/**
 * Rendering of the stand-in's own, by helm, kustomize and kubectl alone: what Fairlead renders is checked against it,
 * so nothing of Fairlead's rendering may be in it.
 */
export interface Renderer {
  readonly tools: Tools;
  readonly kubeconfig: string;
  readonly context: string | undefined;
  /** Writable folder of its own. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

const SECONDS = 60;
const OUTPUT_BYTES = 64 * 1024 * 1024;

export class RenderingFailed extends Error {
  override readonly name = 'RenderingFailed';
}

export interface HelmRelease {
  readonly chart: string;
  readonly release: string;
  readonly namespace: string;
  /** YAML texts, the last wins. */
  readonly values: readonly string[];
}

/** What helm-controller applies: the chart with the cluster's own capabilities. Hooks are left out: nothing runs them. */
export async function helmAsController(
  renderer: Renderer,
  release: HelmRelease,
  operation: 'install' | 'upgrade',
): Promise<string> {
  return await helmTemplate(renderer, release, [
    '--dry-run=server',
    '--disable-openapi-validation',
    ...connectionFlags(renderer),
    ...(operation === 'upgrade' ? ['--is-upgrade'] : []),
  ]);
}

/** What Argo CD applies: the chart with the cluster's versions as flags. */
export async function helmAsArgocd(
  renderer: Renderer,
  release: HelmRelease,
  capabilities: { readonly version: string; readonly apiVersions: readonly string[] },
): Promise<string> {
  return await helmTemplate(renderer, release, [
    '--include-crds',
    '--kube-version',
    capabilities.version.replace(/[-+].*$/, ''),
    ...capabilities.apiVersions.flatMap((version) => ['--api-versions', version]),
  ]);
}

/** The CRDs of a chart's `crds/`, as YAML. */
export const helmCrds = (renderer: Renderer, chart: string): Promise<string> =>
  run(renderer, renderer.tools.helm, ['show', 'crds', '--', chart]);

async function helmTemplate(
  renderer: Renderer,
  { chart, release, namespace, values }: HelmRelease,
  flags: readonly string[],
): Promise<string> {
  return await inScratch(renderer, async (folder) => {
    const files = values.map((_, index) => join(folder, `values-${index}.yaml`));
    await Promise.all(files.map((file, index) => writeFile(file, values[index] ?? '')));
    return await run(renderer, renderer.tools.helm, [
      'template',
      '--namespace',
      namespace,
      '--no-hooks',
      ...files.flatMap((file) => ['--values', file]),
      ...flags,
      '--',
      release,
      chart,
    ]);
  });
}

/** YAML through kustomize, with labels on every object, as Flux's controllers build it. */
export async function kustomize(
  renderer: Renderer,
  files: readonly string[] | { readonly yaml: string },
  labels: Readonly<Record<string, string>>,
): Promise<string> {
  return await inScratch(renderer, async (folder) => {
    let resources: readonly string[];
    if ('yaml' in files) {
      if (!/^[^#\s-]/m.test(files.yaml)) return '';
      await writeFile(join(folder, 'rendered.yaml'), files.yaml);
      resources = ['rendered.yaml'];
    } else {
      if (files.length === 0) return '';
      resources = files.map((file) => relative(folder, file));
    }
    await writeFile(
      join(folder, 'kustomization.yaml'),
      JSON.stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources,
        labels: [{ pairs: labels }],
      }),
    );
    return await run(renderer, renderer.tools.kubectl, [
      'kustomize',
      '--load-restrictor=LoadRestrictionsNone',
      folder,
    ]);
  });
}

/** YAML → objects, read by kubectl: Go's own YAML, not ours. */
export async function objectsOf(renderer: Renderer, yaml: string): Promise<readonly KubernetesObject[]> {
  if (!/^[^#\s-]/m.test(yaml)) return [];
  const printed = await run(
    renderer,
    renderer.tools.kubectl,
    ['patch', '--local', '--type=merge', '--patch={}', '--output=json', '--filename=-'],
    yaml,
  );
  // One indented object after the other: each ends with a brace that begins its line.
  return printed
    .split(/(?<=^\})\n(?=\{)/m)
    .filter((text) => text.trim() !== '')
    .map((text) => parseJson(text) as unknown as KubernetesObject);
}

/** The files of a folder with one of these endings, at any depth, sorted; none where there is no such folder. */
export async function filesBelow(folder: string, ending: RegExp): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const connectionFlags = ({ kubeconfig, context }: Renderer): readonly string[] => [
  '--kubeconfig',
  kubeconfig,
  ...(context === undefined ? [] : ['--kube-context', context]),
];

async function inScratch<Result>(
  { scratch }: Renderer,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(scratch, 'render-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  { scratch, signal }: Renderer,
  command: string,
  argv: readonly string[],
  input = '',
): Promise<string> {
  const child = spawn(command, argv, {
    cwd: scratch,
    env: { PATH: process.env.PATH, HOME: scratch },
    signal,
    timeout: SECONDS * 1000,
    killSignal: 'SIGKILL',
  });
  const printed: Buffer[] = [];
  const said: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > OUTPUT_BYTES) child.kill('SIGKILL');
    else printed.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  // A child that ends before it has read everything: its exit code says why.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code === 0) return Buffer.concat(printed).toString('utf8');
  const message = Buffer.concat(said).toString('utf8').trim().slice(0, 2000);
  throw new RenderingFailed(message === '' ? `${argv[0]} ended with ${code ?? 'a signal'}` : message);
}
