import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildBinaries, MODULES, type Part } from './build.ts';
import type { Got, Order } from './download.ts';

/**
 * Parts of Flux and Argo CD themselves, for the proof that what Fairlead writes is what they take: helm-controller and
 * kustomize-controller from their sources, and the published CustomResourceDefinitions out of their modules' archives,
 * each against a hash that we keep. source-controller is none of them: its own dependencies are not always to be had.
 */
const PARTS: readonly Part[] = [
  {
    name: 'helm-controller',
    module: 'helm-controller',
    package: 'github.com/fluxcd/helm-controller',
    estimate: 140,
  },
  {
    name: 'kustomize-controller',
    module: 'kustomize-controller',
    package: 'github.com/fluxcd/kustomize-controller',
    estimate: 100,
  },
];

/** A program of ours over Argo CD's own library, which answers what an AppProject permits. Its build is the longest. */
const PROJECT_PART: Part = { name: 'argocd-project', module: 'argocd-project', package: '.', estimate: 360 };

interface Definitions {
  /** Go module and version; only its archive is read. */
  readonly module: string;
  /** As go.sum has it. */
  readonly sum: string;
  /** In the archive. */
  readonly files: readonly string[];
}

const DEFINITIONS: readonly Definitions[] = [
  {
    module: 'github.com/fluxcd/helm-controller@v1.6.0',
    sum: 'h1:jlS5X11SG26gspubB5aLrdVSCm0q0tA4ULsY+vwSkL0=',
    files: ['config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml'],
  },
  {
    module: 'github.com/fluxcd/kustomize-controller@v1.9.5',
    sum: 'h1:/XY2zy3K7fntyppEXIHG7oRMzmfgIt50eJzUfaPX1Kc=',
    files: ['config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
  },
  {
    module: 'github.com/fluxcd/source-controller@v1.9.4',
    sum: 'h1:psO6g4NTAMl3GD9gL8TMF3shM939XhTjFvlQXCK3pZ4=',
    files: [
      'config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_helmcharts.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_helmrepositories.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_buckets.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_externalartifacts.yaml',
    ],
  },
  {
    module: 'github.com/argoproj/argo-cd/v3@v3.2.6',
    sum: 'h1:nDCjBnHyxUf6JFuCKjuuXHS23LFj6/TjuO/APrS1ku4=',
    files: ['manifests/crds/application-crd.yaml', 'manifests/crds/appproject-crd.yaml'],
  },
];

/** Paths of executables and of files of CustomResourceDefinitions. */
export interface Deployers {
  readonly helmController: string;
  readonly kustomizeController: string;
  readonly fluxDefinitions: readonly string[];
  readonly argocdDefinitions: readonly string[];
}

/** What is in the cache, if all of it is. */
export function findDeployers(cacheFolder: string): Deployers | undefined {
  const folder = folderIn(cacheFolder);
  const definitions = join(folder, 'definitions');
  const [helmController = '', kustomizeController = ''] = PARTS.map(({ name }) => join(folder, name));
  if (![helmController, kustomizeController, definitions].every((place) => existsSync(place)))
    return undefined;
  const files = readdirSync(definitions)
    .sort()
    .map((name) => join(definitions, name));
  const isFlux = (file: string) => basename(file).includes('toolkit.fluxcd.io');
  return {
    helmController,
    kustomizeController,
    fluxDefinitions: files.filter(isFlux),
    argocdDefinitions: files.filter((file) => !isFlux(file)),
  };
}

/** Path of the executable, if it is in the cache. */
export function findArgocdProject(cacheFolder: string): string | undefined {
  const file = join(projectFolder(cacheFolder), PROJECT_PART.name);
  return existsSync(file) ? file : undefined;
}

export const getArgocdProject = (
  cacheFolder: string,
  order: Pick<Order, 'onProgress' | 'signal'>,
): Promise<Got> =>
  buildBinaries({ ...order, version: VERSION, folder: projectFolder(cacheFolder) }, [PROJECT_PART]);

/** Builds and downloads with Go into the cache; all of it or nothing. */
export async function getDeployers(
  cacheFolder: string,
  { onProgress, signal }: Pick<Order, 'onProgress' | 'signal'>,
): Promise<Got> {
  const folder = folderIn(cacheFolder);
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(`${folder}-`);
  try {
    const binaries = join(aside, 'all');
    const built = await buildBinaries(
      { version: VERSION, folder: binaries, onProgress, ...(signal === undefined ? {} : { signal }) },
      PARTS,
    );
    if (built.kind === 'not-got') return built;
    const definitions = join(binaries, 'definitions');
    await mkdir(definitions);
    for (const wanted of DEFINITIONS) {
      onProgress(`reading the definitions of ${wanted.module}`);
      const reason = await copyDefinitions(wanted, definitions);
      if (reason !== undefined) return { kind: 'not-got', reason };
    }
    await rename(binaries, folder).catch((error: NodeJS.ErrnoException) => {
      // Another has got them meanwhile.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return { kind: 'got' };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

const VERSION = '1.6.0';

/** Named by what it is made of: another version is another folder. */
function folderIn(cacheFolder: string): string {
  const parts = PARTS.map(({ module }) => `${module}/go.mod`);
  return join(cacheFolder, 'deployers', digestOf(JSON.stringify(DEFINITIONS), parts));
}

const projectFolder = (cacheFolder: string): string =>
  join(
    cacheFolder,
    'deployers',
    digestOf('', [`${PROJECT_PART.module}/go.mod`, `${PROJECT_PART.module}/main.go`]),
  );

function digestOf(text: string, files: readonly string[]): string {
  const hash = createHash('sha256').update(text);
  for (const file of files) hash.update(readFileSync(join(MODULES, file)));
  return hash.digest('hex').slice(0, 16);
}

/** @returns why it could not */
async function copyDefinitions(
  { module, sum, files }: Definitions,
  into: string,
): Promise<string | undefined> {
  let answer: { readonly Dir?: string; readonly Sum?: string; readonly Error?: string };
  try {
    const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], {
      cwd: into,
      env: { ...process.env, GOFLAGS: '', GOWORK: 'off' },
    });
    answer = JSON.parse(stdout);
  } catch (error) {
    return `go mod download of ${module} failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (answer.Sum !== sum) return `${module} has the hash ${answer.Sum}, not ${sum}`;
  if (answer.Dir === undefined) return `${module}: ${answer.Error ?? 'Go unpacked nothing'}`;
  for (const file of files) await cp(join(answer.Dir, file), join(into, basename(file)));
  return undefined;
}
