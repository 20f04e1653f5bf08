import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { isJsonObject, type KubernetesObject } from '../../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../../lib/objects/yaml.ts';

/** A rendered chart, with a namespace of its own for what names none. */
export interface RenderedChart {
  readonly file: string;
  readonly namespace: string;
  readonly objects: readonly KubernetesObject[];
}

/** The charts of a folder, one (gzipped) YAML file each, in the order of their names. */
export async function readCharts(folder: string, only: string | undefined): Promise<RenderedChart[]> {
  const files = (await readdir(folder)).filter((name) => /\.ya?ml(\.gz)?$/.test(name)).sort();
  const charts: RenderedChart[] = [];
  for (const [index, file] of files.entries()) {
    if (only !== undefined && !file.includes(only)) continue;
    const namespace = `corpus-${index}`;
    const objects = (await readObjects(join(folder, file))).map((object) => inNamespace(object, namespace));
    charts.push({ file, namespace, objects });
  }
  return charts;
}

async function readObjects(file: string): Promise<KubernetesObject[]> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString('utf8');
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`${file}:${parsed.line}: ${parsed.message}`);
  return parsed.documents.flatMap(({ value }) => {
    if (!isJsonObject(value)) return [];
    const list = typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
    return (list ? (value.items as readonly unknown[]) : [value]) as KubernetesObject[];
  });
}

const inNamespace = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace },
});
