import { type DrillAsked, everyone, oneAudience } from '../lib/alerts/drills.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import { audiencesIn, audiencesPath } from '../lib/alerts/subscribed.ts';
import * as clients from '../lib/aws/clients.ts';
import { ssmParameters } from '../lib/aws/parameters.ts';
import type { AudienceFilter, Severity } from '../lib/config/audiences.ts';
import { fromWebhookParameters, webhooksPath } from '../lib/config/parameters.ts';
import { UsageError } from './command.ts';
import { allowed } from './incidents-reading.ts';
import type { FoundInstallation } from './installation.ts';
import { nearest } from './nearest.ts';

/** Whom a drill is for. */
export interface Reach {
  /** In words. */
  readonly whom: string;
  readonly asked: Pick<DrillAsked, 'reaches' | 'channels'>;
}

interface Filtered {
  readonly name: string;
  readonly channel: string;
  readonly filter: AudienceFilter;
}

/** @throws UsageError if there is no such audience; Unavailable */
export async function reachOf(
  { environment }: FoundInstallation,
  installation: string,
  { audience, severity }: { readonly audience: string | undefined; readonly severity: Severity },
): Promise<Reach> {
  const parameters = ssmParameters(clients.ssm(environment));
  const below = (path: string) =>
    allowed({ action: 'ssm:GetParametersByPath', on: `parameter${path}` }, () => parameters.below(path));
  const path = webhooksPath(installation);
  const [subscribed, webhooks] = await Promise.all([below(audiencesPath(installation)), below(path)]);
  const known: readonly Filtered[] = [
    ...audiencesIn(subscribed).map(({ name, form, filter }) => ({
      name,
      channel: form,
      filter: filterOf(filter),
    })),
    ...fromWebhookParameters(webhooks, path).map((webhook) => ({
      name: webhook.name,
      channel: `webhook/${webhook.name}`,
      filter: webhook,
    })),
  ];
  if (audience === undefined) {
    const reaches = everyone(
      known.map(({ filter }) => filter),
      severity,
    );
    return { whom: `everybody who hears of ${severity}`, asked: { reaches } };
  }
  const one = known.find(({ name }) => name === audience);
  if (one === undefined) {
    const meant = nearest(
      audience,
      known.map(({ name }) => name),
    );
    const names = known.map(({ name }) => name).join(', ') || 'none';
    const hint = meant === undefined ? `; there are: ${names}` : `: did you mean ${meant}?`;
    throw new UsageError(
      oneLine(
        `there is no audience "${audience}" with an address or a webhook (those of Slack and Teams hear of a drill without AUDIENCE)${hint}`,
      ),
    );
  }
  return {
    whom: `${audience} (${one.channel})`,
    asked: { reaches: oneAudience(one.filter, severity), channels: ['report', one.channel] },
  };
}

/** A filter that is too long for a parameter names targets that nobody here knows: it hears of drills by none. */
function filterOf(policy: Readonly<Record<string, readonly string[]>> | 'none' | 'too-long'): AudienceFilter {
  if (typeof policy === 'string') return {};
  const { target, namespace, class: classes, severity } = policy;
  return {
    ...(target === undefined ? {} : { targets: [...target] }),
    ...(namespace === undefined ? {} : { namespaces: [...namespace] }),
    ...(classes === undefined ? {} : { classes: classes as NonNullable<AudienceFilter['classes']> }),
    ...(severity === undefined ? {} : { severities: severity as NonNullable<AudienceFilter['severities']> }),
  } as AudienceFilter;
}
