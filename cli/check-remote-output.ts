import { oneLine } from '../lib/alerts/plain.ts';
import { formatScope } from '../lib/checks/observation.ts';
import type { VerdictItem } from '../lib/checks/verdict-items.ts';
import { formatJson } from '../lib/objects/json.ts';
import type { EXIT } from './check.ts';
import type { FORMS } from './check-form.ts';
import type { RemoteResult } from './check-remote.ts';
import type { FoundInstallation } from './installation.ts';
import { type Case, formatSuites, nothingDeclared, RIGHTS, suite, unjudgedCase } from './junit.ts';
import { type Paint, paintOn } from './progress.ts';

type Form = (typeof FORMS)[number];

const SHORT_COMMIT = 10;
/** Releases in sync that are named one by one; of more, how many there are says as much. */
const NAMED = 20;
const RULES = formatScope({ kind: 'rules' });

/** As the exit codes of `check` tell them. */
export function outcomeOfRemote(result: RemoteResult): keyof typeof EXIT {
  if (result.kind === 'not-checked') return 'unknown';
  const { target, scopes } = result.verdicts;
  const all = [target, ...scopes.values()];
  if (all.some(({ verdict, unjudged }) => verdict === 'unknown' || unjudged !== undefined)) return 'unknown';
  if (all.some(({ verdict }) => verdict === 'drift' || verdict === 'rollout')) return 'drift';
  return [...scopes.keys()].some((scope) => scope !== RULES) ? 'in-sync' : 'unknown';
}

export function formatRemote(
  results: readonly RemoteResult[],
  form: Form,
  { options }: Pick<FoundInstallation, 'options'>,
): string {
  switch (form) {
    case 'text': {
      const paint = paintOn(process.stdout, process.env);
      return results.map((result) => textOf(result, paint, options)).join('\n\n');
    }
    case 'json':
      return formatJson({ schema: 1, targets: results.map(jsonOf) }, 2);
    case 'junit':
      return formatSuites('--remote', results.flatMap(suitesOf));
  }
}

function textOf(result: RemoteResult, paint: Paint, options: string): string {
  const name = oneLine(result.target);
  if (result.kind === 'not-checked')
    return `${paint(name, 'bold')}  ${paint('could not be judged', 'yellow')}: ${oneLine(result.reason)}`;
  const { target, scopes } = result.verdicts;
  const against = target.commit === '' ? '' : ` against commit ${target.commit.slice(0, SHORT_COMMIT)}`;
  const shown = [...scopes].filter(([scope, { verdict }]) => scope !== RULES || verdict === 'unknown');
  const well = shown.filter(([, { verdict }]) => verdict === 'in-sync');
  const unready = well.filter(([, { notReady, ignored }]) => (notReady ?? ignored) !== undefined);
  const named = well.length > NAMED ? unready : well;
  const lines = [
    paint(`${name}: as of ${target.at}${against}`, 'bold'),
    '',
    ...(named.length < well.length ? [`${well.length - named.length} in sync`] : []),
    ...named.flatMap(([scope, seen]) => scopeLines(scope, seen, paint)),
    ...(target.verdict === 'unknown' ? unknownLines(name, target, paint) : []),
    ...shown.flatMap(([scope, seen]) =>
      seen.verdict === 'unknown' ? unknownLines(oneLine(scope), seen, paint) : [],
    ),
    ...shown.flatMap(([scope, seen]) =>
      seen.verdict === 'drift' || seen.verdict === 'rollout' ? scopeLines(scope, seen, paint) : [],
    ),
  ];
  const drifted = shown.some(([, { verdict }]) => verdict === 'drift');
  return [
    ...lines,
    '',
    summaryOf([...(target.verdict === 'unknown' ? [target] : []), ...shown.map(([, seen]) => seen)]),
    ...(drifted
      ? [`values and who changed them: npx fairlead incidents --open --target ${name}${options}`]
      : []),
  ].join('\n');
}

const WORDS = {
  'in-sync': ['in sync', 'green'],
  drift: ['drift', 'red'],
  rollout: ['rolling out', 'yellow'],
} as const;

