import * as z from 'zod';
import { type Answer, answered, answerOf } from './answers.ts';
import type { Reader } from './reader.ts';

/** A kind that the cluster serves, in one version. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** As in URLs and RBAC rules: `deployments`. */
  readonly resource: string;
  readonly scope: 'namespaced' | 'cluster';
  readonly verbs: readonly string[];
}

/** What the cluster serves. */
export interface Discovery {
  find(apiVersion: string, kind: string): ServedKind | undefined;
  readonly kinds: readonly ServedKind[];
  /** Group-versions whose own server did not answer (an APIService that is down): of these nothing is known. */
  readonly stale: ReadonlySet<string>;
}

function discoveryOf(kinds: readonly ServedKind[], stale: Iterable<string>): Discovery {
  const byName = new Map(kinds.map((served) => [`${served.apiVersion}/${served.kind}`, served]));
  return {
    kinds,
    stale: new Set(stale),
    find: (apiVersion, kind) => byName.get(`${apiVersion}/${kind}`),
  };
}

const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/** KEP-3352: everything in two answers. */
const aggregatedList = z.object({
  kind: z.literal('APIGroupDiscoveryList'),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().optional() }).optional(),
      versions: z
        .array(
          z.object({
            version: z.string(),
            freshness: z.string().optional(),
            resources: z
              .array(
                z.object({
                  resource: z.string(),
                  responseKind: z.object({ kind: z.string() }).nullish(),
                  scope: z.string(),
                  verbs: z.array(z.string()).nullish(),
                }),
              )
              .nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});

/** As servers before 1.26 say it: a list of groups, and an answer for each group-version. */
const versionList = z.object({ versions: z.array(z.string()) });
const groupList = z.object({
  groups: z.array(z.object({ versions: z.array(z.object({ groupVersion: z.string() })) })),
});
const resourceList = z.object({
  resources: z.array(
    z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) }),
  ),
});

const anyList = z.union([aggregatedList, versionList, groupList]);

/** Reads what the cluster serves. A group whose own server is down is `stale`, not absent. */
export async function discover(reader: Reader): Promise<Answer<Discovery>> {
  const kinds: ServedKind[] = [];
  const stale: string[] = [];
  for (const path of ['/api', '/apis']) {
    const reading = await reader.get(path, AGGREGATED);
    const answer = answerOf(reading, anyList, 'what the cluster serves');
    if (answer.kind !== 'answered') return answer;
    if ('items' in answer.value) {
      readAggregated(answer.value, kinds, stale);
      continue;
    }
    const groupVersions =
      'versions' in answer.value
        ? answer.value.versions
        : answer.value.groups.flatMap(({ versions }) => versions.map((each) => each.groupVersion));
    for (const groupVersion of groupVersions) {
      const listed = answerOf(await reader.get(`${path}/${groupVersion}`), resourceList, groupVersion);
      if (listed.kind !== 'answered') {
        stale.push(groupVersion);
        continue;
      }
      for (const { name, kind, namespaced, verbs } of listed.value.resources) {
        if (name.includes('/')) continue;
        const scope = namespaced ? 'namespaced' : 'cluster';
        kinds.push({ apiVersion: groupVersion, kind, resource: name, scope, verbs });
      }
    }
  }
  return answered(discoveryOf(kinds, stale));
}

function readAggregated(list: z.output<typeof aggregatedList>, kinds: ServedKind[], stale: string[]): void {
  for (const group of list.items) {
    const name = group.metadata?.name ?? '';
    for (const { version, freshness, resources } of group.versions ?? []) {
      const apiVersion = name === '' ? version : `${name}/${version}`;
      if (freshness === 'Stale') stale.push(apiVersion);
      for (const { resource, responseKind, scope, verbs } of resources ?? []) {
        if (responseKind?.kind === undefined) continue;
        kinds.push({
          apiVersion,
          kind: responseKind.kind,
          resource,
          scope: scope === 'Namespaced' ? 'namespaced' : 'cluster',
          verbs: verbs ?? [],
        });
      }
    }
  }
}
