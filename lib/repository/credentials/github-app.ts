import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import * as z from 'zod';
import type { Secrets } from '../../aws/secrets.ts';
import { ask } from '../../outward/ask.ts';
import { isUntrusted, type Outward, OutwardUnusable } from '../../outward/outward.ts';
import type { Denial } from '../denials.ts';
import {
  basicPass,
  CredentialUnusable,
  type GitCredential,
  type KeptSecret,
  keptSecret,
} from './credential.ts';

export interface GitHubAppSettings {
  readonly appId: string;
  readonly installationId: number;
  readonly secret: string;
  readonly api: string;
}

/** What a token is narrowed to: one repository, and what it may do there. */
export interface Narrowed {
  /** Name without the owner. */
  readonly repository: string;
  readonly contents: 'read' | 'write';
  /** Left out: they are out of its reach. */
  readonly pullRequests?: 'write';
}

/** GitHub takes at most ten minutes, and a clock that runs ahead makes a token of the future. Seconds. */
const CLAIM_SECONDS = 9 * 60;
const SKEW_SECONDS = 60;
/** A token that ends sooner than this is not begun with. */
const SPARE_MILLISECONDS = 5 * 60_000;
const CALL_MILLISECONDS = 15_000;
const SAID_LENGTH = 120;

export interface GitHubAppParts {
  readonly secrets: Secrets;
  readonly outward: Outward;
  readonly now: () => Date;
}

/** Of GitHub's answer. Bytes. */
const ANSWER_BYTES = 64 * 1024;

interface InstallationToken {
  readonly token: string;
  readonly expiresAt: number;
}
/** Kept while the function is warm: GitHub counts how many are made. */
const kept = new Map<string, InstallationToken>();

/** A GitHub App: its key makes tokens that are good for an hour, for one repository, for reading or for writing. */
export function gitHubAppCredential(
  settings: GitHubAppSettings,
  narrowed: Narrowed,
  parts: GitHubAppParts,
): GitCredential {
  const token = gitHubAppToken(settings, narrowed, parts);
  return {
    pass: async () => basicPass('x-access-token', await token.value()),
    renew: () => token.renew(),
    advice: (denial) => adviceOf(denial, settings.appId),
  };
}

/** The token by itself, as GitHub's API takes it: made at the first need, and again before it ends. */
export function gitHubAppToken(
  settings: GitHubAppSettings,
  narrowed: Narrowed,
  { secrets, outward, now }: GitHubAppParts,
): KeptSecret {
  const key = keptSecret(secrets, settings.secret);
  const name = [
    settings.api,
    settings.appId,
    settings.installationId,
    narrowed.repository,
    narrowed.contents,
    narrowed.pullRequests ?? '',
  ].join(' ');

  const token = async (): Promise<string> => {
    const found = kept.get(name);
    if (found !== undefined && found.expiresAt - SPARE_MILLISECONDS > now().getTime()) return found.token;
    const made = await makeToken(settings, narrowed, key, now(), outward);
    kept.set(name, made);
    return made.token;
  };
  return {
    value: token,
    async renew() {
      const before = kept.get(name)?.token;
      kept.delete(name);
      await key.renew();
      return (await token()) === before ? 'same' : 'changed';
    },
  };
}

/** Once more with the key as it is now, where GitHub does not know the one that was read before. */
async function makeToken(
  settings: GitHubAppSettings,
  narrowed: Narrowed,
  key: KeptSecret,
  now: Date,
  outward: Outward,
): Promise<InstallationToken> {
  const first = await askForToken(settings, narrowed, await key.value(), now, outward);
  const last =
    first.status === 401 && (await key.renew()) === 'changed'
      ? await askForToken(settings, narrowed, await key.value(), now, outward)
      : first;
  const answer = last.status === 201 ? tokenAnswer.safeParse(last.body) : undefined;
  if (answer?.success) return { token: answer.data.token, expiresAt: Date.parse(answer.data.expires_at) };
  const said = saidBy.safeParse(last.body);
  const words = said.success ? ` (GitHub says: ${said.data.message.slice(0, SAID_LENGTH)})` : '';
  throw new CredentialUnusable(refusalOf(last.status, settings, narrowed) + words);
}

