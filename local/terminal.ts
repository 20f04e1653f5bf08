import { relative, resolve } from 'node:path';
import type { ClusterState } from './cluster.ts';
import { DATA_FOLDER, quote } from './connection.ts';
import type { DeployerEvent } from './deployer/deployer.ts';
import { EXAMPLE_RELEASE, NEXT_EXAMPLE } from './example.ts';
import type { Installation, Notice } from './installation.ts';

/** Prints what happens, a line each; the same progress only once. */
export function terminal(print: (line: string) => void): (notice: Notice) => void {
  let last: string | undefined;
  return (notice) => {
    const line = lineOf(notice);
    if (line !== undefined && line !== last) print(line);
    last = line ?? last;
  };
}

function lineOf(notice: Notice): string | undefined {
  switch (notice.kind) {
    case 'cluster':
      return `cluster: ${clusterLine(notice.state)}`;
    case 'deployer':
      return deployerLine(notice.event);
    case 'error':
      return `${notice.part}: ${notice.message}`;
  }
}

function clusterLine(state: ClusterState): string {
  switch (state.kind) {
    case 'starting':
      return state.progress;
    case 'running':
      return `Kubernetes ${state.version} serves`;
    case 'given':
      return `${state.kubeconfig}${state.context === undefined ? '' : `, context ${state.context}`}`;
    case 'unavailable':
      return `none: ${state.reason}\n  To have one: ${state.howTo}\n  Uploads and commits work without; drift is not checked.`;
  }
}

function deployerLine(event: DeployerEvent): string | undefined {
  switch (event.kind) {
    case 'applied':
      return `deployer: ${event.target} is at ${event.commit.slice(0, 7)} (${event.objects} objects)`;
    case 'removed':
      return undefined;
    case 'failed':
      return `deployer: ${event.target}: ${event.what}: ${event.message}`;
  }
}

/** What runs where, and the few commands to try next, each as it can be pasted. */
export function welcome({ aws, git, page, config }: Installation, data: string, tookMs: number): string {
  const [target] = config.targets;
  if (target === undefined) return '';
  const near = relative('.', resolve(data)) || '.';
  const folder = quote(near.startsWith('..') ? resolve(data) : near);
  const other = data === DATA_FOLDER ? '' : ` --data ${folder}`;
  const fairlead = data === DATA_FOLDER ? 'npx fairlead' : `FAIRLEAD_DATA=${folder} npx fairlead`;
  const [namespace = ''] = target.namespaces;
  const url = git.urlOf(target.repository);
  return `Fairlead runs on this machine (${(tookMs / 1000).toFixed(1)} s). Ctrl-C stops it; what it knows stays in ${folder}.

  page  ${page.url}
  git   ${url}
  aws   ${aws.url}   keys: . ${folder}/env

Try:
  npx fairlead upload ${folder}/${NEXT_EXAMPLE} ${target.name}/${namespace}/${EXAMPLE_RELEASE}/ --wait${other}
  git clone ${url}
  ${fairlead} kubectl -n ${namespace} get all
  ${fairlead} kubectl -n ${namespace} set image deployment/${EXAMPLE_RELEASE} '*=nginx:1.0'      then look at the page

The same with tools of your own:
  (. ${folder}/env; aws --endpoint-url ${aws.url} s3 cp ${folder}/${NEXT_EXAMPLE} s3://${aws.buckets.upload.name}/${target.name}/${namespace}/${EXAMPLE_RELEASE}/)
  (. ${folder}/env; kubectl -n ${namespace} get all)
  git clone -c credential.helper=${quote(`store --file=${resolve(data)}/git-credentials`)} ${url} ${target.repository}-push     a clone that may push
`;
}
