import type { Finding } from '../drift/verdicts.ts';
import { groupOf, identityOf, type ObjectReference } from '../objects/objects.ts';
import {
  applicationName,
  applyFolder,
  chartFolder,
  deployerNamespace,
  FLUX_NAMES,
  helmReleaseName,
  manifestsFolder,
  rootApplicationName,
  valuesFile,
} from '../repository/layout.ts';
import type { Alert } from './alert.ts';

/** One thing that can be done: words, and commands that work when pasted (made of names only, quoted for a shell). */
export interface Remedy {
  readonly title: string;
  readonly text: readonly string[];
  readonly commands: readonly string[];
}

type DriftAlert = Extract<Alert, { readonly kind: 'drift' | 'drift-changed' | 'stalled' }>;

/** More commands than this help nobody on a phone. */
const COMMANDS = 5;

/** Put it back, or keep it: as this deployer does each. For a stalled rollout: look, and try again. */
export function remediesOf(alert: DriftAlert): readonly Remedy[] {
  if (alert.kind === 'stalled')
    return [...look(alert), { ...putBack(alert), title: 'Try it again', text: [] }];
  const isPutBack = putsBack(alert);
  return [...(isPutBack ? [putBack(alert)] : []), ...cleanUp(alert, isPutBack), keep(alert)];
}

/** Uploads that have failed keep their place in the order of their slots. */
export const replayOf = ({ prefix }: Extract<Alert, { readonly kind: 'failed' }>): Remedy => ({
  title: 'Once the cause is gone, have them taken again, each in its old order',
  text: ['What was uploaded since and delivered stays: older uploads of the same slot end as superseded.'],
  commands: isOrdinary(prefix.replaceAll('/', '')) ? [`npx fairlead replay ${quoted(prefix)}`] : [],
});

/**
 * Whether the deployer's own work takes anything back: what is gone or changed, and of what was added only what
 * kustomize-controller takes over from kubectl (fluxcd/pkg/ssa, ApplyCleanupOptions).
 */
function putsBack({ findings, more = 0, deployer, scope }: DriftAlert): boolean {
  const takesOver = deployer === 'flux' && subjectOf(scope).kind === 'manifests';
  return (
    more > 0 || findings.some(({ verdict }) => verdict !== 'extra' && (verdict !== 'added' || takesOver))
  );
}

type Subject =
  | { readonly kind: 'release'; readonly namespace: string; readonly release: string }
  | { readonly kind: 'manifests'; readonly namespace?: string; readonly name?: string };

function subjectOf(scope: string): Subject {
  const [first, namespace, name] = scope.split('/');
  // No target has a namespace of that name (lib/config).
  if (first === 'manifests' && namespace !== undefined && name !== undefined)
    return { kind: 'manifests', namespace, name };
  const slash = scope.indexOf('/');
  return slash < 0
    ? { kind: 'manifests' }
    : { kind: 'release', namespace: scope.slice(0, slash), release: scope.slice(slash + 1) };
}

function look({ deployer, scope, target, argocdNamespace }: DriftAlert): readonly Remedy[] {
  const subject = subjectOf(scope);
  const title = 'Ask the deployer why';
  const describe = (type: string, name: string, namespace: string) => [
    { title, text: [], commands: [`kubectl describe -n ${quoted(namespace)} ${quoted(`${type}/${name}`)}`] },
  ];
  switch (deployer) {
    case 'flux':
      return subject.kind === 'release'
        ? describe('helmrelease', helmReleaseName(subject), deployerNamespace({ name: target }))
        : describe(
            KUSTOMIZATION,
            subject.name ?? FLUX_NAMES.kustomization,
            subject.namespace ?? deployerNamespace({ name: target }),
          );
    case 'argocd':
      return describe(
        'application.argoproj.io',
        subject.kind === 'release'
          ? applicationName({ name: target }, subject)
          : rootApplicationName({ name: target }),
        argocdNamespace ?? 'argocd',
      );
    case 'none':
      return [];
  }
}

const KUSTOMIZATION = 'kustomization.kustomize.toolkit.fluxcd.io';

