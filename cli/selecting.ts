import { formatScope, type Observation } from '../lib/checks/observation.ts';
import { UsageError } from './command.ts';
import { nearest } from './nearest.ts';

/**
 * The observation with what was asked for alone: releases (`shop/web`), whole namespaces (`shop`), `manifests`. All was
 * judged together, since what one release declares (an autoscaler) may excuse what another shows.
 * @throws UsageError where something that was asked for is not declared
 */
export function only(observation: Observation, wanted: readonly string[]): Observation {
  const { scopes } = observation;
  if (wanted.length === 0) return observation;
  // Where the target itself could not be judged, nothing is known of what it declares.
  if (scopes.some(({ scope, state }) => scope.kind === 'target' && state.kind === 'unknown'))
    return observation;
  const chosen = new Set<string>();
  for (const name of wanted) {
    const found = scopes
      .filter(({ scope }) => scope.kind === 'release' || scope.kind === 'manifests')
      .filter(
        ({ scope }) => formatScope(scope) === name || (scope.kind === 'release' && scope.namespace === name),
      );
    for (const { scope } of found) chosen.add(formatScope(scope));
    if (found.length === 0) throw new UsageError(notDeclared(observation, name));
  }
  return {
    ...observation,
    scopes: scopes.filter(
      ({ scope }) => scope.kind === 'target' || scope.kind === 'rules' || chosen.has(formatScope(scope)),
    ),
  };
}

/** Names that a message lists at most. */
const LISTED = 20;

function notDeclared({ target, scopes }: Observation, name: string): string {
  const names = scopes
    .filter(({ scope }) => scope.kind === 'release' || scope.kind === 'manifests')
    .map(({ scope }) => formatScope(scope));
  if (names.length === 0) return `${target} declares no release at all: is it the right target?`;
  const meant = nearest(name, names);
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  const known =
    meant === undefined ? `it has ${names.slice(0, LISTED).join(', ')}${more}` : `did you mean ${meant}?`;
  return `${target} declares no release "${name}": ${known}`;
}
