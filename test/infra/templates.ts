import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import * as z from 'zod';
import example from '../../fairlead.config.ts';
import { Fairlead } from '../../infra/fairlead.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';

const template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      Condition: z.string().optional(),
    }),
  ),
  Conditions: z
    .record(z.string(), z.object({ 'Fn::Equals': z.tuple([z.unknown(), z.unknown()]) }))
    .default({}),
  Outputs: z
    .record(z.string(), z.looseObject({ Export: z.object({ Name: z.string() }).optional() }))
    .default({}),
  Parameters: z.record(z.string(), z.unknown()).default({}),
});
export type TemplateOf = z.output<typeof template>;
export type Resource = TemplateOf['Resources'][string];

export const STACKS = ['state', 'targets', 'run', 'checks'] as const;
export type StackName = (typeof STACKS)[number];
/** In the order in which they are deployed. */
export type Templates = Readonly<Record<StackName, TemplateOf>>;

export const IMAGE = join(import.meta.dirname, '..', '..', 'infra', 'image');

export const EXAMPLE: ConfigInput = example;

/** The templates of the example with `changes`, each as its text: without a look at them by cdk-nag, which takes long. */
export function written(changes: Partial<ConfigInput> = {}): Readonly<Record<StackName, string>> {
  const outdir = mkdtempSync(join(tmpdir(), 'fairlead-synth-'));
  try {
    const app = new App({ outdir });
    const fairlead = new Fairlead(app, 'Fairlead', {
      config: parseConfig({ ...example, ...changes }),
      packages: { zip: () => Code.fromInline('export const handler = () => undefined;'), imageFolder: IMAGE },
    });
    app.synth();
    const text = (stack: StackName) => readFileSync(join(outdir, fairlead[stack].templateFile), 'utf8');
    return { state: text('state'), targets: text('targets'), run: text('run'), checks: text('checks') };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Where all of this is deployed: a resource whose condition names another region is not there. */
const REGION = 'eu-central-1';

export function templates(changes: Partial<ConfigInput> = {}): Templates {
  const texts = written(changes);
  const parsed = (stack: StackName): TemplateOf => {
    const { Resources, ...rest } = template.parse(JSON.parse(texts[stack]));
    const isThere = ({ Condition }: Resource): boolean =>
      Condition === undefined || rest.Conditions[Condition]?.['Fn::Equals'].includes(REGION) === true;
    return {
      ...rest,
      Resources: Object.fromEntries(Object.entries(Resources).filter(([, each]) => isThere(each))),
    };
  };
  return { state: parsed('state'), targets: parsed('targets'), run: parsed('run'), checks: parsed('checks') };
}

export const resourcesIn = (all: Templates): readonly (readonly [StackName, string, Resource])[] =>
  STACKS.flatMap((stack) =>
    Object.entries(all[stack].Resources).map(([id, resource]) => [stack, id, resource] as const),
  );
