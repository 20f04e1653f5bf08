import * as z from 'zod';
import { allowedRegistries } from './allowed-registries.ts';
import { argocdDestination } from './argocd-destination.ts';
import { audienceOf } from './audiences.ts';
import { aws } from './aws.ts';
import { backup } from './backup.ts';
import { bus } from './bus.ts';
import { chartSource } from './chart-sources.ts';
import { eksCluster } from './clusters.ts';
import { contradictions, type Problem } from './contradictions.ts';
import { author, credential, signing } from './credentials.ts';
import { delivery } from './delivery.ts';
import { entries } from './entries.ts';
import { gitImage } from './git-image.ts';
import { gitNetwork } from './git-network.ts';
import { mirrors } from './mirrors.ts';
import { operators } from './operators.ts';
import { publishers } from './publishers.ts';
import { placeOf, withScheme } from './repository-url.ts';
import { SEVERITY_RULES, severityRule } from './severity-rules.ts';
import { uploaders } from './uploaders.ts';

/**
 * The typed configuration of an installation: `fairlead.config.ts` for `cdk deploy`, the same schema for the local
 * installation. Every error is reported at once, with its path and what is allowed.
 */

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** A role's name ends at 64: this, the longest function's (20), the longest region's (14), and two hyphens. */
export const INSTALLATION_NAME_LENGTH = 28;
export const TARGET_NAME_LENGTH = 54;
export const NAMESPACE_LENGTH = 63;

const label = (maximum: number, what: string) =>
  z
    .string()
    .max(maximum, `${what} has at most ${maximum} characters`)
    .regex(
      DNS_LABEL,
      `${what} is lower-case letters, digits and inner hyphens (a DNS label), for example "staging"`,
    );

const RESERVED_NAMESPACES = ['manifests'];

const namespace = label(NAMESPACE_LENGTH, 'a namespace').refine(
  (name) => !RESERVED_NAMESPACES.includes(name),
  '"manifests" is reserved for manifest uploads and cannot be a namespace here',
);

