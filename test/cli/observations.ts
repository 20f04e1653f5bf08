import type { Observation, ScopeObservation, ScopeState } from '../../lib/checks/observation.ts';
import { formatPath } from '../../lib/drift/path.ts';
import type { Finding, Path } from '../../lib/drift/verdicts.ts';

export const field = (name: string): Path[number] => ({ kind: 'field', name });

/** A finding of a Deployment `web` in `shop`, but for what is said. */
export const finding = (more: Partial<Finding> & { path: Path }): Finding => ({
  verdict: 'changed',
  object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
  at: formatPath(more.path),
  secret: false,
  ...more,
});

export const release = (name: string, state: ScopeState): ScopeObservation => ({
  scope: { kind: 'release', namespace: 'shop', name },
  state,
});

export const observation = (...scopes: readonly ScopeObservation[]): Observation => ({
  target: 'staging',
  commit: '0123456789abcdef0123456789abcdef01234567',
  sequence: 0,
  at: '2026-07-01T12:00:00.250Z',
  scopes: [...scopes, { scope: { kind: 'target' }, state: { kind: 'in-sync', unready: [] } }],
});

/** What a cluster may try to write onto a terminal or into a report. */
export const HOSTILE =
  '\u001b[2J\u001b]0;title\u0007\r\n<script>"&\'</failure>]]>\u0000\u009b31m\u202e\u2028\ufffe\ud800\ud83d\ude00';
