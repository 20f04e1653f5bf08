import { archives } from './archives.ts';
import { boundary } from './boundary.ts';
import type { HostileCase } from './case.ts';
import { chartFiles } from './chart-files.ts';
import { excused } from './excused.ts';
import { keys } from './keys.ts';
import { names } from './names.ts';
import { schemas } from './schemas.ts';
import { secrets } from './secrets.ts';
import { templates } from './templates.ts';
import { yaml } from './yaml.ts';

export const CASES: readonly HostileCase[] = [
  ...archives,
  ...names,
  ...chartFiles,
  ...yaml,
  ...schemas,
  ...templates,
  ...excused,
  ...boundary,
  ...secrets,
  ...keys,
];
