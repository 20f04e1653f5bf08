import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type Config, ConfigError } from '../../lib/config/config.ts';
import { configPath, toParameters } from '../../lib/config/parameters.ts';
import type { FairleadFunction } from '../run/function.ts';

/** What a standard SSM parameter holds. */
const PARAMETER_BYTES = 4096;

/** The typed configuration as parameters, one a target: a function's environment is too small for it. */
export class Configuration extends Construct {
  private readonly path: string;
  private readonly hash: string;

  /** @throws ConfigError if an entry is larger than a parameter */
  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    this.path = configPath(config.installation);
    const parameters = toParameters(config);
    this.hash = createHash('sha256')
      .update(JSON.stringify([...parameters]))
      .digest('hex')
      .slice(0, 16);

    const tooLarge = [...parameters].filter(([, value]) => Buffer.byteLength(value) > PARAMETER_BYTES);
    if (tooLarge.length > 0) {
      throw new ConfigError(
        tooLarge.map(
          ([name, value]) =>
            `${name}: ${Buffer.byteLength(value)} bytes as JSON; a parameter holds ${PARAMETER_BYTES}. Shorten its lists, or split the target`,
        ),
        'fairlead.config.ts',
      );
    }
    for (const [name, value] of parameters) {
      new StringParameter(this, name, { parameterName: `${this.path}/${name}`, stringValue: value });
    }
  }

  readBy(reader: FairleadFunction): void {
    reader.knows('configPath', this.path);
    reader.knows('configHash', this.hash);
    reader.allow({
      actions: ['ssm:GetParametersByPath'],
      resources: [
        Stack.of(this).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: this.path.slice(1),
        }),
      ],
    });
  }
}
