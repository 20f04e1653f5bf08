import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { limited, OUTPUT_SECONDS } from '../../../lib/charts/files/limited.ts';
import { checkObjects, type Judged } from '../../../lib/charts/judge/object-checks.ts';
import type { Reason } from '../../../lib/charts/reasons.ts';
import { clusterScopedBy, placed } from '../../../lib/charts/render/placement.ts';
import { roleOf } from '../../../lib/charts/render/roles.ts';
import type { RenderRequest } from '../../../lib/charts/render-request.ts';
import { groupOf } from '../../../lib/objects/objects.ts';
import { sharedFolder } from '../../requirements.ts';
import { DEFENDED } from './corpus-refusals.ts';

/** What public charts render to, by name: gzipped YAML, as helm wrote it. */
const CORPUS = join(sharedFolder(), 'corpus');

export interface CorpusChart {
  readonly chart: string;
  readonly objects: number;
  readonly seconds: number;
  /** Codes with the places of the first of each: for the table. */
  readonly refused: readonly string[];
  readonly wrong: readonly string[];
}

const NAMESPACE = 'default';
const OF_CRDS_FOLDER = /^(charts\/[^/]+\/)*crds\//;
const RENDERED = /^(.+)\.ya?ml(\.gz)?$/;

export const hasCorpus = (): boolean => existsSync(CORPUS);

/**
 * The checks on output over what each chart rendered to, for a target whose administrator allowed the chart's own
 * kinds and namespaces: either it passes, or exactly the codes of `DEFENDED` are found.
 */
export async function* judgeCorpus(isWanted = (_chart: string) => true): AsyncIterable<CorpusChart> {
  for (const file of readdirSync(CORPUS).sort()) {
    const chart = RENDERED.exec(file)?.[1];
    if (chart === undefined || !isWanted(chart)) continue;
    const bytes = readFileSync(join(CORPUS, file));
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    const began = performance.now();
    const { objects, reasons } = await judge(text);
    const codes = [...new Set(reasons.map(({ code }) => code))].sort();
    const expected = [...(DEFENDED[chart]?.codes ?? [])].sort();
    yield {
      chart,
      objects,
      seconds: (performance.now() - began) / 1000,
      refused: codes.map((code) => describe(reasons.filter((each) => each.code === code))),
      wrong:
        codes.join(' ') === expected.join(' ')
          ? []
          : [`expected ${expected.join(' ') || 'nothing'}, got ${codes.join(' ') || 'nothing'}`],
    };
  }
}

async function judge(output: string): Promise<{ objects: number; reasons: readonly Reason[] }> {
  const read = await limited('readOutput', { outputs: [output], reader: 'kubernetes' }, OUTPUT_SECONDS);
  if (read.kind === 'too-complex') throw new Error('reading it takes more than it may');
  const declared = read.result.documents.flat();
  const clusterScoped = clusterScopedBy(declared.map(({ object }) => object));
  const objects = declared.map(
    ({ object, place }): Judged => ({
      object: placed(object, NAMESPACE, clusterScoped),
      place,
      role: OF_CRDS_FOLDER.test(place.file ?? '') ? 'crd' : roleOf(object, 'flux'),
      source: place.file ?? '',
      usesLookup: false,
      // Once rendered, nothing is known to be made up.
      unstable: [],
    }),
  );
  const request: RenderRequest = {
    schema: 1,
    purpose: 'judge',
    target: 'corpus',
    deployer: 'flux',
    capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
    boundary: {
      namespaces: [...new Set(objects.flatMap(({ object }) => object.metadata.namespace ?? []))],
      allowKinds: [
        ...new Set(objects.map(({ object: { kind, apiVersion } }) => `${kind}.${groupOf(apiVersion)}`)),
      ],
      allowPlainSecrets: false,
    },
    subject: { kind: 'manifests', tree: `sha256:${'0'.repeat(64)}`, path: '' },
  };
  return {
    objects: objects.length,
    reasons: [...read.result.reasons, ...checkObjects(objects, [], [], request)],
  };
}

const describe = (reasons: readonly Reason[]): string => {
  const [first] = reasons;
  return `${first?.code} (${reasons.length}, ${first?.place?.file}${first?.place?.pointer ?? ''})`;
};
