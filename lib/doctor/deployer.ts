import type { Capability } from '../aws/account/account.ts';
import type { Target } from '../config/config.ts';
import { type Diagnosis, ok, skipped, warning, wrong } from './diagnosis.ts';

export interface DeployerSeen {
  /** Groups of kinds that the cluster serves. */
  readonly groups: ReadonlySet<string>;
  /** Controllers that were found, by name, and the version that their image says; undefined: it was not to be read. */
  readonly controllers: ReadonlyMap<string, string> | undefined;
  /** What AWS runs in the cluster's name; undefined: not asked, or no EKS cluster. */
  readonly capabilities: readonly Capability[] | undefined;
}

/** Whether what applies Git is there, and which version of it. */
export function judgeDeployer(
  target: Pick<Target, 'name' | 'deployer' | 'argocdDestination'>,
  { groups, controllers, capabilities }: DeployerSeen,
): readonly Diagnosis[] {
  const where = `target ${target.name}, deployer`;
  switch (target.deployer) {
    case 'none':
      return [skipped(where, 'the target has none')];
    case 'flux': {
      const lacking = [
        'helm.toolkit.fluxcd.io',
        'kustomize.toolkit.fluxcd.io',
        'source.toolkit.fluxcd.io',
      ].filter((group) => !groups.has(group));
      if (lacking.length > 0)
        return [
          wrong(
            where,
            `Flux is not installed: the cluster serves nothing of ${lacking.join(', ')}`,
            'flux install',
          ),
        ];
      return [
        running(where, 'Flux', controllers, ['source-controller', 'kustomize-controller', 'helm-controller']),
      ];
    }
    case 'argocd': {
      if (!groups.has('argoproj.io'))
        return [
          wrong(
            where,
            'Argo CD is not installed: the cluster serves nothing of argoproj.io',
            "Install Argo CD (https://argo-cd.readthedocs.io), or EKS' capability: aws eks create-capability --type ARGOCD …",
          ),
        ];
      const managed = capabilities?.find(({ type }) => type === 'ARGOCD');
      if (managed === undefined)
        return [running(where, 'Argo CD', controllers, ['argocd-application-controller'])];
      const version = managed.version === undefined ? '' : ` ${managed.version}`;
      const state =
        managed.status === 'ACTIVE'
          ? ok(where, `Argo CD${version}, run by EKS`)
          : wrong(
              where,
              `the capability ${managed.name} is ${managed.status}`,
              `aws eks describe-capability --capability-name ${managed.name} --cluster-name CLUSTER`,
            );
      return target.argocdDestination === undefined
        ? [
            state,
            wrong(
              where,
              'the Argo CD that EKS runs does not know https://kubernetes.default.svc, which deliveries name',
              "Give the target `argocdDestination: { server: 'arn:aws:eks:…:cluster/…' }`, as the cluster is registered (docs/deploying.md)",
            ),
          ]
        : [state];
    }
  }
}

function running(
  where: string,
  name: string,
  controllers: ReadonlyMap<string, string> | undefined,
  wanted: readonly string[],
): Diagnosis {
  if (controllers === undefined) return ok(where, `${name} is installed; its version was not to be read`);
  const lacking = wanted.filter((each) => !controllers.has(each));
  return lacking.length === 0
    ? ok(where, `${name}: ${wanted.map((each) => `${each} ${controllers.get(each)}`).join(', ')}`)
    : warning(
        where,
        `${name}'s kinds are there, and ${lacking.join(', ')} not seen where it usually runs`,
        'kubectl get deployments,statefulsets -A | grep -E "controller"',
      );
}