const tokenAnswer = z.object({ token: z.string().min(1), expires_at: z.iso.datetime() });
const saidBy = z.object({ message: z.string().regex(/^[\x20-\x7e]*$/) });

/** GitHub's REST API, "Create an installation access token for an app". */
async function askForToken(
  { appId, installationId, secret, api }: GitHubAppSettings,
  { repository, ...permissions }: Narrowed,
  pem: string,
  now: Date,
  outward: Outward,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const claim = appToken(appId, privateKey(pem, secret), now);
  const { host } = new URL(api);
  try {
    const answer = await ask(
      {
        url: `${api.replace(/\/$/, '')}/app/installations/${installationId}/access_tokens`,
        method: 'POST',
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${claim}`,
          'content-type': 'application/json',
          'user-agent': 'fairlead',
          'x-github-api-version': '2022-11-28',
        },
        body: JSON.stringify({
          repositories: [repository],
          permissions: {
            contents: permissions.contents,
            ...(permissions.pullRequests === undefined ? {} : { pull_requests: permissions.pullRequests }),
          },
        }),
        milliseconds: CALL_MILLISECONDS,
        maxBytes: ANSWER_BYTES,
      },
      outward,
    );
    // A server may print back what it was sent.
    return { status: answer.status, body: parsed(answer.body.replaceAll(claim, '***')) };
  } catch (error) {
    if (error instanceof OutwardUnusable) throw new CredentialUnusable(error.message);
    throw new CredentialUnusable(`GitHub does not answer at ${host}${whyNot(error)}: everything waits`);
  }
}

/** What a person can act on; anything else would be Node's own words. */
function whyNot(error: unknown): string {
  const code = (error as { readonly code?: unknown }).code;
  if (typeof code !== 'string') return '';
  return isUntrusted(code)
    ? ' with a certificate that is trusted here: put its authority into the secret of gitNetwork.caBundle'
    : ` (${code})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON Web Token in the app's name (RFC 7519, RS256), as GitHub wants it. */
function appToken(appId: string, key: KeyObject, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iat: seconds - SKEW_SECONDS, exp: seconds + CLAIM_SECONDS, iss: appId };
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function privateKey(pem: string, secret: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // What is wrong with it would quote it.
  }
  throw new CredentialUnusable(
    `the secret "${secret}" holds no private key of a GitHub App: put the whole .pem file there as it was downloaded, with its line ends`,
  );
}

function refusalOf(status: number, settings: GitHubAppSettings, narrowed: Narrowed): string {
  const { appId, installationId, secret } = settings;
  switch (status) {
    case 401:
      return `GitHub does not accept the key of app ${appId} in secret "${secret}" (401): was it deleted there, or is it of another app? Make a new private key in the app's settings and put it into that secret`;
    case 403:
      return `GitHub refuses installation ${installationId} of app ${appId} (403): is it suspended?`;
    case 404:
      return `GitHub knows no installation ${installationId} of app ${appId} (404): install the app on the repository's owner, and take the number from that page's address`;
    case 422:
      return `installation ${installationId} of app ${appId} does not cover the repository "${narrowed.repository}" with contents: ${narrowed.contents}${narrowed.pullRequests === undefined ? '' : ` and pull requests: ${narrowed.pullRequests}`} (422): add both in the app's settings, and accept them on the installation's page`;
    default:
      return `GitHub makes no token for app ${appId} (${status}): everything waits`;
  }
}

function adviceOf(denial: Denial, appId: string): string {
  switch (denial) {
    case 'unauthorised':
    case 'forbidden':
    case 'key-refused':
    case 'host-key':
      return `GitHub refuses a fresh token of app ${appId}: has the app contents: write, and may it push to this branch (rulesets name who may)?`;
    case 'no-such-repository':
      return `GitHub says that there is no such repository (404): is its URL right, and is app ${appId} installed on it?`;
  }
}
