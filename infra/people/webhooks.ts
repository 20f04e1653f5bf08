import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { Config } from '../../lib/config/config.ts';
import { fromWebhookParameters, toWebhookParameters, webhooksPath } from '../../lib/config/parameters.ts';
import { readsSecrets } from '../run/credentials.ts';
import type { FairleadFunction } from '../run/function.ts';

/** What is posted where, as parameters that one function reads, with the secrets that sign it. */
export class Webhooks extends Construct {
  private readonly path: string;
  private readonly parameters: ReadonlyMap<string, string>;

  constructor(scope: Construct, id: string, config: Pick<Config, 'installation' | 'audiences'>) {
    super(scope, id);
    this.path = webhooksPath(config.installation);
    this.parameters = toWebhookParameters(config);
    for (const [name, value] of this.parameters)
      new StringParameter(this, name, { parameterName: `${this.path}/${name}`, stringValue: value });
  }

  postedBy(teller: FairleadFunction): void {
    if (this.parameters.size === 0) return;
    teller.knows('webhooksPath', this.path);
    // A warm function is made anew with them.
    teller.knows(
      'configHash',
      createHash('sha256')
        .update(JSON.stringify([...this.parameters]))
        .digest('hex')
        .slice(0, 16),
    );
    teller.allow({
      actions: ['ssm:GetParametersByPath'],
      resources: [
        Stack.of(this).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: this.path.slice(1),
        }),
      ],
    });
    readsSecrets(
      teller,
      fromWebhookParameters(this.parameters, this.path).map(({ secret }) => secret),
    );
  }
}