function putBack(alert: DriftAlert): Remedy {
  const subject = subjectOf(alert.scope);
  switch (alert.deployer) {
    case 'flux':
      return subject.kind === 'release'
        ? {
            title: 'Put it back: have Flux upgrade the release anew',
            text: [
              'Flux leaves such changes until the next upgrade, unless the HelmRelease says driftDetection.mode: enabled.',
            ],
            commands: [
              'now=$(date +%s)',
              [
                `kubectl annotate --overwrite -n ${quoted(deployerNamespace({ name: alert.target }))}`,
                `${quoted(`helmrelease/${helmReleaseName(subject)}`)}`,
                'reconcile.fluxcd.io/requestedAt="$now" reconcile.fluxcd.io/forceAt="$now"',
              ].join(' '),
            ],
          }
        : {
            title: 'Put it back: have Flux apply Git anew',
            text: ['Flux does so by itself at its next interval, unless the Kustomization is suspended.'],
            commands: [
              [
                `kubectl annotate --overwrite -n ${quoted(subject.namespace ?? deployerNamespace({ name: alert.target }))}`,
                quoted(`${KUSTOMIZATION}/${subject.name ?? FLUX_NAMES.kustomization}`),
                'reconcile.fluxcd.io/requestedAt="$(date +%s)"',
              ].join(' '),
            ],
          };
    case 'argocd': {
      const application =
        subject.kind === 'release'
          ? applicationName({ name: alert.target }, subject)
          : rootApplicationName({ name: alert.target });
      return {
        title: 'Put it back: have Argo CD sync',
        text: ['With syncPolicy.automated.selfHeal: true, Argo CD does so by itself.'],
        commands: [`argocd app sync ${quoted(`${alert.argocdNamespace ?? 'argocd'}/${application}`)}`],
      };
    }
    case 'none':
      return subject.kind === 'release'
        ? {
            title: 'Put it back: upgrade the release to what Git says, in a clone of the repository',
            // Helm 4 applies server-side, and what a person changed is a conflict; the others know no such flag.
            text: ['With Helm 3, and for a release of --server-side=false, leave out --force-conflicts.'],
            commands: [
              [
                `helm upgrade -n ${quoted(subject.namespace)} ${quoted(subject.release)}`,
                `${quoted(chartFolder({ name: alert.target, root: alert.root }, subject))}`,
                `-f ${quoted(valuesFile({ name: alert.target, root: alert.root }, subject))}`,
                '--force-conflicts',
              ].join(' '),
            ],
          }
        : {
            title: 'Put it back: apply what Git says, in a clone of the repository',
            text: [],
            commands: [
              `kubectl apply --server-side --force-conflicts -R -f ${quoted(manifestsFolder({ name: alert.target, root: alert.root }))}`,
            ],
          };
  }
}

/** What no deployer takes back: additions by others stay, and orphans lie about. */
function cleanUp({ findings }: DriftAlert, isPutBack: boolean): readonly Remedy[] {
  const added = objectsWith(findings, 'added');
  const extra = objectsWith(
    findings.filter(({ note }) => !note?.startsWith('being deleted')),
    'extra',
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
            commands: few(added.flatMap((object) => command('kubectl edit', object))),
          },
        ]),
    ...(extra.length === 0
      ? []
      : [
          {
            title: 'What Git no longer declares: remove it, if nothing needs it',
            text: [],
            commands: few(extra.flatMap((object) => command('kubectl delete', object))),
          },
        ]),
  ];
}

function keep(alert: DriftAlert): Remedy {
  const subject = subjectOf(alert.scope);
  return subject.kind === 'release'
    ? {
        title: 'Keep it: write it into Git, in the values of the release or with a new chart version',
        text: [valuesFile({ name: alert.target, root: alert.root }, subject)],
        commands: [],
      }
    : {
        title: 'Keep it: write it into Git, in the file that declares it',
        text: [applyFolder({ name: alert.target, root: alert.root })],
        commands: [],
      };
}

function objectsWith(findings: readonly Finding[], verdict: Finding['verdict']): readonly ObjectReference[] {
  const objects = new Map<string, ObjectReference>();
  for (const finding of findings)
    if (finding.verdict === verdict) objects.set(identityOf(finding.object), finding.object);
  return [...objects.values()];
}

/** `kubectl edit -n shop deployment.apps/web`; nothing for a name that no command should hold. */
function command(verb: string, { apiVersion, kind, namespace, name }: ObjectReference): readonly string[] {
  if (![kind, name, namespace ?? ''].every(isOrdinary)) return [];
  const group = groupOf(apiVersion);
  const type = kind.toLowerCase() + (group === '' ? '' : `.${group}`);
  return [`${verb}${namespace === undefined ? '' : ` -n ${quoted(namespace)}`} ${quoted(`${type}/${name}`)}`];
}

const few = (commands: readonly string[]): readonly string[] =>
  commands.length <= COMMANDS
    ? commands
    : [...commands.slice(0, COMMANDS), `# and ${commands.length - COMMANDS} more objects`];

const NAME_CHARACTERS = 253;
/** A name as Kubernetes has them: path segments (RBAC names hold colons), of a length that one can read. */
const isOrdinary = (name: string): boolean =>
  name.length <= NAME_CHARACTERS && /^[A-Za-z0-9._:@ -]*$/.test(name);

/** For a POSIX shell. */
export const quoted = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
