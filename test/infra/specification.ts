import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';

/**
 * CloudFormation's own resource specification, as `cdk diff` reads it: the database that comes with the CDK CLI.
 * Read once a process.
 */
const resource = z.object({
  cloudFormationType: z.string(),
  primaryIdentifier: z.array(z.string()).default([]),
  properties: z.record(
    z.string(),
    z.object({ causesReplacement: z.enum(['yes', 'no', 'maybe']).default('no') }),
  ),
});
const database = z.object({ schema: z.object({ resource: z.object({ entities: z.array(resource) }) }) });

export type Specification = z.output<typeof resource>;

let read: ReadonlyMap<string, Specification> | undefined;

/** @throws if CloudFormation knows no such type, as far as the CDK CLI has heard */
export function specificationOf(type: string): Specification {
  read ??= new Map(all().map((each) => [each.cloudFormationType, each]));
  const found = read.get(type);
  if (found === undefined) throw new Error(`no specification of ${type}`);
  return found;
}

function all(): readonly Specification[] {
  const cli = createRequire(import.meta.url).resolve('aws-cdk/package.json');
  const text = gunzipSync(readFileSync(join(dirname(cli), 'db.json.gz'))).toString('utf8');
  return database.parse(JSON.parse(text)).schema.resource.entities;
}
