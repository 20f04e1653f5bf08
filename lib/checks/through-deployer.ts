import type { Finding } from '../drift/verdicts.ts';
import { formatReference, identityOf, type ObjectReference } from '../objects/objects.ts';
import type { ScopeState } from './observation.ts';

/**
 * What a deployer wrote otherwise than Git says, it often wrote because somebody changed its own object: `kubectl patch
 * helmrelease … replicas: 4` scales a Deployment through the deployer's hand, and only that object shows by whom.
 * @param spoken findings of the target's own manifests
 * @param through the deployer's objects for this release: its HelmRelease or Application, and what that takes values from
 */
export function throughDeployer(
  state: ScopeState,
  spoken: readonly Finding[],
  through: readonly ObjectReference[],
  deployers: ReadonlySet<string>,
): ScopeState {
  if (state.kind !== 'drift' && state.kind !== 'rollout') return state;
  const own = new Set(through.map(identityOf));
  const cause = spoken.find(
    ({ object, at, verdict }) =>
      own.has(identityOf(object)) && (verdict === 'missing' || /^(spec|data|binaryData)\b/.test(at)),
  );
  if (cause === undefined) return state;
  return {
    ...state,
    findings: state.findings.map((finding) =>
      deployers.has(finding.attribution?.manager ?? '') ? attributedTo(finding, cause) : finding,
    ),
  };
}

/** `manager` stays who wrote the path: the deployer. */
function attributedTo(finding: Finding, { object, at, attribution }: Finding): Finding {
  const where = `${formatReference(object)}${at === '' ? '' : `, ${at}`}`;
  const by = attribution === undefined ? '' : ` (${attribution.likely})`;
  return {
    ...finding,
    attribution: {
      ...finding.attribution,
      likely: `by the deployer, through ${where}, which is not what Git says${by}`,
    },
  };
}
