import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type Config, ConfigError, type Target } from '../../lib/config/config.ts';
import { COMMANDS } from '../../lib/uploads/record/keys.ts';
import { throughService } from '../customer-key.ts';
import { acknowledgeWildcard } from '../review/acknowledge.ts';
import type { Uploads } from '../state/upload.ts';
import { admitByBucketPolicy } from './bucket-policy.ts';
import { knowsOutcome, type OutcomeSettings } from './outcome.ts';

/** What a command takes: one object, in one request, and its outcome read from the tags. Nobody reads one back. */
const COMMAND = ['s3:PutObject', 's3:GetObjectTagging', 's3:GetObjectVersionTagging'];

export interface OperatorsSettings extends OutcomeSettings, Pick<Config, 'targets'> {
  readonly uploads: Uploads;
}

/**
 * Who may give commands (take back, freeze, promote, remove): a managed policy for all targets, one for each target
 * that has `operators`, and a statement of the bucket's policy for those whom it names by ARN. Who a command is of,
 * receive-upload asks AWS by the proof in it; these rights say who may put one.
 */
export class Operators extends Construct {
  private readonly settings: OperatorsSettings;

  /** @throws ConfigError naming all that IAM or S3 would not take */
  constructor(scope: Construct, id: string, settings: OperatorsSettings) {
    super(scope, id);
    this.settings = settings;
    this.policyOfAll();
    const own = settings.targets.filter(({ driftOnly, operators }) => !driftOnly && operators !== undefined);
    for (const target of own) this.policyOf(target);
    const problems = this.admit(own.filter(({ operators }) => (operators?.arns.length ?? 0) > 0));
    if (problems.length > 0) throw new ConfigError(problems, 'fairlead.config.ts');
  }

  /** For the people who are called at night, whatever the target: it grows with none. */
  private policyOfAll(): void {
    const { installation, uploads } = this.settings;
    const below = `${uploads.arn}/${COMMANDS}/*`;
    const policy = new ManagedPolicy(this, 'Policy', {
      managedPolicyName: `${installation}-operate-${Stack.of(this).region}`,
      description: `Gives commands to every target of Fairlead ${installation}, and knows how they end`,
      statements: this.statements(below, [`upload#${COMMANDS}/*`, ...['target#*', 'incident#*', 'freeze#*']]),
    });
    acknowledgeWildcard(policy, below, 'Every command of every target lies here, and no upload does');
  }

  private policyOf({ name }: Target): void {
    const { installation, uploads } = this.settings;
    const below = `${uploads.arn}/${COMMANDS}/${name}/*`;
    const policy = new ManagedPolicy(this, `Policy-${name}`, {
      // By a name that stays, so that permission sets and other stacks may attach it.
      managedPolicyName: `${installation}-operate-${name}-${Stack.of(this).region}`,
      description: `Gives commands to ${name} of Fairlead ${installation}, and knows how they end`,
      statements: this.statements(below, [
        `upload#${COMMANDS}/${name}/*`,
        ...[`target#${name}`, `incident#${name}`, `freeze#${name}`],
      ]),
    });
    acknowledgeWildcard(policy, below, 'Every command of this target lies here, and nothing else does');
  }

  private statements(below: string, leadingKeys: readonly string[]): PolicyStatement[] {
    const { key } = this.settings;
    return [
      new PolicyStatement({ sid: 'Command', actions: COMMAND, resources: [below] }),
      ...(key === undefined
        ? []
        : [
            new PolicyStatement({
              sid: 'Key',
              actions: ['kms:GenerateDataKey'],
              resources: [key],
              conditions: throughService(this, 's3'),
            }),
          ]),
      ...knowsOutcome(this, this.settings, leadingKeys),
    ];
  }

  private admit(targets: readonly Target[]): readonly string[] {
    const { uploads, installation } = this.settings;
    const named = targets.map(({ name, operators }) => ({
      target: name,
      arns: operators?.arns ?? [],
      prefix: `${COMMANDS}/${name}`,
    }));
    return admitByBucketPolicy(uploads, named, {
      actions: COMMAND,
      entry: 'operators.arns',
      policyOf: (target) => `${installation}-operate-${target}`,
      page: 'docs/operations.md',
    });
  }
}
