import type { SecretMarks } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import type { Config, Credential } from '../config/config.ts';
import { type Diagnosis, judged, ok, warning, wrong } from './diagnosis.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Tokens of GitHub and GitLab live for at most a year: what was not changed for longer has ended, or will. */
const OLD_DAYS = 330;

export interface NamedSecret {
  /** Name or ARN. */
  readonly id: string;
  readonly usedFor: string;
  /** Whether what is in it ends by itself at the host. */
  readonly lifetime: 'ends' | 'stays';
}

/** Every secret that the configuration names, each once. */
export function secretsOf(config: Config): readonly NamedSecret[] {
  const of = (credential: Credential, usedFor: string): NamedSecret[] => {
    switch (credential.kind) {
      case 'none':
      case 'codecommit':
        return [];
      case 'token':
        return [{ id: credential.secret, usedFor, lifetime: 'ends' }];
      case 'github-app':
      case 'ssh':
        return [{ id: credential.secret, usedFor, lifetime: 'stays' }];
    }
  };
  const all = [
    ...config.repositories.flatMap(({ name, credential, readCredential, signing }) => [
      ...of(credential, `writes to ${name}`),
      ...of(readCredential, `reads ${name}`),
      ...(signing === undefined
        ? []
        : [{ id: signing.secret, usedFor: `signs commits to ${name}`, lifetime: 'stays' as const }]),
    ]),
    ...config.targets.flatMap(({ name, delivery }) =>
      delivery.kind === 'pull-request' && delivery.apiCredential !== undefined
        ? [
            {
              id: delivery.apiCredential.secret,
              usedFor: `pull requests of ${name}`,
              lifetime: 'ends' as const,
            },
          ]
        : [],
    ),
    ...config.chartSources.flatMap(({ url, credential }) =>
      credential === undefined
        ? []
        : [{ id: credential.secret, usedFor: `charts of ${url}`, lifetime: 'ends' as const }],
    ),
    ...config.audiences.flatMap((audience) =>
      audience.form === 'webhook'
        ? [{ id: audience.secret, usedFor: `signs for ${audience.name}`, lifetime: 'stays' as const }]
        : [],
    ),
  ];
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

/** Whether it is there. Its value is not asked for. */
export function judgeSecret(
  { id, usedFor, lifetime }: NamedSecret,
  read: Read<SecretMarks>,
  now: Date,
): readonly Diagnosis[] {
  const where = `secret ${id} (${usedFor})`;
  const isArn = id.startsWith('arn:');
  return judged(
    where,
    read,
    ({ changedAt, state }) => {
      if (state === 'being-deleted')
        return [
          wrong(where, 'it is marked for deletion', `aws secretsmanager restore-secret --secret-id ${id}`),
        ];
      const days = changedAt === undefined ? 0 : Math.floor((now.getTime() - changedAt.getTime()) / DAY_MS);
      if (lifetime === 'ends' && days >= OLD_DAYS)
        return [
          warning(
            where,
            `what is in it was not changed for ${days} days; hosts end tokens after a year at the latest`,
            `aws secretsmanager put-secret-value --secret-id ${id} --secret-string file://TOKEN-FILE`,
          ),
        ];
      return [ok(where, changedAt === undefined ? 'it is there' : `it is there, changed ${days} days ago`)];
    },
    () => [
      wrong(
        where,
        'there is no such secret in this account and region',
        isArn
          ? `Correct the ARN, or use the name: it must be in the region of the stacks`
          : `aws secretsmanager create-secret --name ${id} --secret-string file://TOKEN-FILE`,
      ),
    ],
  );
}
