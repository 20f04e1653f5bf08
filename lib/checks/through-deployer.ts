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
      own.has(identityOf(object)) && (verdict === 'missing' || isDeployed(object.kind, at)),
  );
  if (cause === undefined) return state;
  return {
    ...state,
    findings: state.findings.map((finding) =>
      deployers.has(finding.attribution?.manager ?? '') ? attributedTo(finding, cause) : finding,
    ),
  };
}

/**
 * The fields that say what is deployed, of each kind (helm.toolkit.fluxcd.io/v2, kustomize.toolkit.fluxcd.io/v1,
 * argoproj.io/v1alpha1). Of another, such as `suspend`, `interval` or `syncPolicy.automated`, nothing that runs changes.
 */
const DEPLOYED: ReadonlyMap<string, RegExp> = new Map([
  [
    'HelmRelease',
    /^spec\.(chart|chartRef|values|valuesFrom|releaseName|targetNamespace|storageNamespace|postRenderers|commonMetadata|kubeConfig|(install|upgrade)\.crds|upgrade\.preserveValues)(?![\w-])/,
  ],
  [
    'Kustomization',
    /^spec\.(path|sourceRef|patches|patchesStrategicMerge|patchesJson6902|images|components|postBuild|targetNamespace|namePrefix|nameSuffix|commonMetadata|decryption|buildMetadata|kubeConfig)(?![\w-])/,
  ],
  [
    'Application',
    /^spec\.(source|sources|sourceHydrator|destination|syncPolicy\.managedNamespaceMetadata)(?![\w-])/,
  ],
]);
/** Of what values are taken from. */
const VALUES = /^(data|binaryData|stringData)(?!\w)/;

/** Whether a difference there, or all around it, can change what is deployed. */
const isDeployed = (kind: string, at: string): boolean =>
  at === 'spec' || (DEPLOYED.get(kind) ?? VALUES).test(at);

/** How such an attribution begins. */
export const THROUGH_DEPLOYER = 'by the deployer, through ';

/** `manager` stays who wrote the path: the deployer. */
function attributedTo(finding: Finding, { object, at, attribution }: Finding): Finding {
  const where = `${formatReference(object)}${at === '' ? '' : `, ${at}`}`;
  const by = attribution === undefined ? '' : ` (${attribution.likely})`;
  // It is known what rewrote it: nothing of admission's.
  const { group: _, ...rest } = finding;
  return {
    ...rest,
    attribution: {
      ...finding.attribution,
      likely: `${THROUGH_DEPLOYER}${where}, which is not what Git says${by}`,
    },
  };
}
