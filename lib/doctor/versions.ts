import { type Diagnosis, ok, skipped, warning, wrong } from './diagnosis.ts';

/** What the tests run against a real API server with, and what lies between (docs/drift.md). */
const OLDEST_KUBERNETES = 33;
const NEWEST_KUBERNETES = 35;
/** Of Node, what the package says in its `engines`. */
const OLDEST_NODE = 20;

/** Whether what is deployed is what this command is of. */
export function judgeDeployed(here: string, deployed: string | undefined): Diagnosis {
  const where = 'Fairlead';
  if (deployed === undefined)
    return warning(
      where,
      `what is deployed does not say its version: it is older than ${here}`,
      'npx cdk diff && npx cdk deploy --all',
    );
  if (deployed === here) return ok(where, `${here}, here and deployed`);
  return compare(deployed, here) > 0
    ? warning(where, `${deployed} is deployed, and this is ${here}`, `npm install fairlead@${deployed}`)
    : warning(where, `${deployed} is deployed, and this is ${here}`, 'npx cdk diff && npx cdk deploy --all');
}

/** @param version as the server says it: `v1.35.4-eks-113cf36`, `1.35` */
export function judgeKubernetes(where: string, version: string): Diagnosis {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major !== '1' || minor === undefined)
    return skipped(where, `it does not say its version ("${version.slice(0, 40)}")`);
  const number = Number(minor);
  const tested = `1.${OLDEST_KUBERNETES} to 1.${NEWEST_KUBERNETES}`;
  if (number < OLDEST_KUBERNETES)
    return warning(
      where,
      `Kubernetes ${version}; Fairlead is tested with ${tested}`,
      'Update the cluster; until then hold a verdict of defaulted fields against "kubectl diff"',
    );
  if (number > NEWEST_KUBERNETES)
    return warning(
      where,
      `Kubernetes ${version}; Fairlead is tested with ${tested}`,
      'npm install fairlead@latest   # what a newer server fills in by itself may be told as drift',
    );
  return ok(where, `Kubernetes ${version}`);
}

/** @param version of Node, without `v` */
export function judgeNode(version: string): Diagnosis {
  const major = Number(version.split('.')[0]);
  return major >= OLDEST_NODE
    ? ok('here', `Node ${version}`)
    : wrong('here', `Node ${version}; ${OLDEST_NODE} or newer is needed`, 'https://nodejs.org/en/download');
}

/** Numbers of a version, compared one by one; what follows a hyphen is not. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => (version.split('-')[0] ?? '').split('.').map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