const rootPath = z
  .string()
  .regex(
    /^(\.|(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*)$/,
    'a root is a relative path such as "fairlead/staging", without "." or ".." segments or a leading "/" ("." alone is the whole repository)',
  );

const repository = entries({
  /** How targets refer to it. */
  name: label(63, 'a repository name'),
  /** `git@host:path` is written `ssh://git@host/path` from here on. */
  url: z
    .string()
    .transform(withScheme)
    .refine(
      (url) => placeOf(url) !== undefined,
      'a repository URL is https:// (or http:// to this machine) without user or password, or ssh://git@HOST/PATH',
    ),
  /** Used by `deliver-uploads` alone. */
  credential: credential.default({ kind: 'none' }),
  /** Used by `read-desired`: read-only, and never the one that writes. */
  readCredential: credential.default({ kind: 'none' }),
  /** Hosts ask for few pushes; bursts gather meanwhile. Seconds. */
  minimumPushIntervalSeconds: z.number().min(0).max(600).default(0),
  /** Whom commits are by. */
  author: author.default({ name: 'Fairlead', email: 'fairlead@localhost' }),
  /** What `deliver-uploads` signs commits with. */
  signing: signing.optional(),
});

const cluster = z.discriminatedUnion('kind', [
  eksCluster,
  entries({
    /** The local installation and the CLI: any cluster that kubectl reaches. */
    kind: z.literal('kubeconfig'),
    path: z.string().min(1),
    context: z.string().min(1).optional(),
  }),
]);

const target = entries({
  name: label(TARGET_NAME_LENGTH, 'a target name'),
  repository: z.string().min(1),
  branch: z
    .string()
    .regex(/^(?!-)(?!.*(\.\.|@\{|\\))[A-Za-z0-9._/-]+$/, 'a branch name')
    .default('main'),
  /** Where it lies in the repository; default `fairlead/<target>`. `.` is the whole of it, with driftOnly. */
  root: rootPath.optional(),
  deployer: z.enum(['flux', 'argocd', 'none']),
  cluster: cluster.optional(),
  /** Namespaces that uploads may fill and charts may write to. */
  namespaces: z.array(namespace).min(1, 'name at least one namespace that uploads may fill'),
  /** Kinds allowed beyond the default policy, as `Kind` or `Kind.group`. */
  allowKinds: z.array(z.string()).default([]),
  allowPlainSecrets: z.boolean().default(false),
  mutableVersions: z.boolean().default(false),
  /** Who may sign packages: one of them has to, or the package is rejected. Absent: none need be signed. */
  publishers: publishers.optional(),
  /** Images only by their digest: a tag may be another image tomorrow. */
  requireImageDigest: z.boolean().default(false),
  /** Registries, or paths of theirs, that images may come from; absent: any. */
  allowedRegistries: allowedRegistries.optional(),
  /** For rendering before the first check has seen the cluster. */
  kubernetesVersion: z
    .string()
    .regex(/^1\.\d+(\.\d+)?$/, 'a Kubernetes version such as "1.35"')
    .default('1.35'),
  /** Minutes between scheduled checks. */
  checkEveryMinutes: z.number().positive().max(1440).default(15),
  /** Minutes from a new tip until what is not there yet counts as stalled. */
  rolloutDeadlineMinutes: z.number().positive().max(1440).default(15),
  /** What the first check of the target finds: one summary that pages nobody, or an alert each (docs/alerts.md). */
  firstCheck: z.enum(['observe', 'alert']).default('observe'),
  /** Hours after which people hear again of what is still open; 0: never. */
  remindAfterHours: z.number().min(0).max(720).default(24),
  /** Seconds from receipt after which a chart and values that fail together are rejected: the other half may come. */
  judgeAgainSeconds: z.number().min(0).max(3600).default(60),
  /** A target that Fairlead never writes to: its drift is checked, uploads to it are rejected. */
  driftOnly: z.boolean().default(false),
  /** How what is uploaded gets onto the branch: by a push, or by pull requests that somebody merges. */
  delivery: delivery.default({ kind: 'push' }),
  /** Who may upload to it: what `cdk deploy` sets up. Locally everybody on the machine may. */
  uploaders: uploaders.optional(),
  /** Who may take back, freeze, promote to it and remove from it: what `cdk deploy` sets up. Locally, as above. */
  operators: operators.optional(),
  /**
   * Who changed what, from the API server's audit log in CloudWatch Logs: `true` for the group that EKS writes to
   * (control-plane logging of type `audit` must be on), else a group of the same account and region as the cluster.
   */
  auditLog: z
    .union(
      [
        z.boolean(),
        entries({ logGroup: z.string().regex(/^[A-Za-z0-9_./#-]{1,512}$/, 'the name of a log group') }),
      ],
      'true, false, or {logGroup}',
    )
    .default(false),
  /** Where Argo CD runs, for targets with `deployer: 'argocd'`. */
  argocdNamespace: namespace.default('argocd'),
  /** What Argo CD calls the target's cluster, where that is not the one that it stands in. */
  argocdDestination: argocdDestination.optional(),
});

const audience = audienceOf(label(63, 'an audience name'));

const config = entries({
  /** Names everything that is provisioned; several installations live side by side in one account. */
  installation: label(INSTALLATION_NAME_LENGTH, 'an installation name')
    .refine((name) => !/^\d/.test(name), 'an installation name begins with a letter: stacks are called by it')
    .refine((name) => name !== 'default', '"default" is AWS\'s own event bus; choose another name')
    .default('fairlead'),
  production: z.boolean().default(false),
  /** What the organisation asks of what is provisioned, and what it brings. */
  aws: aws.prefault({}),
  repositories: z.array(repository).min(1, 'name at least one repository'),
  targets: z.array(target).min(1, 'name at least one target'),
  audiences: z.array(audience).default([]),
  /** Where machines hear of alerts. */
  bus: bus.prefault({}),
  /** How grave findings are here, where that is not what Fairlead says by itself. */
  severity: z
    .array(severityRule)
    .max(SEVERITY_RULES, `at most ${SEVERITY_RULES} entries of severity`)
    .default([]),
  /** Where charts may come from that lie in none of the repositories; from anywhere else none is fetched. */
  chartSources: z.array(chartSource).max(20, 'at most 20 chart sources').default([]),
  /** Where the container image of the functions that need git comes from. */
  gitImage: gitImage.default({ kind: 'docker' }),
  /** How the functions that speak to Git hosts get there: a VPC of yours, your own CAs, a proxy. */
  gitNetwork: gitNetwork.optional(),
  /** Where the base image, helm and kubectl come from, if not from their makers. */
  mirrors: mirrors.default({}),
  /** Whether repositories and table are backed up (docs/backup.md). */
  backup: backup.optional(),
});

export type ConfigInput = z.input<typeof config>;
export type Config = z.output<typeof config>;
export type Target = Config['targets'][number];
export type Repository = Config['repositories'][number];
export type Credential = Repository['credential'];
export type Signing = NonNullable<Repository['signing']>;
export type Author = Repository['author'];
export type ClusterAddress = NonNullable<Target['cluster']>;
export type Audience = Config['audiences'][number];
export type Deployer = Target['deployer'];
export type FirstCheck = Target['firstCheck'];

export type { Severity } from './audiences.ts';
export type { SeverityRule } from './severity-rules.ts';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[], source: string) {
    const count = problems.length === 1 ? 'one error' : `${problems.length} errors`;
    super(`${source} has ${count}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * The configuration with its defaults filled in.
 * @param source what to call it in errors, such as the file's name
 * @throws ConfigError with every problem: path, what is wrong, what is allowed
 */
export function parseConfig(input: unknown, source = 'the configuration'): Config {
  return parsed(input, source, contradictions(input));
}

/**
 * A part of a configuration that was found well as a whole: what it names and does not hold, such as the credential
 * that its URL needs, is somewhere else.
 * @throws ConfigError with every problem
 */
export const parsePart = (input: unknown, source: string): Config => parsed(input, source, []);

function parsed(input: unknown, source: string, contradicting: readonly Problem[]): Config {
  const result = config.safeParse(input, { error: missing });
  const shape = result.success ? [] : result.error.issues;
  const problems = [...shape, ...contradicting];
  if (result.success && problems.length === 0) return result.data;
  throw new ConfigError(
    problems.map(({ path, message }) => `${formatPath(path)}: ${message}`),
    source,
  );
}

/** What belongs where there is nothing; of anything else zod's own words are plain enough. */
function missing(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type' || issue.input !== undefined) return undefined;
  switch (issue.expected) {
    case 'array':
      return 'missing; give a list';
    case 'object':
    case 'record':
      return 'missing; give an object';
    default:
      return `missing; give a ${issue.expected}`;
  }
}

/** The configuration as it is written, as a JSON Schema (2020-12). */
export const configSchema = () => z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });

/** For `fairlead.config.ts`: gives the editor its types and changes nothing. */
export const defineConfig = (input: ConfigInput): ConfigInput => input;

const formatPath = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? '(the whole)'
    : path
        .map((part, index) =>
          typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`,
        )
        .join('');
