import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RenderedObject } from '../../lib/charts/render-request.ts';
import { type Found, judgeSet, schemasFrom } from '../../lib/drift/drift.ts';
import { formatJson, parseJson } from '../../lib/objects/json.ts';
import {
  identityOf,
  isJsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../lib/objects/yaml.ts';
import { tools } from '../../local/tools.ts';
import { median, rounded } from '../median.ts';
import type { Asked } from './only.ts';
import { startPlane } from './plane.ts';

const RUNS = 7;
const QUICK_CHARTS = 20;
/** A folder of rendered charts, one `<chart>.yaml.gz` each. */
const CORPUS = process.env.FAIRLEAD_CORPUS ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');
const SHOWN_KINDS = 15;
const OUTPUT_BYTES = 256 * 1024 * 1024;

interface Pair {
  readonly desired: RenderedObject;
  readonly live: KubernetesObject;
}

/**
 * Charts of the world against what a real API server makes of them (server-side apply as helm does it, dry run), in
 * microseconds an object and by kind; the reference is to parse both sides from JSON.
 */
export async function measureCompare({ pace }: Asked) {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const plane = await startPlane(folder);
  try {
    const { kubectl } = await tools();
    const run = (arguments_: readonly string[], input?: string) =>
      spawnSync(kubectl, ['--kubeconfig', plane.kubeconfig, ...arguments_], {
        maxBuffer: OUTPUT_BYTES,
        encoding: 'utf8',
        ...(input === undefined ? {} : { input }),
      }).stdout;
    const pairs = readdirSync(CORPUS)
      .filter((file) => file.endsWith('.yaml.gz'))
      .sort()
      .slice(0, pace === 'quick' ? QUICK_CHARTS : undefined)
      .flatMap((file) => pairsOf(gunzipSync(readFileSync(join(CORPUS, file))).toString('utf8'), run));
    const index = JSON.parse(run(['get', '--raw', '/openapi/v3'])) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const schemas = schemasFrom(
      Object.values(index.paths).map(({ serverRelativeURL }) =>
        JSON.parse(run(['get', '--raw', serverRelativeURL])),
      ),
    );
    return compare(pairs, schemas);
  } finally {
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function compare(pairs: readonly Pair[], schemas: ReturnType<typeof schemasFrom>) {
  const judge = () => judgeSet(setOf(pairs, schemas));
  const texts = pairs.map((pair) => [formatJson(pair.desired.object), formatJson(pair.live)] as const);
  const parseWith = (parse: (text: string) => unknown) => () => {
    for (const [a, b] of texts) {
      parse(a);
      parse(b);
    }
  };
  const verdicts = judge();
  const byKind = microsecondsByKind(pairs, schemas);
  const judgeUs = rounded(microseconds(judge) / pairs.length);
  const referenceUs = rounded(microseconds(parseWith(JSON.parse)) / pairs.length);
  const losslessUs = rounded(microseconds(parseWith(parseJson)) / pairs.length);
  console.log(
    `${pairs.length} objects: judged in ${judgeUs} µs each; JSON.parse of both sides ${referenceUs} µs, losslessly ${losslessUs} µs`,
  );
  const count = (kind: string) => verdicts.filter((verdict) => verdict.kind === kind).length;
  return {
    objects: pairs.length,
    judgeUs,
    referenceUs,
    losslessUs,
    ratio: rounded(judgeUs / referenceUs),
    byKind,
    inSync: count('in-sync'),
    drift: count('drift'),
    unknown: count('unknown'),
  };
}

/** The most frequent kinds, slowest first, each judged alone. */
function microsecondsByKind(
  pairs: readonly Pair[],
  schemas: ReturnType<typeof schemasFrom>,
): Readonly<Record<string, number>> {
  const kinds = Map.groupBy(pairs, ({ live }) => live.kind);
  const measured = [...kinds]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, SHOWN_KINDS)
    .map(([kind, of]) => {
      const judge = () => judgeSet(setOf(of, schemas));
      return [kind, rounded(microseconds(judge) / of.length)] as const;
    });
  return Object.fromEntries(measured.sort(([, a], [, b]) => b - a));
}

function setOf(pairs: readonly Pair[], schemas: ReturnType<typeof schemasFrom>) {
  const live = new Map<string, Found>(
    pairs.map(({ live: object }) => [identityOf(referenceOf(object)), { kind: 'found', object }]),
  );
  const view = {
    find: (reference: ObjectReference): Found => live.get(identityOf(reference)) ?? { kind: 'absent' },
    owned: [],
  };
  return { desired: pairs.map(({ desired }) => desired), live: view, schemas, deployer: 'none' as const };
}

function pairsOf(manifests: string, run: (arguments_: string[], input?: string) => string): Pair[] {
  const parsed = parseYamlDocuments(manifests, 'kubernetes');
  if (parsed.kind !== 'parsed') return [];
  const objects = new Map(
    parsed.documents
      .map(({ value }): unknown => value)
      .filter(isObject)
      .map((object) => [identityOf(referenceOf(object)), object]),
  );
  const answer = run(
    [
      'apply',
      '--server-side',
      '--force-conflicts',
      '--dry-run=server',
      '--field-manager=helm',
      '--show-managed-fields',
      '--output=json',
      '--filename=-',
    ],
    [...objects.values()].map((object) => formatJson(object)).join('\n---\n'),
  );
  if (answer === '') return [];
  const whole = parseJson(answer);
  const lives: readonly unknown[] = isJsonObject(whole) && Array.isArray(whole.items) ? whole.items : [whole];
  return lives.filter(isObject).flatMap((live) => {
    const object = objects.get(identityOf(referenceOf(live)));
    if (object === undefined) return [];
    return [{ live, desired: { object, role: 'applied', source: '', unstable: [], usesLookup: false } }];
  });
}

const isObject = (value: unknown): value is KubernetesObject =>
  isJsonObject(value) && typeof value.kind === 'string' && isJsonObject(value.metadata);

/** Of this process' own time, so that whatever else the machine does is not in it. */
function microseconds(work: () => unknown): number {
  for (let warm = 0; warm < 3; warm++) work();
  return median(
    Array.from({ length: RUNS }, () => {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      return user + system;
    }),
  );
}
