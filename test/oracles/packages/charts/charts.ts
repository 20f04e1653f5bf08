import type { ChartPackage } from '../package.ts';
import { createdChart } from './created.ts';
import { KIND_CHARTS } from './kinds.ts';
import { PART_CHARTS } from './parts.ts';
import { RANDOM_CHARTS } from './random.ts';
import { RELEASE_CHARTS } from './release.ts';
import { WORKLOAD_CHARTS } from './workloads.ts';

/** All of them. */
export const packages = async (): Promise<readonly ChartPackage[]> => [
  await createdChart(),
  ...RANDOM_CHARTS,
  ...RELEASE_CHARTS,
  ...WORKLOAD_CHARTS,
  ...PART_CHARTS,
  ...KIND_CHARTS,
];
