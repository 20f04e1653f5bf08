import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export interface Secrets {
  /** The secret's string. @throws if it cannot be read; the error never holds the value */
  read(id: string): Promise<string>;
}

export function secretsManager(client: SecretsManagerClient): Secrets {
  return {
    async read(id) {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
      if (SecretString === undefined) throw new Error(`secret ${id} holds no string`);
      return SecretString;
    },
  };
}
