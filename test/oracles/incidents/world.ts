import type { Observation, ScopeObservation, ScopeState } from '../../../lib/checks/observation.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { finding } from '../../fixtures/findings.ts';

/**
 * What is true of a cluster and its Git, told without any word of incidents: what each release is like now, and what a
 * check sees who looks at this moment.
 */
export const PLACES = ['replicas', 'setting', 'privileged', 'label'] as const;
export type Place = (typeof PLACES)[number];

/** How much of a release may be read: `part` hides the ConfigMap, where `setting` is. */
export type Readable = 'all' | 'part' | 'none';

export interface Release {
  declared: boolean;
  /** What Git's tip declares, and what the deployer has applied of it. */
  tip: number;
  applied: number;
  /** Minutes: when the tip that waits was committed. */
  tipSince: number;
  /** By place: the value that somebody has put there. */
  readonly edits: Map<Place, number>;
  ready: boolean;
  readable: Readable;
}

export interface World {
  /** Minutes since the beginning. */
  now: number;
  sequence: number;
  readonly releases: Release[];
  /** What hides a whole target, or its manifests. */
  target: 'seen' | 'unknown';
  manifests: 'seen' | 'unknown';
}

export const TARGET = 'staging';
export const DEADLINE_MINUTES = 15;
/** What people's rule for `label` says: it must last before they are told. */
export const WAIT_MINUTES = 10;
const BEGINNING = Date.UTC(2026, 10, 21, 0, 0);

export const timeAt = (minutes: number): string => new Date(BEGINNING + minutes * 60_000).toISOString();

export const newWorld = (releases: number): World => ({
  now: 0,
  sequence: 1,
  target: 'seen',
  manifests: 'seen',
  releases: Array.from({ length: releases }, () => ({
    declared: true,
    tip: 1,
    applied: 1,
    tipSince: 0,
    edits: new Map(),
    ready: true,
    readable: 'all',
  })),
});

export const nameOf = (release: number): string => `shop/r${release}`;
/** What no check can look at in part, is in one piece with what it is about. */
export const OBJECT_OF = {
  replicas: 'Deployment',
  setting: 'ConfigMap',
  privileged: 'Deployment',
  label: 'Deployment',
} as const;
export const GRAVE: ReadonlySet<Place> = new Set(['privileged']);

function findingAt(release: number, place: Place, value: number): Finding {
  const object = { namespace: 'shop', name: `r${release}` };
  const deployment = { object: { apiVersion: 'apps/v1', kind: 'Deployment', ...object } };
  switch (place) {
    case 'replicas':
      return finding('spec.replicas', { desired: 1, live: 1 + value }, deployment);
    case 'setting':
      return finding(
        'data.setting',
        { desired: 'on', live: `off ${value}` },
        { object: { apiVersion: 'v1', kind: 'ConfigMap', ...object } },
      );
    case 'privileged':
      return finding(
        `spec.template.spec.containers[name=c${value}].securityContext.privileged`,
        { desired: false, live: true },
        deployment,
      );
    case 'label':
      return finding(
        'metadata.labels.seen',
        { desired: 'a', live: `b${value}` },
        { ...deployment, rule: { number: 1, reason: 'set in passing', waitSeconds: WAIT_MINUTES * 60 } },
      );
  }
}

const pendingAt = (release: number, { tip, applied }: Release): Finding =>
  finding(
    'spec.template.spec.containers[name=app].image',
    { desired: `app:${tip}`, live: `app:${applied}` },
    { object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: `r${release}` } },
  );

export const REASON = 'ConfigMaps may not be listed in shop';
const UNREADABLE = { reason: REASON } as const;

/** What of the edits can be seen. */
export const visible = ({ edits, readable }: Release): ReadonlyMap<Place, number> =>
  readable === 'all'
    ? edits
    : new Map([...edits].filter(([place]) => readable === 'part' && OBJECT_OF[place] !== 'ConfigMap'));

export function stateOf(world: World, number: number): ScopeState {
  const release = world.releases[number];
  if (release === undefined) throw new Error(`no release ${number}`);
  if (release.readable === 'none') return { kind: 'unknown', ...UNREADABLE };
  const hidden = { ...UNREADABLE, objects: [`/ConfigMap/shop/r${number}`] };
  const unjudged = release.readable === 'part' ? { unjudged: hidden } : {};
  const edits = [...visible(release)].map(([place, value]) => findingAt(number, place, value));
  if (release.applied !== release.tip) {
    const pending = pendingAt(number, release);
    if (world.now - release.tipSince >= DEADLINE_MINUTES)
      return {
        kind: 'drift',
        findings: [pending, ...edits],
        deployer: 'upgrade retries exhausted',
        ...unjudged,
      };
    return edits.length > 0
      ? { kind: 'drift', findings: edits, deployer: 'is at work', ...unjudged }
      : { kind: 'rollout', findings: [pending], ...unjudged };
  }
  if (edits.length > 0) return { kind: 'drift', findings: edits, ...unjudged };
  if (release.readable === 'part') return { kind: 'unknown', ...hidden };
  return { kind: 'in-sync', unready: release.ready ? [] : [`Deployment/r${number}: 0 of 1 available`] };
}

/** What a check sees that looks now, by a clock that is `skew` minutes off. */
export function look(world: World, skew: number): Observation {
  const whole = { commit: String(world.sequence).padStart(40, 'c'), sequence: world.sequence };
  const at = timeAt(world.now + skew);
  const away: ScopeState = { kind: 'unknown', reason: 'the API server does not answer' };
  if (world.target === 'unknown')
    return { target: TARGET, ...whole, at, scopes: [{ scope: { kind: 'target' }, state: away }] };
  const isHidden = world.manifests === 'unknown';
  const scopes: ScopeObservation[] = [
    {
      scope: { kind: 'manifests' },
      state: isHidden
        ? { kind: 'unknown', reason: 'apply/ cannot be read' }
        : { kind: 'in-sync', unready: [] },
      ...(isHidden ? {} : { render: DIGEST(0) }),
    },
  ];
  for (const [number, release] of world.releases.entries()) {
    if (!release.declared) continue;
    scopes.push({
      scope: { kind: 'release', namespace: 'shop', name: `r${number}` },
      state: stateOf(world, number),
      render: DIGEST(release.tip),
    });
  }
  scopes.push({ scope: { kind: 'target' }, state: { kind: 'in-sync', unready: [] } });
  return { target: TARGET, ...whole, at, scopes };
}

const DIGEST = (number: number) => `sha256:${String(number).padStart(64, '0')}` as const;
