import { checkApply } from '../judge/applied-objects.ts';
import { validateValues } from '../judge/values-schema.ts';
import { readChartFile } from '../package/chart-file.ts';
import { readManifests, readOutput } from '../render/output.ts';
import { readChartIndex } from './chart-index.ts';
import { readManifest } from './manifest-file.ts';
import { locateValues, readValues } from './values-file.ts';

/** What runs in the worker (limited.ts): pure functions of plain data. */
export const tasks = {
  readChartFile,
  readChartIndex,
  readValues,
  readManifest,
  readManifests,
  readOutput,
  validateValues,
  checkApply,
  locateValues,
} as const;

export type TaskName = keyof typeof tasks;
export type TaskOf<Name extends TaskName> = (typeof tasks)[Name];
