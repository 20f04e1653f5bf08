import { type Reason, reason } from '../../../charts/reasons.ts';
import type { Target } from '../../../config/config.ts';
import { isJsonObject } from '../../../objects/objects.ts';
import { parseYamlDocuments } from '../../../objects/yaml.ts';
import type { ReleaseName } from '../../../repository/layout.ts';
import { slotOf, type UploadKey } from '../../record/keys.ts';

/** The two slots of a release. */
export type ReleaseKey = Exclude<UploadKey, { kind: 'manifest' }>;

/** Which package it was does not matter to its slot. */
export const chartKey = (target: Target, { namespace, release }: ReleaseName): ReleaseKey => ({
  kind: 'chart',
  target: target.name,
  namespace,
  release,
  fileName: '',
});

export const valuesKey = (target: Target, { namespace, release }: ReleaseName): ReleaseKey => ({
  kind: 'values',
  target: target.name,
  namespace,
  release,
});

export const slotsOfRelease = (target: Target, name: ReleaseName): readonly string[] => [
  slotOf(chartKey(target, name)),
  slotOf(valuesKey(target, name)),
];

export const nameOfRelease = ({ namespace, release }: ReleaseName): string => `${namespace}/${release}`;

/** As for uploads: what the target may fill. */
export const namespaceRefused = (target: Target, { namespace }: ReleaseName): Reason | undefined =>
  target.namespaces.includes(namespace)
    ? undefined
    : reason('key-namespace', { namespace, target: target.name, allowed: target.namespaces.join(', ') });

export interface NamedChart {
  readonly name: string;
  readonly version: string;
}

/** What a Chart.yaml of Git says; undefined where it does not. */
export function chartIn(text: string): NamedChart | undefined {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  const value = parsed.kind === 'parsed' ? parsed.documents[0]?.value : undefined;
  return isJsonObject(value) && typeof value.name === 'string' && typeof value.version === 'string'
    ? { name: value.name, version: value.version }
    : undefined;
}

export const formatChart = ({ name, version }: NamedChart): string => `${name} ${version}`;
