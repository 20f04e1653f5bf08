import { readChartFile } from './chart-file.ts';
import { readManifest } from './manifest-file.ts';
import { readManifests, readOutput } from './output.ts';
import { readValues } from './values-file.ts';
import { validateValues } from './values-schema.ts';

/** What runs in the worker (limited.ts): pure functions of plain data. */
export const tasks = {
  readChartFile,
  readValues,
  readManifest,
  readManifests,
  readOutput,
  validateValues,
} as const;

export type TaskName = keyof typeof tasks;
export type TaskOf<Name extends TaskName> = (typeof tasks)[Name];
