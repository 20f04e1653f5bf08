import { createHash } from 'node:crypto';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import {
  ManagedPolicy,
  OidcProviderNative,
  PolicyStatement,
  Role,
  WebIdentityPrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type Config, ConfigError, type Target } from '../../lib/config/config.ts';
import { type GithubSource, subjectOf } from '../../lib/config/uploaders.ts';
import { throughService } from '../customer-key.ts';
import { acknowledgeWildcard } from '../review/acknowledge.ts';
import type { Uploads } from '../state/upload.ts';
import { admitByBucketPolicy } from './bucket-policy.ts';
import { knowsOutcome, type OutcomeSettings } from './outcome.ts';

const ISSUER = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';

/**
 * What an upload takes: one request, or in parts (the AWS CLI's way from 8 MiB on), and its outcome read from the tags.
 * Not `s3:PutObjectTagging`: a tag is an outcome, and that is Fairlead's to say.
 */
const UPLOAD = [
  's3:PutObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
  's3:GetObjectTagging',
  's3:GetObjectVersionTagging',
];

/** The name of a role ends at 64 characters; a region's has up to 14, and a hyphen before it. */
const ROLE_NAME_BEFORE_REGION = 64 - 15;
/** Of a role's trust policy, unless the account's quota was raised (IAM guide, "IAM and AWS STS quotas"). */
const TRUST_POLICY_CHARACTERS = 2048;

export interface UploadersSettings extends OutcomeSettings, Pick<Config, 'targets'> {
  readonly uploads: Uploads;
  /** ARN of the account's provider for GitHub's tokens, where there is one. */
  readonly oidcProvider: string | undefined;
}

/**
 * Who may upload to which target: for each target a managed policy to attach to roles of this account, a role that
 * the jobs of its repositories assume, and a statement of the bucket's policy for principals that are named by ARN.
 */
export class Uploaders extends Construct {
  private readonly settings: UploadersSettings;

  /** @throws ConfigError naming all that IAM or S3 would not take */
  constructor(scope: Construct, id: string, settings: UploadersSettings) {
    super(scope, id);
    this.settings = settings;
    const targets = settings.targets.filter(({ driftOnly }) => !driftOnly);
    const ofGithub = targets.filter(({ uploaders }) => (uploaders?.github.length ?? 0) > 0);
    const provider = ofGithub.length === 0 ? undefined : this.provider();
    const problems: string[] = [];

    for (const target of targets) {
      const policy = this.policyOf(target);
      const sources = target.uploaders?.github ?? [];
      if (provider === undefined || sources.length === 0) continue;
      const characters = this.roleOf(target, sources, provider, policy);
      if (characters > TRUST_POLICY_CHARACTERS)
        problems.push(
          `target "${target.name}": the trust policy of its role has ${characters} characters, of ${TRUST_POLICY_CHARACTERS}: name fewer of uploaders.github, or one environment for several refs`,
        );
    }
    const named = targets.filter(({ uploaders }) => (uploaders?.arns.length ?? 0) > 0);
    problems.push(...this.admit(named));
    if (problems.length > 0) throw new ConfigError(problems, 'fairlead.config.ts');
  }

  private policyOf({ name }: Target): ManagedPolicy {
    const { installation } = this.settings;
    const { region } = Stack.of(this);
    const policy = new ManagedPolicy(this, `Policy-${name}`, {
      // By a name that stays, so that permission sets and other stacks may attach it.
      managedPolicyName: `${installation}-upload-${name}-${region}`,
      description: `Uploads to ${name} of Fairlead ${installation}, and knows how they end`,
      statements: [this.uploads(name), ...this.usesKey(), ...this.knowsOutcome(name)],
    });
    acknowledgeWildcard(
      policy,
      this.below(name),
      'Every key of this target begins with its name: nothing outside of it',
    );
    return policy;
  }

  private below(target: string): string {
    return `${this.settings.uploads.arn}/${target}/*`;
  }

  private uploads(target: string): PolicyStatement {
    return new PolicyStatement({ sid: 'Upload', actions: UPLOAD, resources: [this.below(target)] });
  }

  /** An upload in parts is decrypted and encrypted when they are put together (S3 guide, "Multipart upload"). */
  private usesKey(): PolicyStatement[] {
    const { key } = this.settings;
    if (key === undefined) return [];
    return [
      new PolicyStatement({
        sid: 'Key',
        actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
        resources: [key],
        conditions: throughService(this, 's3'),
      }),
    ];
  }

  /** What `--installation` and `--wait` ask for (docs/uploading.md, "What one has to be allowed"). */
  private knowsOutcome(target: string): PolicyStatement[] {
    return knowsOutcome(this, this.settings, [
      `upload#${target}/*`,
      ...[`target#${target}`, `incident#${target}`],
    ]);
  }

  /** GitHub's, of which an account has one. */
  private provider(): { readonly arn: string; readonly issuer: string } {
    const { oidcProvider } = this.settings;
    if (oidcProvider !== undefined)
      return { arn: oidcProvider, issuer: oidcProvider.slice(oidcProvider.indexOf('/') + 1) };
    const made = new OidcProviderNative(this, 'Provider', {
      url: `https://${ISSUER}`,
      clientIds: [AUDIENCE],
    });
    return { arn: made.oidcProviderArn, issuer: ISSUER };
  }

  /** @returns how many characters its trust policy has, at most */
  private roleOf(
    { name }: Target,
    sources: readonly GithubSource[],
    { arn, issuer }: { readonly arn: string; readonly issuer: string },
    policy: ManagedPolicy,
  ): number {
    const { installation } = this.settings;
    const { region } = Stack.of(this);
    const conditions = {
      StringEquals: {
        [`${issuer}:aud`]: AUDIENCE,
        [`${issuer}:sub`]: [...new Set(sources.map(subjectOf))].sort(),
      },
    };
    const role = new Role(this, `Role-${name}`, {
      roleName: `${shortened(`${installation}-upload-${name}`)}-${region}`,
      description: `Jobs of GitHub Actions that upload to ${name}`,
      assumedBy: new WebIdentityPrincipal(arn, conditions),
      managedPolicies: [policy],
    });
    new CfnOutput(this, `Uploader-${name}`, {
      description: `role-to-assume of jobs that upload to ${name}`,
      value: role.roleArn,
    });
    return JSON.stringify(conditions).length + TRUST_POLICY_AROUND_CONDITIONS;
  }

  private admit(targets: readonly Target[]): readonly string[] {
    const { uploads, installation } = this.settings;
    const named = targets.map(({ name, uploaders }) => ({
      target: name,
      arns: uploaders?.arns ?? [],
      prefix: name,
    }));
    return admitByBucketPolicy(uploads, named, {
      actions: UPLOAD,
      entry: 'uploaders.arns',
      policyOf: (target) => `${installation}-upload-${target}`,
      page: 'docs/uploading.md',
    });
  }
}

/** Version, effect, action, the provider's ARN with the longest account and issuer. */
const TRUST_POLICY_AROUND_CONDITIONS = 300;

function shortened(name: string): string {
  if (name.length <= ROLE_NAME_BEFORE_REGION) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, ROLE_NAME_BEFORE_REGION - 9)}-${digest}`;
}
