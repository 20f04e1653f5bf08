import { THROUGH_DEPLOYER } from '../checks/through-deployer.ts';
import { rulesText } from '../desired/drift-file-writing.ts';
import { ruleForAlike } from '../drift/rules/alike.ts';
import type { Finding } from '../drift/verdicts.ts';
import { isCritical } from '../incidents/severity.ts';
import { groupOf, identityOf, type ObjectReference } from '../objects/objects.ts';
import { applyFolder, driftRulesFile, valuesFile } from '../repository/layout.ts';
import type { Alert } from './alert.ts';
import { fairlead, isOrdinary, isOrdinaryPath, objectArguments, quoted } from './commands.ts';
import {
  deployersObject,
  type PlacedAlert,
  rootObject,
  scopesOf,
  subjectOfScope,
  TYPES,
} from './deployers-object.ts';
import { type Paragraph, paragraphsOf } from './grouping.ts';
import { oneLine, shortLine } from './plain.ts';
import { putBack, putBackThroughRoot, tryAgain } from './put-back.ts';
import { few, type Remedy } from './remedy.ts';
import { takingBack } from './take-back.ts';
import { thawing } from './thawing.ts';

/** Alerts about findings: what differs now. */
export type DifferingAlert = Extract<
  Alert,
  { readonly kind: 'drift' | 'drift-changed' | 'summary' } | { readonly of: 'drift' }
>;
type StalledAlert = Extract<Alert, { readonly kind: 'stalled' } | { readonly of: 'stalled' }>;
type UnknownAlert = Extract<Alert, { readonly kind: 'unknown' } | { readonly of: 'unknown' }>;

/** Rules that are offered at once, and files that are named. */
const RULES_SHOWN = 5;
const FILES_SHOWN = 5;
const FILE_BYTES = 400;
/** A rule from an alert is for a while: what stays has a better reason, written by a person. */
const RULE_DAYS = 30;

/**
 * What can be done about it, the likeliest first: put it back as this deployer does, keep it, ignore it. For a stalled
 * rollout: look, and try again. Nothing where there is nothing to do.
 */
export function remediesOf(alert: Alert): readonly Remedy[] {
  switch (alert.kind) {
    case 'summary':
      return [...differing(alert).filter(({ paste }) => paste === undefined), acceptAll(alert)];
    case 'drift':
    case 'drift-changed':
      return [...differing(alert), ...takingBack(alert), snooze(alert)];
    case 'stalled':
      return [...stalled(alert), snooze(alert)];
    case 'unknown':
      return [...unknown(alert), snooze(alert)];
    case 'reminder':
      return [...reminding(alert), snooze(alert)];
    case 'blocked':
      return [BLOCKED];
    case 'failed':
      return [replayOf(alert)];
    case 'frozen':
      return [thawing(alert)];
    case 'rejected':
    case 'converged':
    case 'rolled-out':
    case 'known-again':
    case 'unblocked':
    case 'drill':
    case 'drill-over':
      return [];
  }
}

function reminding(alert: Extract<Alert, { readonly kind: 'reminder' }>): readonly Remedy[] {
  switch (alert.of) {
    case 'drift':
      return [...differing(alert), ...takingBack(alert)];
    case 'stalled':
      return stalled(alert);
    case 'unknown':
      return unknown(alert);
  }
}

function differing(alert: DifferingAlert): readonly Remedy[] {
  const paragraphs = paragraphsOf(alert.findings);
  const ignored = ignore(alert, paragraphs);
  // Applied anew, it would be rewritten anew.
  if (paragraphs.length > 0 && paragraphs.every(({ cause }) => cause === 'admission'))
    return [...ignored.map((remedy) => ({ ...remedy, title: ACCEPT_ADMISSION })), MEND_WEBHOOK, keep(alert)];
  const isPutBack = putsBack(alert);
  const cause = causeOf(alert);
  return [
    ...(cause === 'release' ? [] : [putBackThroughRoot(alert)]),
    ...(isPutBack && cause !== 'its-object' ? [putBack(alert)] : []),
    ...cleanUp(alert, isPutBack),
    keep(alert),
    ...ignored,
  ];
}

