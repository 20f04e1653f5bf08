import { oneLine } from '../lib/alerts/plain.ts';
import { formatScope } from '../lib/checks/observation.ts';
import { readRender } from '../lib/checks/renders.ts';
import { ASKING_NOTES, ASKING_OPTIONS, askedOf } from './asking.ts';
import { EXIT, notJudged, outcomeOf } from './check.ts';
import { formatObservation, formatObservationJson } from './check-output.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { formatDiff } from './diff-output.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, USUAL_EXITS } from './form.ts';
import { CannotJudge, type Observed, observe } from './observing.ts';
import { type Paint, paintOn, progressOn } from './progress.ts';
import { only } from './selecting.ts';

const FORM = {
  typed: ['diff NAMESPACE/RELEASE [TARGET] --repo PATH|URL [OPTIONS]'],
  purpose: [
    'Shows what of a release differs between Git (-) and the cluster (+), and who likely changed it. Only findings are shown: nothing that Kubernetes fills in by itself. Values of Secrets never are. Only reads; installs nothing.',
  ],
  arguments: [
    {
      name: 'NAMESPACE/RELEASE',
      means: 'as "npx fairlead check" names it; "manifests" for those of no release',
    },
    {
      name: 'TARGET',
      means:
        "the target's name; its files lie below fairlead/TARGET in the repository. Default: the only one",
      completes: 'target',
    },
  ],
  options: { output: OUTPUT_OPTION, ...ASKING_OPTIONS },
  notes: ASKING_NOTES,
  exits: {
    0: 'in sync',
    1: 'drift',
    2: 'could not judge all of it',
    64: USUAL_EXITS[64],
    130: 'Ctrl-C',
  },
  examples: [
    'npx fairlead diff shop/web staging --repo https://git.example.com/platform/cluster.git',
    'npx fairlead diff shop/web --repo . -o json',
  ],
} as const satisfies Form;

export const diff: Command = {
  name: 'diff',
  summary: 'show what of a release differs, line by line',
  form: FORM,
  async run(argv) {
    const { release, asked, form } = parse(argv);
    const progress = progressOn(process.stderr, process.env);
    const paint = paintOn(process.stdout, process.env);
    try {
      const observed = await observe(asked, progress);
      const chosen = only(observed.observation, [release]);
      console.log(
        form === 'json' ? formatObservationJson(chosen) : await formatted(observed, release, paint),
      );
      return EXIT[outcomeOf(chosen)];
    } catch (error) {
      if (!(error instanceof CannotJudge)) throw error;
      if (form === 'json') console.log(formatObservationJson(notJudged(asked, error.message)));
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
    options: FORM.options,
  });
  const [release, target, ...more] = positionals;
  if (release === undefined) throw new UsageError('name a release: NAMESPACE/RELEASE');
  if (!release.includes('/') && release !== 'manifests')
    throw new UsageError(`a release is named NAMESPACE/RELEASE, not "${release}"`);
  if (more.length > 0) throw new UsageError(`one release of one target, not ${positionals.join(', ')}`);
  return { release, asked: askedOf(values, target), form: oneOf(OUTPUTS, values.output, '-o') };
}
