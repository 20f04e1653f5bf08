import { defineConfig } from './lib/config/config.ts';

/**
 * An example installation: put your own repository, targets and audiences here, then `npx cdk deploy --all`.
 * docs/configuration.md describes every entry; your editor knows them too.
 */
export default defineConfig({
  installation: 'fairlead',
  repositories: [
    {
      name: 'cluster',
      url: 'https://git.example.com/platform/cluster.git',
      // Two secrets in Secrets Manager, each with a token as its string: one may write, the other only read.
      credential: { kind: 'token', secret: 'fairlead/cluster/write' },
      readCredential: { kind: 'token', secret: 'fairlead/cluster/read' },
    },
  ],
  targets: [
    {
      name: 'staging',
      repository: 'cluster',
      deployer: 'flux',
      cluster: { kind: 'eks', name: 'staging', region: 'eu-central-1' },
      namespaces: ['shop'],
    },
  ],
  audiences: [
    { name: 'platform', form: 'email', address: 'platform@example.com' },
    {
      name: 'on-call',
      form: 'pager',
      address: 'https://pager.example.com/integration/cloudwatch',
      severities: ['critical'],
    },
  ],
});
