import * as z from 'zod';
import type { SlotKey } from './reading.ts';
import type { Place } from './world.ts';

/**
 * What the checker knows of commands: read by itself from docs/operations.md. It sees only what the suite makes.
 */
const release = z.object({ namespace: z.string(), release: z.string() });
const inRelease = release.extend({ kind: z.literal('release') });
const scope = z.discriminatedUnion('kind', [inRelease, z.object({ kind: z.literal('target') })]);
const verb = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('freeze'), scope }),
  z.object({ kind: z.literal('unfreeze'), scope }),
  z.object({ kind: z.literal('rollback'), release, to: z.string().optional() }),
  z.object({ kind: z.literal('promote'), from: z.string(), release }),
  z.object({
    kind: z.literal('remove'),
    what: z.discriminatedUnion('kind', [
      inRelease,
      z.object({ kind: z.literal('manifest'), path: z.string() }),
    ]),
  }),
]);
export type ReadVerb = z.output<typeof verb>;
export type ReadScope = z.output<typeof scope>;
type Release = z.output<typeof release>;

/** The target of a command's key; undefined: it is none. */
export const readCommandKey = (key: string): string | undefined =>
  /^\.commands\/([^/]+)\/[^/]+\.json$/.exec(key)?.[1];

export const readVerb = (body: Buffer): ReadVerb => verb.parse(JSON.parse(body.toString('utf8')).verb);

/** What a command freezes or thaws; undefined: nothing. */
export function scopeOf(asked: ReadVerb): ReadScope | undefined {
  switch (asked.kind) {
    case 'freeze':
    case 'unfreeze':
      return asked.scope;
    case 'rollback':
      return { kind: 'release', ...asked.release };
    case 'promote':
    case 'remove':
      return undefined;
  }
}

export const scopeName = (target: string, asked: ReadScope): string =>
  asked.kind === 'target' ? target : `${target} ${asked.namespace}/${asked.release}`;

export const isWithin = (target: string, asked: ReadScope, slot: SlotKey): boolean =>
  slot.target === target &&
  (asked.kind === 'target' ||
    (slot.part !== 'manifest' && slot.namespace === asked.namespace && slot.release === asked.release));

/** The slots that it fills or empties. */
export function slotsOf(target: string, asked: ReadVerb): readonly SlotKey[] {
  const parts = ({ namespace, release: name }: Release): readonly SlotKey[] => [
    { part: 'chart', target, namespace, release: name },
    { part: 'values', target, namespace, release: name },
  ];
  switch (asked.kind) {
    case 'freeze':
    case 'unfreeze':
      return [];
    case 'rollback':
      return parts(asked.release);
    case 'promote':
      return parts(asked.release).slice(0, 1);
    case 'remove':
      return asked.what.kind === 'manifest'
        ? [{ part: 'manifest', target, file: asked.what.path }]
        : parts(asked.what);
  }
}

/** What its commit may change; folders end in `/`. */
export interface CommandPlaces {
  readonly own: readonly string[];
  /** May be written with it, if they were not there. */
  readonly onlyNew: readonly string[];
}

export const releasePlaces = (target: string, { namespace, release: name }: Release) => {
  const folder = `fairlead/${target}/releases/${namespace}/${name}`;
  const apply = `fairlead/${target}/apply/${namespace}/${name}`;
  return {
    folder: `${folder}/`,
    chart: `${folder}/chart/`,
    values: `${folder}/values.yaml`,
    apply: `${apply}/`,
    appliedValues: `${apply}/values.yaml`,
    releaseFile: `${apply}/release.yaml`,
  };
};

export function placesOfCommand({ target, deployer }: Place, asked: ReadVerb): CommandPlaces {
  switch (asked.kind) {
    case 'freeze':
    case 'unfreeze':
      return { own: [], onlyNew: [] };
    case 'rollback':
    case 'promote': {
      const { chart, values, appliedValues, releaseFile } = releasePlaces(target, asked.release);
      const derived = deployer === 'flux' ? [appliedValues] : [];
      const declared = deployer === 'none' ? [] : [releaseFile];
      return asked.kind === 'rollback'
        ? { own: [chart, values, ...derived], onlyNew: declared }
        : { own: [chart, ...derived], onlyNew: [values, ...declared] };
    }
    case 'remove': {
      // Git keeps no empty folder: something stays in it.
      const onlyNew = deployer === 'none' ? [] : [`fairlead/${target}/apply/README.md`];
      if (asked.what.kind === 'manifest')
        return { own: [`fairlead/${target}/apply/manifests/${asked.what.path}`], onlyNew };
      const { folder, apply } = releasePlaces(target, asked.what);
      return { own: [folder, apply], onlyNew };
    }
  }
}
