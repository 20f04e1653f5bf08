import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Random } from './random.ts';
import { MANIFESTS, PLACES, type Place, RELEASES } from './world.ts';

/** What whoever made an upload knows of it: the checker takes nobody else's word for what is bad. */
export type Meaning =
  | 'good'
  /** Refused by itself, whenever it comes. */
  | 'bad alone'
  /** Refused once it is rendered; before that a newer one may go first. */
  | 'bad rendered'
  /** Values that no chart of the suite renders with. */
  | 'bad with a chart'
  /** A provenance file: ends as the package beside it. */
  | 'evidence';

export interface MadeUpload {
  readonly key: string;
  readonly body: Buffer;
  readonly meaning: Meaning;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Few, so that most of what is to be rendered was rendered before: rendering is not what is tried here. */
const CHARTS = ['web', 'web', 'web', 'web', 'core'] as const;
export const VERSIONS = ['1.0.0', '1.1.0', '2.0.0-rc.1'] as const;
const COLOURS = ['red', 'green', 'blue'] as const;

/** Good for one run: bursts that are put one after the other; few slots, so that uploads meet each other. */
export async function makeUploads(chance: Random, count: number): Promise<MadeUpload[][]> {
  const bursts: MadeUpload[][] = [];
  // Some slots are busy: what comes late or twice must have something to come after.
  const busy = Array.from({ length: 3 }, () => ({
    place: chance.pick(PLACES),
    release: chance.pick(RELEASES),
  }));
  for (let made = 0; made < count; ) {
    const burst: MadeUpload[] = [];
    const size = 1 + chance.below(chance.chance(0.15) ? 6 : 2);
    while (burst.length < size) {
      const { place, release } = chance.chance(0.7)
        ? chance.pick(busy)
        : { place: chance.pick(PLACES), release: chance.pick(RELEASES) };
      const metadata: Record<string, string> = chance.chance(0.2)
        ? { author: 'Ann [skip ci] @team', 'source-commit': '0123abc' }
        : {};
      for (const one of await makeUpload(chance, place, release)) burst.push({ metadata, ...one });
    }
    made += burst.length;
    bursts.push(burst);
  }
  return bursts;
}

type Unplaced = Omit<MadeUpload, 'metadata'>;

async function makeUpload(
  chance: Random,
  { target }: Place,
  { namespace, release }: (typeof RELEASES)[number],
): Promise<Unplaced[]> {
  const folder = `${target}/${namespace}/${release}`;
  const values = (meaning: Meaning, text: string): Unplaced => ({
    key: `${folder}/values.yaml`,
    body: Buffer.from(text),
    meaning,
  });
  const goodValues = () => values('good', `colour: ${chance.pick(COLOURS)}\n`);
  const goodChart = async (): Promise<Unplaced> => {
    const name = chance.pick(CHARTS);
    const version = chance.pick(VERSIONS);
    // The same version with other content now and then; the same content packed otherwise, too.
    const variant = chance.chance(0.15) ? 1 + chance.below(2) : 0;
    const level = chance.pick([1, 9]);
    return {
      key: `${folder}/${name}-${version}.tgz`,
      body: await chartPackage(name, version, { variant, level }),
      meaning: 'good',
    };
  };
  const dice = chance.next();
  if (dice < 0.34) {
    const chart = await goodChart();
    const proof: Unplaced = { key: `${chart.key}.prov`, body: Buffer.from('signature'), meaning: 'evidence' };
    return chance.chance(0.85)
      ? [chart]
      : chance.pick([
          [proof, chart],
          [chart, proof],
        ]);
  }
  if (dice < 0.54) return [goodValues()];
  if (dice < 0.64)
    return chance.chance(0.5) ? [await goodChart(), goodValues()] : [goodValues(), await goodChart()];
  if (dice < 0.76) {
    const path = chance.pick(MANIFESTS);
    return [
      { key: `${target}/manifests/${path}`, body: manifest(path, chance.pick(COLOURS)), meaning: 'good' },
    ];
  }
  if (dice < 0.8) return [values('bad with a chart', `refuse: true\ncolour: ${chance.pick(COLOURS)}\n`)];
  return [await makeBad(chance, target, folder)];
}

async function makeBad(chance: Random, target: string, folder: string): Promise<Unplaced> {
  const name = chance.pick(CHARTS);
  const version = chance.pick(VERSIONS);
  const sound = await chartPackage(name, version);
  const key = `${folder}/${name}-${version}.tgz`;
  const alone = (upload: { key: string; body: Buffer | string }): Unplaced => ({
    key: upload.key,
    body: Buffer.from(upload.body),
    meaning: 'bad alone',
  });
  const makers: (() => Unplaced | Promise<Unplaced>)[] = [
    () => alone({ key, body: sound.subarray(0, sound.length - 20) }),
    () => alone({ key: `${folder}/${name}-9.9.9.tgz`, body: sound }),
    () => alone({ key, body: 'no package at all' }),
    async () => alone({ key, body: await chartPackage(name, version, { link: true }) }),
    () => alone({ key: `${folder}/values.yaml`, body: 'colour: [red\n' }),
    () => alone({ key: `${folder}/values.yaml`, body: 'colour: red\ncolour: blue\n' }),
    () => alone({ key: `${target}/manifests/${MANIFESTS[0]}`, body: 'kind: ConfigMap\n' }),
    () => alone({ key: `${target}/manifests/../${MANIFESTS[0]}`, body: manifest('x', 'red') }),
    () => alone({ key: `nowhere/shop/web/values.yaml`, body: 'colour: red\n' }),
    () => alone({ key: `${target}/Shop/web/values.yaml`, body: 'colour: red\n' }),
    () => alone({ key: `${target}/kube-system/web/values.yaml`, body: 'colour: red\n' }),
    () => alone({ key: `${folder}/notes.txt`, body: 'hello\n' }),
    () => alone({ key: 'values.yaml', body: 'colour: red\n' }),
    async () => ({ key, body: await chartPackage(name, version, { fails: true }), meaning: 'bad rendered' }),
    () => ({ key: `${key}.prov`, body: Buffer.from('signature'), meaning: 'evidence' }),
    () => ({ key: `${key}.prov`, body: Buffer.from('signature'), meaning: 'evidence' }),
  ];
  return chance.pick(makers)();
}

const manifest = (path: string, colour: string): Buffer =>
  Buffer.from(
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${path.replace(/\W/g, '-')}\n  namespace: shop\ndata:\n  colour: ${colour}\n`,
  );

interface Packing {
  readonly variant?: number;
  readonly level?: number;
  readonly fails?: boolean;
  readonly link?: boolean;
}

/** A small chart whose template refuses values that say so. */
async function chartPackage(
  name: string,
  version: string,
  { variant = 0, level = 9, fails = false, link = false }: Packing = {},
): Promise<Buffer> {
  const archive = pack();
  const add = (path: string, text: string, mode = 0o644) =>
    archive.entry({ name: `${name}/${path}`, mode, mtime: new Date(0) }, text);
  add('Chart.yaml', `apiVersion: v2\nname: ${name}\nversion: ${version}\n`);
  add('values.yaml', 'colour: white\n');
  const refusal = fails ? '{{ fail "never" }}' : '{{ if .Values.refuse }}{{ fail "refused" }}{{ end }}';
  add(
    'templates/settings.yaml',
    `${refusal}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\ndata:\n  colour: {{ .Values.colour }}\n  variant: "${variant}"\n`,
  );
  // Each version has a file that the next one has not.
  add(`files/${version}.txt`, `${name} ${version} ${variant}\n`);
  add('files/run.sh', '#!/bin/sh\n', 0o755);
  if (link) archive.entry({ name: `${name}/files/link`, type: 'symlink', linkname: '/etc/passwd' });
  archive.finalize();
  return gzipSync(await buffer(archive), { level });
}
