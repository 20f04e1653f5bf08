import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ChartSource } from '../../lib/config/chart-sources.ts';
import type { Credential, Repository, Target } from '../../lib/config/config.ts';
import type { GitNetworkSettings } from '../../lib/config/git-network.ts';
import { placeOf } from '../../lib/config/repository-url.ts';
import { CODECOMMIT_ACTIONS } from '../../lib/proposals/codecommit-actions.ts';
import type { FairleadFunction } from './function.ts';

/** Lets a function write to these repositories and sign commits for them, with these secrets and no other. */
export function writesRepositories(writer: FairleadFunction, repositories: readonly Repository[]): void {
  const signing = repositories.flatMap(({ signing }) => (signing === undefined ? [] : [signing.secret]));
  readsSecrets(writer, [...repositories.flatMap(({ credential }) => secretsOf(credential)), ...signing]);
  reachesCodeCommit(
    writer,
    repositories.filter(({ credential }) => credential.kind === 'codecommit'),
    ['codecommit:GitPull', 'codecommit:GitPush'],
  );
}

/** Lets a function open pull requests where a target is delivered by them: no merging, no approving. */
export function proposesTo(
  writer: FairleadFunction,
  repositories: readonly Repository[],
  targets: readonly Target[],
): void {
  const proposing = targets.flatMap(({ delivery, repository }) =>
    delivery.kind === 'pull-request' ? [{ delivery, repository }] : [],
  );
  readsSecrets(
    writer,
    proposing.flatMap(({ delivery }) =>
      delivery.apiCredential === undefined ? [] : [delivery.apiCredential.secret],
    ),
  );
  const inCodeCommit = new Set(
    proposing.flatMap(({ delivery, repository }) =>
      delivery.host.kind === 'codecommit' ? [repository] : [],
    ),
  );
  reachesCodeCommit(
    writer,
    repositories.filter(({ name }) => inCodeCommit.has(name)),
    CODECOMMIT_ACTIONS,
  );
}

/** Lets a function read these repositories and sources of charts, with what cannot write. */
export function readsRepositories(
  reader: FairleadFunction,
  repositories: readonly Repository[],
  chartSources: readonly ChartSource[],
): void {
  readsSecrets(reader, [
    ...repositories.flatMap(({ readCredential }) => secretsOf(readCredential)),
    ...chartSources.flatMap(({ credential }) => (credential === undefined ? [] : [credential.secret])),
  ]);
  reachesCodeCommit(
    reader,
    repositories.filter(({ readCredential }) => readCredential.kind === 'codecommit'),
    ['codecommit:GitPull'],
  );
}

function secretsOf(credential: Credential): readonly string[] {
  switch (credential.kind) {
    case 'none':
    case 'codecommit':
      return [];
    case 'token':
    case 'github-app':
    case 'ssh':
      return [credential.secret];
  }
}

/** The certificates of the organisation's own authorities, which are no secret but lie where secrets do. */
export function trustsOwnAuthorities(
  caller: FairleadFunction,
  network: GitNetworkSettings | undefined,
): void {
  if (network?.caBundle !== undefined) readsSecrets(caller, [network.caBundle.secret]);
}

/** These secrets, and no other. */
export function readsSecrets(reader: FairleadFunction, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  reader.allow({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [...new Set(secrets)].sort().map((secret) => secretArn(reader, secret)),
    because: 'Secrets Manager ends the ARN of a named secret with six characters of its own',
  });
}

const secretArn = (scope: FairleadFunction, secret: string): string =>
  secret.startsWith('arn:')
    ? secret
    : Stack.of(scope).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${secret}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });

/** The repositories of this account, by name: no other, and nothing but Git's own calls. */
function reachesCodeCommit(
  caller: FairleadFunction,
  repositories: readonly Repository[],
  actions: readonly string[],
): void {
  const arns = repositories.flatMap(({ url }) => {
    const place = placeOf(url);
    if (place?.kind !== 'codecommit') return [];
    const { region, name: resource } = place;
    return [Stack.of(caller).formatArn({ service: 'codecommit', region, resource })];
  });
  if (arns.length > 0) caller.allow({ actions, resources: [...new Set(arns)].sort() });
}