const ACCEPT_ADMISSION = 'If that is what this cluster does, accept it';
const MEND_WEBHOOK: Remedy = {
  title: 'Else change the webhook or policy that does it',
  text: ['Until then whatever is applied anew is rewritten anew.'],
  commands: [],
};

/** Whether the deployer's own work takes anything back: what is gone or changed, and a few of the additions. */
const putsBack = (alert: DifferingAlert): boolean =>
  (alert.more ?? 0) > 0 ||
  alert.findings.some(
    (finding) =>
      finding.verdict !== 'extra' &&
      (finding.verdict !== 'added' || isThroughDeployer(finding) || isTakenOut(alert, finding)),
  );

/** kustomize-controller takes over what kubectl wrote, so that what was added goes (fluxcd/pkg/ssa, matchFieldManager). */
const TAKEN_OVER = /^(kubectl|before-first-apply)/;

function isTakenOut(alert: DifferingAlert, finding: Finding): boolean {
  const { manager = '', subresource = '' } = finding.attribution ?? {};
  const subject = ownerOf(alert, finding)?.subject;
  if (!TAKEN_OVER.test(manager) || subresource !== '' || subject === undefined) return false;
  return subject.kind === 'manifests'
    ? alert.deployer === 'flux'
    : isDeployersOwn(alert, finding) && rootObject(alert)?.kind === 'Kustomization';
}

/** The scope that the finding is of, where that is known. */
function ownerOf(alert: DifferingAlert, { scope }: Finding) {
  const found = alert.members === undefined ? alert : alert.members.find((member) => member.scope === scope);
  const owner = found ?? (scope === undefined ? undefined : { scope });
  return owner && { ...owner, subject: subjectOfScope(owner.scope) };
}

/** Whether it is the object that has the deployer deploy the release, or its values that lie beside that. */
function isDeployersOwn(alert: DifferingAlert, finding: Finding): boolean {
  const owner = ownerOf(alert, finding);
  if (owner?.subject.kind !== 'release') return false;
  const { kind, apiVersion, namespace } = finding.object;
  if (DEPLOYERS_KINDS.has(`${kind}.${groupOf(apiVersion)}`)) return true;
  const place = deployersObject(alert, owner)?.namespace;
  return kind === 'ConfigMap' && namespace === place && place !== owner.subject.namespace;
}

/**
 * Whether it is about the deployer's own object for the release, with what the deployer made of that: to ask the
 * deployer for the release once more would write the same again.
 */
function causeOf(alert: DifferingAlert): 'release' | 'its-object' | 'both' {
  const { findings, more, members } = alert;
  const own = findings.filter((finding) => isDeployersOwn(alert, finding));
  const others = findings.filter((finding) => !own.includes(finding) && !isThroughDeployer(finding));
  if (own.length === 0 && !findings.some(isThroughDeployer)) return 'release';
  // Nobody can ask one that does not exist.
  if (members === undefined && own.some(({ verdict }) => verdict === 'missing')) return 'its-object';
  return others.length === 0 && more === undefined ? 'its-object' : 'both';
}

const DEPLOYERS_KINDS = new Set(['HelmRelease.helm.toolkit.fluxcd.io', 'Application.argoproj.io']);

const isThroughDeployer = ({ attribution }: Finding): boolean =>
  attribution?.likely.startsWith(THROUGH_DEPLOYER) === true;

/** What no deployer takes back: additions by others stay, and orphans lie about. */
function cleanUp(alert: DifferingAlert, isPutBack: boolean): readonly Remedy[] {
  const { findings } = alert;
  const added = objectsWith(
    findings.filter((finding) => !isThroughDeployer(finding) && !isTakenOut(alert, finding)),
    'added',
  );
  const extra = objectsWith(
    findings.filter(({ note }) => !note?.startsWith('being deleted')),
    'extra',
  );
  const commands = (verb: string, objects: readonly ObjectReference[]): readonly string[] =>
    few(
      objects.flatMap((object) => {
        const found = objectArguments(object);
        return found === undefined ? [] : [`${verb} ${found}`];
      }),
      'objects',
    );
  return [
    ...(added.length === 0
      ? []
      : [
          {
            title: isPutBack
              ? 'What others added may stay after that: take it out by hand'
              : 'Put it back: take out by hand what others added, since the deployer leaves it',
            text: [],
            commands: commands('kubectl edit', added),
          },
        ]),
    ...(extra.length === 0
      ? []
      : [
          {
            title: 'What Git no longer declares: remove it, if nothing needs it',
            text: [],
            commands: commands('kubectl delete', extra),
          },
        ]),
  ];
}

