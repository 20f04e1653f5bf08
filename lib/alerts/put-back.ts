import { applyFolder, chartFolder, valuesFile } from '../repository/layout.ts';
import { inNamespace, isOrdinary, isOrdinaryPath, quoted } from './commands.ts';
import {
  type DeployersObject,
  deployersObject,
  type PlacedAlert,
  rootObject,
  scopesOf,
  subjectOfScope,
  TYPES,
} from './deployers-object.ts';
import { few, type Remedy } from './remedy.ts';

/** Objects in one command: a longer line is no help on a phone. */
const AT_ONCE = 10;
const COMMIT_CHARACTERS = 12;

/** Git's state once more, as the target's deployer applies it. */
export function putBack(alert: PlacedAlert): Remedy {
  switch (alert.deployer) {
    case 'flux':
      return byFlux(alert);
    case 'argocd':
      return byArgocd(alert);
    case 'none':
      return byHand(alert);
  }
}

/** What is wrong is the deployer's own object for a release: what applies that is to apply Git. */
const OWN = { flux: 'HelmRelease', argocd: 'Application', none: 'object' } as const;

export function putBackThroughRoot(alert: PlacedAlert): Remedy {
  const root = rootObject(alert);
  return {
    title: `Put ${isMany(alert) ? 'them' : 'it'} back: have the ${OWN[alert.deployer]} applied as it is in Git`,
    text: [
      `It is the ${OWN[alert.deployer]} itself that is not as Git says. What was made of it follows by itself.`,
      ...(root === undefined ? ['Have what applies that object apply Git anew.'] : []),
    ],
    commands: root === undefined ? [] : root.kind === 'Application' ? sync([root]) : apply([root]),
  };
}

function byFlux(alert: PlacedAlert): Remedy {
  const { objects, unknown } = objectsOf(alert);
  const releases = objects.filter(({ kind }) => kind === 'HelmRelease');
  const kustomizations = objects.filter(({ kind }) => kind === 'Kustomization');
  const suspended = objects.filter(({ putsBack }) => putsBack === 'nothing');
  const it = isMany(alert) ? 'them' : 'it';
  return {
    title:
      suspended.length > 0
        ? `Put ${it} back: Flux is suspended here, so resume it and have it apply Git`
        : releases.length > 0
          ? `Put ${it} back: have Flux upgrade the release${isMany(alert) ? 's' : ''} anew`
          : `Put ${it} back: have Flux apply Git anew`,
    text: [...whenFluxDoes(objects), ...notFound(unknown, 'Flux'), ...notNamed(alert)],
    commands: [...resume(suspended), ...apply(kustomizations), ...upgrade(releases)],
  };
}

function whenFluxDoes(objects: readonly DeployersObject[]): readonly string[] {
  if (objects.length === 0) return [];
  if (objects.some(({ putsBack }) => putsBack === 'nothing')) return SUSPENDED;
  if (objects.every(({ putsBack }) => putsBack === 'by-itself'))
    return ['Flux does so by itself, with its next round. To have it now:'];
  return objects.some(({ kind }) => kind === 'HelmRelease')
    ? [
        'Flux leaves such changes until the next upgrade, unless the HelmRelease says driftDetection.mode: enabled.',
      ]
    : ['Flux does so by itself at its next interval, unless the Kustomization is suspended.'];
}

const SUSPENDED = ['Somebody may have suspended it on purpose. What Git itself suspends is resumed in Git.'];

/** The same once more, for a rollout that has not come to its end. */
export function tryAgain(alert: PlacedAlert): Remedy {
  const again = putBack(alert);
  const isSuspended = again.text.includes(SUSPENDED[0] ?? '');
  return {
    ...again,
    title: isSuspended ? 'Flux is suspended here: resume it, and have it try again' : 'Try it again',
    text:
      alert.deployer === 'none'
        ? again.text
        : [...(isSuspended ? SUSPENDED : []), ...notFound(objectsOf(alert).unknown, NAMES[alert.deployer])],
  };
}

const NAMES = { flux: 'Flux', argocd: 'Argo CD' } as const;

function byArgocd(alert: PlacedAlert): Remedy {
  const { objects, unknown } = objectsOf(alert);
  const [first] = objects;
  const states = new Set(objects.map(({ putsBack }) => putsBack));
  const only = states.size === 1 ? first?.putsBack : undefined;
  return {
    title: `Put ${isMany(alert) ? 'them' : 'it'} back: have Argo CD sync`,
    text: [
      ...(first === undefined
        ? []
        : [
            only === 'by-itself'
              ? 'Argo CD does so by itself (selfHeal is on). To have it now:'
              : only === 'when-asked'
                ? 'Argo CD syncs this only when asked.'
                : 'With syncPolicy.automated.selfHeal: true, Argo CD does so by itself.',
          ]),
      ...notFound(unknown, 'Argo CD'),
      ...notNamed(alert),
    ],
    commands: sync(objects),
  };
}