function scopeLines(scope: string, seen: VerdictItem, paint: Paint): readonly string[] {
  if (seen.verdict === 'unknown') return [];
  const [word, colour] = WORDS[seen.verdict];
  const chart = seen.chart === undefined ? '' : `  ${oneLine(`${seen.chart.name} ${seen.chart.version}`)}`;
  const more = seen.findings - (seen.differs?.length ?? 0);
  return [
    `${oneLine(scope)}${chart}  ${paint(word, colour)}`,
    ...(seen.reason === undefined ? [] : [`  the deployer: ${oneLine(seen.reason)}`]),
    ...(seen.differs ?? []).map((place) => `  ${oneLine(place)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(seen.notReady ?? []).map((line) => `  not ready: ${oneLine(line)}`),
    ...(seen.ignores ?? []).map((note) => `  ${oneLine(note)}`),
    ...(seen.unjudged === undefined
      ? []
      : unknownLines('  some of it', { reason: seen.unjudged, ...ruleOf(seen) }, paint)),
  ];
}

const ruleOf = ({ rule }: VerdictItem): { rule?: string } => (rule === undefined ? {} : { rule });

function unknownLines(
  title: string,
  { reason = 'nobody said why', rule }: Pick<VerdictItem, 'reason' | 'rule'>,
  paint: Paint,
): readonly string[] {
  return [
    `${title}  ${paint('could not be judged', 'yellow')}: ${oneLine(reason)}`,
    ...(rule === undefined
      ? []
      : [
          `  ${RIGHTS}`,
          ...rule
            .trimEnd()
            .split('\n')
            .map((line) => `    ${oneLine(line)}`),
        ]),
  ];
}

function summaryOf(seen: readonly VerdictItem[]): string {
  const count = (kind: VerdictItem['verdict']) => seen.filter(({ verdict }) => verdict === kind).length;
  const parts = [
    [count('drift'), 'drifted'],
    [count('rollout'), 'rolling out'],
    [count('unknown'), 'not judged'],
    [count('in-sync'), 'in sync'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? 'nothing is declared there' : said.join(', ');
}

function jsonOf(result: RemoteResult) {
  const outcome = outcomeOfRemote(result);
  if (result.kind === 'not-checked') return { target: result.target, outcome, reason: result.reason };
  const { target, scopes } = result.verdicts;
  return {
    target: result.target,
    outcome,
    ...target,
    scopes: [...scopes].map(([scope, seen]) => ({ scope, ...seen })),
  };
}

function suitesOf(result: RemoteResult) {
  if (result.kind === 'not-checked')
    return [
      suite(result.target, 'target', new Date().toISOString(), [unjudgedCase({ reason: result.reason })]),
    ];
  const { target, scopes } = result.verdicts;
  const { at } = target;
  const shown = [...scopes].filter(([scope, { verdict }]) => scope !== RULES || verdict === 'unknown');
  const all = [...(target.verdict === 'unknown' ? [['target', target] as const] : []), ...shown];
  return all.length === 0
    ? [nothingDeclared({ target: result.target, at })]
    : all.map(([scope, seen]) => suite(result.target, scope, at, casesOf(seen)));
}

function casesOf(seen: VerdictItem): readonly Case[] {
  switch (seen.verdict) {
    case 'in-sync':
      return [{ name: 'in sync', result: 'passed' }];
    case 'unknown':
      return [unjudgedCase({ reason: seen.reason ?? 'nobody said why', ...ruleOf(seen) })];
    case 'drift':
    case 'rollout': {
      const message = `${seen.findings} found`;
      const text = [...(seen.reason === undefined ? [] : [seen.reason]), ...(seen.differs ?? [])];
      const differs: Case = {
        name: 'in sync',
        result: { kind: 'failure', message, text: text.map(oneLine).join('\n') },
      };
      return seen.unjudged === undefined
        ? [differs]
        : [differs, unjudgedCase({ reason: seen.unjudged, ...ruleOf(seen) })];
    }
  }
}
