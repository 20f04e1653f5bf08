import type { Repository } from '../config/config.ts';
import type { Json } from '../objects/objects.ts';

/** How the deployer itself reads the repository. Its key is people's to make, and no secret of Fairlead's. */
export interface GitAccess {
  readonly url: string;
  /** What Flux's GitRepository says of it. */
  readonly source: Readonly<Record<string, Json>>;
  readonly about: readonly string[];
}

const GIT_SECRET = 'fairlead-git';

type Read = Pick<Repository, 'url' | 'readCredential'>;

const secretRef = { secretRef: { name: GIT_SECRET } };

/** A repository that Fairlead itself reads without a credential needs none for Flux either. */
export function fluxAccess({ url, readCredential }: Read, namespace: string): GitAccess {
  const about = (...lines: string[]) => ['', ...lines];
  const create = `kubectl -n ${namespace} create secret generic ${GIT_SECRET}`;
  switch (readCredential.kind) {
    case 'none':
      return { url, source: {}, about: [] };
    case 'token':
      return {
        url,
        source: secretRef,
        about: about(
          'Its key, the only Secret of this namespace: a token that may read, and cannot write. From a file, so that',
          'it is in no command line:',
          `  ${create} --from-literal=username=${quoted(readCredential.username)} --from-file=password=TOKEN-FILE`,
          'The file is the token alone, without a line break at its end.',
        ),
      };
    case 'github-app':
      return {
        url,
        source: { provider: 'github', ...secretRef },
        about: about(
          'Its key, the only Secret of this namespace: that of a GitHub App that may read contents, and cannot write:',
          `  ${create} --from-literal=githubAppID=${quoted(readCredential.appId)} \\`,
          `    --from-literal=githubAppInstallationID=${readCredential.installationId} --from-file=githubAppPrivateKey=KEY.pem`,
        ),
      };
    case 'ssh':
      return {
        url,
        source: secretRef,
        about: about(
          "Its key, the only Secret of this namespace: a deploy key of its own that cannot write, and the host's keys:",
          '  ssh-keygen -t ed25519 -N "" -C flux -f identity',
          `  ${create} --from-file=identity --from-file=identity.pub --from-file=known_hosts`,
          `known_hosts has these lines, as your configuration pins them:`,
          ...readCredential.hostKeys.map((key) => `  ${hostOf(url)} ${key}`),
        ),
      };
    case 'codecommit':
      return {
        url,
        source: { provider: 'aws' },
        about: about(
          'CodeCommit: source-controller reads it with the AWS role of its own ServiceAccount (EKS Pod Identity or IRSA),',
          'which needs codecommit:GitPull on the repository.',
        ),
      };
  }
}

/** What Argo CD needs to know of the repository, as text: its own namespace holds the Secret. */
export function argocdAccess({ url, readCredential }: Read, namespace: string): readonly string[] {
  if (readCredential.kind === 'none') return [];
  const secret = `${GIT_SECRET}-repository`;
  const fields = argocdFields(readCredential);
  return [
    '',
    'Its key is a Secret beside it, which only reads the repository:',
    `  kubectl -n ${namespace} create secret generic ${secret} --from-literal=type=git \\`,
    `    --from-literal=url=${quoted(url)} ${fields}`,
    `  kubectl -n ${namespace} label secret ${secret} argocd.argoproj.io/secret-type=repository`,
    ...(readCredential.kind === 'ssh'
      ? [
          'The keys of the host belong into the ConfigMap argocd-ssh-known-hosts-cm:',
          ...readCredential.hostKeys.map((key) => `  ${hostOf(url)} ${key}`),
        ]
      : []),
  ];
}

function argocdFields(credential: Exclude<Repository['readCredential'], { kind: 'none' }>): string {
  switch (credential.kind) {
    case 'token':
      return `--from-literal=username=${quoted(credential.username)} --from-file=password=TOKEN-FILE`;
    case 'github-app':
      return (
        `--from-literal=githubAppID=${quoted(credential.appId)} ` +
        `--from-literal=githubAppInstallationID=${credential.installationId} --from-file=githubAppPrivateKey=KEY.pem`
      );
    case 'ssh':
      return '--from-file=sshPrivateKey=identity';
    case 'codecommit':
      return '--from-file=username=USER-FILE --from-file=password=PASSWORD-FILE  # HTTPS Git credentials of an IAM user';
  }
}

const hostOf = (url: string): string => {
  const { hostname, port } = new URL(url);
  return port === '' ? hostname : `[${hostname}]:${port}`;
};

/** POSIX quoting: the text and nothing else. */
const quoted = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
