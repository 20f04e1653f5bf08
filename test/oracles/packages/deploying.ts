import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../../../local/tools.ts';
import type { TestControlPlane } from '../../control-plane.ts';
import type { Place, Revision } from './package.ts';

/** What installs, upgrades and repairs releases, as people use it. */
export interface Deploying {
  /** Brings every release to its revision; what is in Git holds exactly these. @returns by release: why it failed */
  deploy(releases: readonly Release[]): Promise<ReadonlyMap<string, string>>;
  /** What the alert says to do about a release that has drifted. */
  repair(releases: readonly Release[]): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

export interface Release {
  readonly place: Place;
  readonly revision: Revision;
  readonly waitsFor?: string | undefined;
  /** Why helm has to be told to take over what controllers wrote. */
  readonly conflicts?: string | undefined;
}

export const nameOf = ({ namespace, release }: Place): string => `${namespace}/${release}`;

const AT_ONCE = 3;
const FORCED = { helm4: ['--force-conflicts'], 'client-side': [] } as const;
const TIMEOUT = '90s';

/** The pinned helm; `client-side`: with the three-way merge of old. */
export async function deployingByHelm(
  plane: TestControlPlane,
  way: 'helm4' | 'client-side',
): Promise<Deploying> {
  const { helm } = await tools();
  const folder = join(plane.folder, `charts-${way}`);
  const how = way === 'helm4' ? [] : ['--server-side=false'];
  const run = async (argv: readonly string[]) => {
    await promisify(execFile)(helm, [...argv], {
      env: { PATH: process.env.PATH ?? '', KUBECONFIG: plane.kubeconfig, HOME: plane.folder },
      maxBuffer: 16 * 1024 * 1024,
    });
  };
  const each = async (releases: readonly Release[], flags: readonly string[]) => {
    const failed = new Map<string, string>();
    await eachAtOnce(releases, AT_ONCE, async ({ place, revision, conflicts }) => {
      const chart = join(folder, place.namespace, 'chart');
      await rm(chart, { recursive: true, force: true });
      for (const [path, text] of Object.entries(revision.files)) {
        await mkdir(dirname(join(chart, path)), { recursive: true });
        await writeFile(join(chart, path), text);
      }
      const values = join(folder, place.namespace, 'values.yaml');
      await writeFile(values, revision.values);
      const argv = ['upgrade', '--install', '-n', place.namespace, place.release, chart, '-f', values];
      await run([
        ...argv,
        '--timeout',
        TIMEOUT,
        ...how,
        ...(conflicts === undefined ? flags : FORCED[way]),
      ]).catch((error: Error) => failed.set(nameOf(place), error.message));
    });
    return failed;
  };
  return {
    deploy: (releases) => each(releases, []),
    repair: (releases) => each(releases, FORCED[way]),
    stop: async () => {},
  };
}

/** A few at a time: each is a process of its own. */
export async function eachAtOnce<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