/** Without a deployer: what `helm upgrade` or `kubectl apply` make of the commit, in a clone of the repository. */
function byHand(alert: PlacedAlert): Remedy {
  const target = { name: alert.target, root: alert.root };
  const scopes = scopesOf(alert).map(({ scope }) => subjectOfScope(scope));
  const it = isMany(alert) ? 'them' : 'it';
  const releases = scopes.flatMap((subject) => {
    if (subject.kind !== 'release') return [];
    const { namespace, release } = subject;
    const [chart, values] = [chartFolder(target, subject), valuesFile(target, subject)];
    if (!isOrdinary(namespace) || !isOrdinary(release) || !isOrdinaryPath(chart)) return [];
    return [
      `helm upgrade -n ${quoted(namespace)} ${quoted(release)} ${quoted(chart)} -f ${quoted(values)} --force-conflicts`,
    ];
  });
  const folder = applyFolder(target);
  const manifests =
    scopes.some(({ kind }) => kind === 'manifests') && isOrdinaryPath(folder)
      ? [`kubectl apply --server-side --force-conflicts -R -f ${quoted(folder)}`]
      : [];
  return {
    title:
      releases.length > 0
        ? `Put ${it} back: upgrade to what Git says`
        : `Put ${it} back: apply what Git says`,
    text: [
      `In a clone of the repository, at commit ${shown(alert.commit)}:`,
      // Helm 4 applies server-side, and what a person changed is a conflict; the others know no such flag.
      ...(releases.length > 0
        ? [
            'With Helm 3, and for a release of --server-side=false, leave out --force-conflicts. Leave out -f where there is no such file.',
          ]
        : []),
      ...notNamed(alert),
    ],
    commands: [...manifests, ...few(releases, 'releases')],
  };
}

const shown = (commit: string): string =>
  /^[0-9a-f]+$/.test(commit) ? commit.slice(0, COMMIT_CHARACTERS) : "of the branch's tip";

const isMany = (alert: PlacedAlert): boolean => scopesOf(alert).length > 1;

/** Each of the deployer's objects once, and how many of the scopes have one that is not known. */
function objectsOf(alert: PlacedAlert): {
  readonly objects: readonly DeployersObject[];
  readonly unknown: number;
} {
  const scopes = scopesOf(alert);
  const found = scopes.flatMap((scope) => deployersObject(alert, scope) ?? []);
  const objects = new Map(
    found.map((object) => [`${object.kind}/${object.namespace}/${object.name}`, object]),
  );
  return { objects: [...objects.values()], unknown: scopes.length - found.length };
}

const notFound = (unknown: number, deployer: string): readonly string[] =>
  unknown === 0
    ? []
    : [
        `Which object of ${deployer} applies ${unknown === 1 ? 'it' : `${unknown} of them`} could not be seen: no command for that.`,
      ];

/** An alert names as many of its parts as fit. */
function notNamed(alert: PlacedAlert): readonly string[] {
  const named = scopesOf(alert).length;
  const left = 'left' in alert ? (alert.left ?? named) : named;
  return left > named
    ? [`These commands are for ${named} of them. Those that do not fit in here "npx fairlead check" names.`]
    : [];
}

/** One command for up to ten objects of a namespace. */
function each(
  objects: readonly DeployersObject[],
  command: (place: string, names: string) => string,
): readonly string[] {
  const lines: string[] = [];
  for (const namespace of new Set(objects.map((object) => object.namespace))) {
    const names = objects
      .filter((object) => object.namespace === namespace)
      .map(({ kind, name }) => quoted(`${TYPES[kind]}/${name}`));
    const place = inNamespace(namespace);
    if (place === undefined) continue;
    for (let from = 0; from < names.length; from += AT_ONCE)
      lines.push(command(place, names.slice(from, from + AT_ONCE).join(' ')));
  }
  return few(lines, 'such commands');
}

/** `forceAt` counts only beside a `requestedAt` of the same value (helm-controller, api/v2, annotations.go). */
const upgrade = (releases: readonly DeployersObject[]): readonly string[] =>
  each(
    releases,
    (place, names) =>
      `now=$(date +%s) && kubectl annotate --overwrite ${place}${names} reconcile.fluxcd.io/requestedAt="$now" reconcile.fluxcd.io/forceAt="$now"`,
  );

const apply = (kustomizations: readonly DeployersObject[]): readonly string[] =>
  each(
    kustomizations,
    (place, names) =>
      `kubectl annotate --overwrite ${place}${names} reconcile.fluxcd.io/requestedAt="$(date +%s)"`,
  );

const resume = (suspended: readonly DeployersObject[]): readonly string[] =>
  few(
    suspended.map(
      ({ kind, namespace, name }) =>
        `kubectl patch ${inNamespace(namespace) ?? ''}${quoted(`${TYPES[kind]}/${name}`)} --type merge -p '{"spec":{"suspend":false}}'`,
    ),
    'that are suspended',
  );

function sync(applications: readonly DeployersObject[]): readonly string[] {
  const names = applications.map(({ namespace, name }) => quoted(`${namespace}/${name}`));
  const lines: string[] = [];
  for (let from = 0; from < names.length; from += AT_ONCE)
    lines.push(`argocd app sync ${names.slice(from, from + AT_ONCE).join(' ')}`);
  return few(lines, 'such commands');
}
