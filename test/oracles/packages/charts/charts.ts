import type { ChartPackage } from '../package.ts';
import { RANDOM_CHARTS } from './random.ts';
import { RELEASE_CHARTS } from './release.ts';

/** All of them. */
export const CHARTS: readonly ChartPackage[] = [...RANDOM_CHARTS, ...RELEASE_CHARTS];