function objectsWith(findings: readonly Finding[], verdict: Finding['verdict']): readonly ObjectReference[] {
  const objects = new Map<string, ObjectReference>();
  for (const finding of findings)
    if (finding.verdict === verdict) objects.set(identityOf(finding.object), finding.object);
  return [...objects.values()];
}

const IN_CHART = /^(templates|charts|crds)\//;

/** Which files say it, as far as they are known. */
function keep(alert: DifferingAlert): Remedy {
  const target = { name: alert.target, root: alert.root };
  const [scope, ...others] = scopesOf(alert);
  const subject = subjectOfScope(scope?.scope ?? alert.scope);
  if (others.length === 0 && subject.kind === 'release') {
    const templates = sourcesOf(alert).map((source) =>
      IN_CHART.test(source) ? `its template: ${source}` : source,
    );
    const { file } = scope?.appliedBy ?? {};
    return {
      title: 'Keep it: write it into Git, in the values of the release or with a new chart version',
      text:
        alert.layout === 'foreign'
          ? [...(file === undefined ? [] : [shortLine(file, FILE_BYTES)]), ...templates]
          : [valuesFile(target, subject), ...templates],
      commands: [],
    };
  }
  const files = others.length > 0 ? [] : sourcesOf(alert);
  return {
    title:
      others.length > 0
        ? 'Keep it: write it into Git, in the values or manifests of each'
        : 'Keep it: write it into Git, in the file that declares it',
    text:
      files.length > 0
        ? files
        : others.length > 0
          ? [shortLine(alert.root, FILE_BYTES)]
          : alert.layout === 'foreign'
            ? []
            : [applyFolder(target)],
    commands: [],
  };
}

