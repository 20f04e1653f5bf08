import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { isPassing } from './eks.ts';

/** The shortest that STS gives (STS API, AssumeRole, "DurationSeconds"): a check asks anew. */
const SESSION_SECONDS = 900;

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export type AssumedRole =
  | { readonly kind: 'assumed'; readonly credentials: SessionCredentials }
  /** In words for people. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Credentials of a role in another account, for a quarter of an hour.
 * @throws what is no answer of AWS and no failure to reach it
 */
export async function assumeRole(
  client: STSClient,
  asked: { readonly role: string; readonly externalId: string; readonly session: string },
): Promise<AssumedRole> {
  const { role, externalId, session } = asked;
  try {
    const { Credentials: found } = await client.send(
      new AssumeRoleCommand({
        RoleArn: role,
        RoleSessionName: session,
        ExternalId: externalId,
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken } = found ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
      throw new Error(`STS gave no credentials for ${role}`);
    return {
      kind: 'assumed',
      credentials: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      },
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!REFUSALS.has(error.name)) {
      if (!isPassing(error)) throw error;
      const reason = `AWS does not give the credentials of ${role} (${error.name}): it is asked again`;
      return { kind: 'refused', reason };
    }
    return {
      kind: 'refused',
      reason: `AWS does not let check-drift assume ${role}: it must be there, and trust check-drift's role with the external id "${externalId}" ("npx fairlead bootstrap TARGET -o cloudformation" makes it so; docs/clusters.md)`,
    };
  }
}

/** STS API, AssumeRole, "Errors"; a role that is not there is "denied", too. */
const REFUSALS = new Set(['AccessDenied', 'AccessDeniedException', 'RegionDisabledException']);
