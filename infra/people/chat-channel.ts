import { Stack } from 'aws-cdk-lib';
import { CfnMicrosoftTeamsChannelConfiguration, CfnSlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Audience } from '../../lib/config/config.ts';

export interface ChatChannelSettings {
  readonly installation: string;
  readonly audience: Extract<Audience, { readonly form: 'slack' | 'teams' }>;
  readonly topics: readonly ITopic[];
}

/**
 * A channel of Slack or Microsoft Teams, told by Amazon Q Developer in chat applications. It subscribes the topics
 * itself. Who sits in the channel can do nothing in the account: its role has no right at all, and the guardrail, which
 * is AdministratorAccess where none is named, denies everything besides.
 */
export class ChatChannel extends Construct {
  constructor(scope: Construct, id: string, { installation, audience, topics }: ChatChannelSettings) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      description: `Fairlead ${installation}: of the channel "${audience.name}", without rights`,
      assumedBy: new ServicePrincipal('chatbot.amazonaws.com'),
    });
    const common = {
      // Configurations have no region: several of an installation's name live in one account.
      configurationName: `${installation}-${audience.name}-${Stack.of(this).region}`,
      iamRoleArn: role.roleArn,
      guardrailPolicies: [`arn:${Stack.of(this).partition}:iam::aws:policy/AWSDenyAll`],
      snsTopicArns: topics.map(({ topicArn }) => topicArn),
      loggingLevel: 'ERROR',
    };
    switch (audience.form) {
      case 'slack':
        new CfnSlackChannelConfiguration(this, 'Slack', {
          ...common,
          slackWorkspaceId: audience.workspace,
          slackChannelId: audience.channel,
        });
        return;
      case 'teams':
        new CfnMicrosoftTeamsChannelConfiguration(this, 'Teams', {
          ...common,
          teamsTenantId: audience.tenant,
          teamId: audience.team,
          teamsChannelId: audience.channel,
        });
        return;
    }
  }
}
