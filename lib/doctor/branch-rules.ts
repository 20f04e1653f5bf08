import * as z from 'zod';
import { type Read, reading } from '../aws/account/reading.ts';
import type { Repository } from '../config/config.ts';
import { type Diagnosis, judged, ok, skipped, warning, wrong } from './diagnosis.ts';

/** Milliseconds. */
const PATIENCE_MS = 10_000;

/** GitHub's REST API, "Get rules for a branch": whoever may read the repository may ask. */
const rules = z.array(z.looseObject({ type: z.string().max(100) })).max(1000);

/** Where to ask for the rules of a branch; undefined where no host is known that tells. */
export function rulesAddress({ url, credential }: Repository, branch: string): string | undefined {
  const at = URL.canParse(url) ? new URL(url) : undefined;
  const api =
    credential.kind === 'github-app'
      ? credential.api
      : at?.hostname === 'github.com'
        ? 'https://api.github.com'
        : undefined;
  const path = at?.pathname.replace(/^\/|\.git$|\/$/g, '');
  return api === undefined || path === undefined
    ? undefined
    : `${api.replace(/\/$/, '')}/repos/${path}/rules/branches/${encodeURIComponent(branch)}`;
}

/** @param header the whole `Authorization: …`, as git sends it */
export const readRules = (address: string, header: string | undefined): Promise<Read<readonly string[]>> =>
  reading('reading the rules of the branch', async () => {
    const authorization = header?.replace(/^Authorization:\s*/i, '');
    const answer = await fetch(address, {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        accept: 'application/vnd.github+json',
        'user-agent': 'fairlead',
        'x-github-api-version': '2022-11-28',
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    if (!answer.ok) throw new Error(`GitHub answered ${answer.status}`);
    return rules.parse(await answer.json()).map(({ type }) => type);
  });

/** Rules that a push of Fairlead meets; it never forces one, and deletes no branch. */
const IN_THE_WAY: Readonly<Record<string, string>> = {
  pull_request: 'a ruleset wants a pull request for each change',
  required_status_checks: 'a ruleset wants checks to have passed before a push',
  update: 'a ruleset restricts who may push',
  merge_queue: 'a ruleset wants a merge queue',
  required_deployments: 'a ruleset wants deployments before a push',
};

/** A dry run passes the rules of a branch by: what they would say is looked up where the host tells. */
export function judgeBranchRules(
  { name, signing, url }: Repository,
  branch: string,
  read: Read<readonly string[]> | 'no-such-host',
): readonly Diagnosis[] {
  const where = `repository ${name}, branch ${branch}`;
  if (read === 'no-such-host')
    return [
      skipped(
        where,
        `the rules of its branch are not looked up at ${URL.canParse(url) ? new URL(url).hostname : url}: whoever owns \`credential\` must be among those who may push to a protected branch`,
      ),
    ];
  return judged(
    where,
    read,
    (found) => {
      const types = new Set(found);
      const blocking = [...types].flatMap((type) => IN_THE_WAY[type] ?? []);
      const unsigned = types.has('required_signatures') && signing === undefined;
      const diagnoses: Diagnosis[] = blocking.map((what) =>
        warning(
          where,
          what,
          "Put the app, deploy key or user of `credential` onto the ruleset's bypass list",
        ),
      );
      if (unsigned)
        diagnoses.push(
          wrong(
            where,
            'a ruleset wants signed commits, and the configuration signs none',
            'Give the repository `signing` (docs/credentials.md, "Signed commits")',
          ),
        );
      return diagnoses.length === 0
        ? [ok(where, 'no rule of the branch is in the way of a push')]
        : diagnoses;
    },
    () => [skipped(where, 'the host knows no rules of this branch')],
  );
}