function sourcesOf({ findings }: DifferingAlert): readonly string[] {
  const sources = new Set(findings.flatMap(({ source }) => source ?? []));
  const more = sources.size - FILES_SHOWN;
  return [
    ...[...sources].slice(0, FILES_SHOWN).map((source) => shortLine(source, FILE_BYTES)),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

/** Rules to paste. None where something is critical: an alert does not offer to silence that. */
function ignore(alert: DifferingAlert, paragraphs: readonly Paragraph[]): readonly Remedy[] {
  if (alert.severity === 'critical') return [];
  const day = alert.at.slice(0, 'YYYY-MM-DD'.length);
  const expires = new Date(Date.parse(alert.at) + RULE_DAYS * 86_400_000);
  if (Number.isNaN(expires.getTime())) return [];
  const rules = paragraphs.flatMap(({ findings, cause }, index) => {
    // What the deployer made of another change goes with that one.
    if (findings.some((finding) => isCritical(finding) || isThroughDeployer(finding))) return [];
    const rule = ruleForAlike(findings, {
      reason:
        cause === 'admission'
          ? 'rewritten at admission, as this cluster does'
          : `accepted on ${day}: say why`,
      expires: expires.toISOString().slice(0, 'YYYY-MM-DD'.length),
    });
    const lines = rule === undefined ? [] : rulesText([rule]).trimEnd().split('\n');
    // What would have to be escaped to be shown is no longer the rule.
    const isPlain = lines.length > 0 && lines.every((line) => oneLine(line) === line);
    return isPlain ? [{ number: index + 1, lines }] : [];
  });
  if (rules.length === 0) return [];
  const shownRules = rules.slice(0, RULES_SHOWN);
  const left = rules.length - shownRules.length;
  const file = driftRulesFile({ name: alert.target, root: alert.root });
  return [
    {
      title: `Ignore it: add ${shownRules.length === 1 ? 'this rule' : 'the rules that you want'} in Git`,
      text: [
        `${shortLine(file, FILE_BYTES)}, below the line "rules:"`,
        ...(left > 0 ? [`(${left} more are not shown: npx fairlead baseline writes them all)`] : []),
      ],
      commands: [],
      paste: shownRules.flatMap(({ number, lines }) => [
        ...(paragraphs.length > 1 ? [`# ${number}.`] : []),
        ...lines,
      ]),
    },
  ];
}

/** What the first check found is accepted all at once, or put back. */
function acceptAll({ target, root }: DifferingAlert): Remedy {
  const file = driftRulesFile({ name: target, root });
  const where = root === `fairlead/${target}` ? '' : ` --root ${quoted(root)}`;
  return {
    title: 'Or accept all of it for 30 days, and be told what is new: in a clone of the repository',
    text: ['Then commit the file.'],
    commands: isOrdinaryPath(file)
      ? [
          `npx fairlead baseline ${quoted(target)} --repo .${where} --reason "as found when we began" --write ${quoted(file)}`,
        ]
      : [],
  };
}

function stalled(alert: StalledAlert): readonly Remedy[] {
  return [...look(alert), ...takingBack(alert), tryAgain(alert)];
}

/** Where the deployer says why, and the containers that do not run. */
function look(alert: PlacedAlert & StalledAlert): readonly Remedy[] {
  const commands = scopesOf(alert).flatMap((scope) => {
    const subject = subjectOfScope(scope.scope);
    const found = deployersObject(alert, scope);
    const isRelease =
      subject.kind === 'release' && isOrdinary(subject.namespace) && isOrdinary(subject.release);
    return [
      ...(found === undefined
        ? []
        : [`kubectl describe -n ${quoted(found.namespace)} ${quoted(`${TYPES[found.kind]}/${found.name}`)}`]),
      ...(alert.deployer === 'none' && isRelease
        ? [`helm history -n ${quoted(subject.namespace)} ${quoted(subject.release)}`]
        : []),
      ...(alert.unready.length > 0 && isRelease ? [`kubectl get pods -n ${quoted(subject.namespace)}`] : []),
    ];
  });
  return commands.length === 0
    ? []
    : [{ title: 'See why', text: [], commands: few(commands, 'such commands') }];
}

function unknown({ rule, scope }: UnknownAlert): readonly Remedy[] {
  if (rule !== undefined)
    return [
      {
        title: 'Allow it: add this to the ClusterRole of the check, or to a Role of each of the namespaces',
        text: [],
        commands: [],
        paste: rule.split('\n').map(oneLine),
      },
    ];
  return scope === 'drift.yaml' ? [MEND_RULES] : [RUNBOOK];
}

const MEND_RULES: Remedy = {
  title: 'Mend the file in Git, at the place that is named above',
  text: ['What may stand there: docs/drift.md.'],
  commands: [],
};

const RUNBOOK: Remedy = {
  title: 'See the runbook (docs/runbook.md): "A target is unknown", "No drift check has finished"',
  text: [],
  commands: [],
};

const BLOCKED: Remedy = {
  title: 'If it does not pass by itself: is the host up, may the credential push, is the branch protected',
  text: ['How a credential is changed: docs/credentials.md.'],
  commands: [],
};

/** Uploads that have failed keep their place in the order of their slots. */
const replayOf = (alert: Extract<Alert, { readonly kind: 'failed' }>): Remedy => ({
  title: 'Once the cause is gone, have them taken again, each in its old order',
  text: ['What was uploaded since and delivered stays: older uploads of the same slot end as superseded.'],
  commands: isOrdinary(alert.prefix.replaceAll('/', ''))
    ? [fairlead(`replay ${quoted(alert.prefix)}`, alert)]
    : [],
});

/** Silence for this alone, with an end; a rise to critical is told all the same. */
function snooze(alert: Alert): Remedy {
  const { target, scope, severity } = alert;
  const isNamed = isOrdinary(target) && isOrdinaryPath(scope);
  return {
    title: `Be quiet about it for a while${severity === 'critical' ? '' : ' (a rise to critical is told all the same)'}`,
    text: [],
    commands: isNamed
      ? [fairlead(`snooze ${quoted(target)} ${quoted(scope)} --for 8h --reason "being looked at"`, alert)]
      : [],
  };
}
