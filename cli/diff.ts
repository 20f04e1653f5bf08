import { oneLine } from '../lib/alerts/plain.ts';
import { formatScope } from '../lib/checks/observation.ts';
import { readRender } from '../lib/checks/renders.ts';
import { ASKING_OPTIONS, ASKING_USAGE, askedOf } from './asking.ts';
import { EXIT, outcomeOf } from './check.ts';
import { formatObservation } from './check-output.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import { formatDiff } from './diff-output.ts';
import { CannotJudge, type Observed, observe } from './observing.ts';
import { type Paint, paintOn, progressOn } from './progress.ts';
import { only } from './selecting.ts';

const USAGE = `npx fairlead diff NAMESPACE/RELEASE [TARGET] --repo PATH|URL [OPTIONS]

Shows what of a release differs between Git (-) and the cluster (+), and who likely changed it. Only findings are shown:
nothing that Kubernetes fills in by itself. Values of Secrets never are. Only reads; installs nothing.

  NAMESPACE/RELEASE  as "npx fairlead check" names it; "manifests" for those of no release
  TARGET             the target's name; its files lie below fairlead/TARGET in the repository. Default: the only one
${ASKING_USAGE}

Exit: 0 in sync, 1 drift, 2 could not judge all of it; 64 what was typed makes no command, 130 Ctrl-C.

  npx fairlead diff shop/web staging --repo https://git.example.com/platform/cluster.git`;

export const diff: Command = {
  name: 'diff',
  summary: 'show what of a release differs, line by line',
  usage: USAGE,
  async run(argv) {
    const { release, asked } = parse(argv);
    const progress = progressOn(process.stderr, process.env);
    const paint = paintOn(process.stdout, process.env);
    try {
      const observed = await observe(asked, progress);
      console.log(await formatted(observed, release, paint));
      return EXIT[outcomeOf(only(observed.observation, [release]))];
    } catch (error) {
      if (!(error instanceof CannotJudge)) throw error;
      console.error(`could not judge: ${error.message}`);
      return EXIT.unknown;
    }
  },
};

async function formatted(observed: Observed, release: string, paint: Paint): Promise<string> {
  const chosen = only(observed.observation, [release]);
  const seen = chosen.scopes.find(({ scope }) => formatScope(scope) === release);
  if (seen === undefined || (seen.state.kind !== 'drift' && seen.state.kind !== 'rollout'))
    return formatObservation(chosen, observed.cluster, paint);
  const { scope, state, render } = seen;
  const objects = render === undefined ? undefined : await readRender(observed.state, render);
  const said =
    state.deployer === undefined ? [] : [paint(`# the deployer: ${oneLine(state.deployer)}`, 'dim')];
  if (state.unjudged !== undefined)
    said.push(paint(`# some of it could not be judged: ${oneLine(state.unjudged.reason)}`, 'yellow'));
  const inNamespace = scope.kind === 'release' ? scope.namespace : undefined;
  return [...said, formatDiff(state.findings, objects ?? [], inNamespace, paint)].join('\n');
}

function parse(argv: readonly string[]) {
  const { values, positionals } = readArguments({
    args: [...argv],
    allowPositionals: true,
    options: ASKING_OPTIONS,
  });
  const [release, target, ...more] = positionals;
  if (release === undefined) throw new UsageError('name a release: NAMESPACE/RELEASE');
  if (!release.includes('/') && release !== 'manifests')
    throw new UsageError(`a release is named NAMESPACE/RELEASE, not "${release}"`);
  if (more.length > 0) throw new UsageError(`one release of one target, not ${positionals.join(', ')}`);
  return { release, asked: askedOf(values, target) };
}
