import type { JsonObject } from '../../objects/objects.ts';
import type { OutsideChart } from '../declaration.ts';
import { text } from '../json-reading.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * The chart of a Helm repository or registry that a source names; undefined where it names none, in words for people
 * what is wrong with it. A registry's address has no scheme there (argo-cd, docs/user-guide/helm.md, "OCI"), or is an
 * `oci://` source of its own.
 */
export function outsideChart(source: JsonObject): OutsideChart | undefined | string {
  const address = (text(source.repoURL) ?? '').trim().replace(/\/+$/, '');
  const name = text(source.chart);
  const revision = text(source.targetRevision) ?? '*';
  const reference = DIGEST.test(revision)
    ? ({ kind: 'digest', digest: revision } as const)
    : ({ kind: 'version', version: revision } as const);
  if (name === undefined) {
    if (!address.startsWith('oci://')) return undefined;
    const path = text(source.path) ?? '.';
    if (path !== '.' && path !== './')
      return `its source is a folder inside ${address}, which is not opened here`;
    return { kind: 'oci', url: address, reference };
  }
  if (/^https?:\/\//.test(address)) return { kind: 'helm-repository', url: address, name, version: revision };
  if (/^[a-z]+:\/\//.test(address) && !address.startsWith('oci://')) return `its chart comes from ${address}`;
  return { kind: 'oci', url: `oci://${address.replace(/^oci:\/\//, '')}/${name}`, reference };
}
