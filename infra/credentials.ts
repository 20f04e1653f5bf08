import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Credential } from '../lib/config/config.ts';
import type { FairleadFunction } from './function.ts';

/** Lets a function read these secrets and no other. */
export function readsCredentials(reader: FairleadFunction, credentials: readonly Credential[]): void {
  const secrets = credentials.flatMap((credential) =>
    credential.kind === 'token' ? [credential.secret] : [],
  );
  if (secrets.length === 0) return;
  reader.allow({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [...new Set(secrets)].sort().map((secret) => arnOf(reader, secret)),
    because: 'Secrets Manager ends the ARN of a named secret with six characters of its own',
  });
}

const arnOf = (scope: FairleadFunction, secret: string): string =>
  secret.startsWith('arn:')
    ? secret
    : Stack.of(scope).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${secret}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
