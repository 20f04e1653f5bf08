import { configSchema } from '../../lib/config/config.ts';
import { list } from '../../lib/desired/json-reading.ts';
import { isJsonObject, type Json, type JsonObject, partOf } from '../../lib/objects/objects.ts';

/**
 * What TypeScript is told of the published construct. Written out of the schema of the configuration, so that whoever
 * uses it needs neither our sources nor the validator that they are written with.
 */
export const declarations = (): string => `import type { Environment, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** The configuration of an installation: docs/configuration.md, beside this package's README, describes each entry. */
export interface FairleadConfig ${typeOf(configSchema() as JsonObject)}

export interface FairleadProps extends FairleadConfig {
  /** Account and region, if not those of who deploys. */
  readonly env?: Environment | undefined;
}

/**
 * An installation of Fairlead: four stacks by lifecycle. What is kept, what is known of each target, what runs, and
 * what makes targets be checked. Throws ConfigError, naming everything that is wrong with the configuration.
 */
export declare class Fairlead extends Construct {
  readonly state: Stack;
  readonly targets: Stack;
  readonly run: Stack;
  readonly checks: Stack;
  constructor(scope: Construct, id: string, props: FairleadProps);
}

/** Gives the editor its types, where the configuration has a file of its own, and changes nothing. */
export declare function defineConfig(config: FairleadConfig): FairleadConfig;

export declare class ConfigError extends Error {
  readonly problems: readonly string[];
}
`;

/** A JSON Schema as TypeScript. What only the validator can say (a pattern, a length) is left to it. */
function typeOf(schema: Json | undefined, indent = ''): string {
  if (!isJsonObject(schema)) return 'unknown';
  const choices = [...list(schema.anyOf), ...list(schema.oneOf)];
  if (choices.length > 0) return [...new Set(choices.map((each) => typeOf(each, indent)))].join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return list(schema.enum)
      .map((each) => JSON.stringify(each))
      .join(' | ');
  switch (schema.type) {
    case 'array':
      return `(${typeOf(schema.items, indent)})[]`;
    case 'object':
      return objectOf(schema, indent);
    case 'integer':
      return 'number';
    case 'string':
    case 'number':
    case 'boolean':
      return schema.type;
    default:
      return 'unknown';
  }
}

function objectOf(schema: JsonObject, indent: string): string {
  const properties = Object.entries(partOf(schema.properties));
  if (properties.length === 0) return `Record<string, ${typeOf(schema.additionalProperties, indent)}>`;
  const required = list(schema.required);
  const inner = `${indent}  `;
  const lines = properties.map(([name, each]) =>
    required.includes(name)
      ? `${inner}${name}: ${typeOf(each, inner)};`
      : `${inner}${name}?: ${typeOf(each, inner)} | undefined;`,
  );
  return ['{', ...lines, `${indent}}`].join('\n');
}
