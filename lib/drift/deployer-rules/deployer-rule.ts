import type { Json, JsonObject, KubernetesObject } from '../../objects/objects.ts';
import { isJsonObject } from '../../objects/objects.ts';
import type { Reach } from './reach.ts';

/** What a deployer was told to leave alone: a difference there is a note. Only what Git declares counts. */
export interface DeployerRule {
  selects(object: KubernetesObject): boolean;
  readonly places: readonly Reach[];
  /** Differences that one of these field managers owns. */
  readonly managers: readonly string[];
  /** Where it is written: `HelmRelease.spec.driftDetection.ignore[0]`. */
  readonly from: string;
  /** Parts of it that are not understood, and ignore nothing. */
  readonly unread: readonly string[];
}

export const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

export const stringsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
