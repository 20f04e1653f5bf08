import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  identityOf,
  isJsonObject,
  type KubernetesObject,
  referenceOf,
} from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';

/** Rendered charts of a folder, as objects; several at a time where they do not name the same ones. */
export interface Chart {
  readonly name: string;
  readonly namespace: string;
  readonly objects: readonly KubernetesObject[];
}

/** So many objects are worked on together: lists and judging cost the same for one as for many. */
const TOGETHER = 220;

/** @throws Error where a file is no YAML */
export async function readCharts(folder: string): Promise<Chart[]> {
  const files = (await readdir(folder)).filter((name) => /\.ya?ml(\.gz)?$/.test(name)).sort();
  return await Promise.all(
    files.map(async (file, at) => {
      const namespace = `chart-${at}`;
      const objects = await readObjects(join(folder, file));
      const placed = new Map(
        objects.map((object) => {
          const inPlace = {
            ...object,
            metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace },
          };
          return [identityOf(referenceOf(inPlace)), inPlace] as const;
        }),
      );
      return {
        name: basename(file).replace(/\.ya?ml(\.gz)?$/, ''),
        namespace,
        objects: [...placed.values()],
      };
    }),
  );
}

async function readObjects(file: string): Promise<KubernetesObject[]> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString('utf8');
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`${file}:${parsed.line}: ${parsed.message}`);
  return parsed.documents.flatMap(({ value }) => {
    if (!isJsonObject(value)) return [];
    const list = typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
    const objects = (list ? (value.items as readonly unknown[]) : [value]) as KubernetesObject[];
    return objects.filter(({ metadata }) => typeof metadata?.name === 'string' && metadata.name !== '');
  });
}

/** Charts that can be installed at once: none names an object (or, cluster-wide, a name of a kind) of another. */
export function together(charts: readonly Chart[]): Chart[][] {
  const groups: { charts: Chart[]; names: Set<string>; size: number }[] = [];
  for (const chart of charts) {
    const names = chart.objects.map(({ kind, metadata }) =>
      metadata.namespace === chart.namespace && !CLUSTER_WIDE.test(kind)
        ? `${chart.namespace} ${kind} ${metadata.name}`
        : `${kind} ${metadata.name}`,
    );
    const group = groups.find(
      (each) => each.size + names.length <= TOGETHER && !names.some((name) => each.names.has(name)),
    );
    if (group === undefined) groups.push({ charts: [chart], names: new Set(names), size: names.length });
    else {
      group.charts.push(chart);
      for (const name of names) group.names.add(name);
      group.size += names.length;
    }
  }
  return groups.map((group) => group.charts);
}

const CLUSTER_WIDE =
  /^(Cluster|CustomResourceDefinition|Namespace|Mutating|Validating|APIService|PriorityClass|StorageClass|IngressClass|RuntimeClass|CSI|PodSecurityPolicy|DeviceClass|PersistentVolume$|FlowSchema|PriorityLevel)/;

export type Stage = 'definitions' | 'ordinary' | 'restricting';

/** Definitions are there before their objects; what the admission of others goes by comes last. */
export function stageOf({ kind }: KubernetesObject): Stage {
  if (kind === 'CustomResourceDefinition') return 'definitions';
  return RESTRICTING.test(kind) ? 'restricting' : 'ordinary';
}

const RESTRICTING =
  /^((Mutating|Validating)WebhookConfiguration|APIService|ResourceQuota|LimitRange|(Mutating|Validating)AdmissionPolicy(Binding)?)$/;
