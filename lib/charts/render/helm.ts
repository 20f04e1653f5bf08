import { formatBytes, printable, type Reason, reason } from '../reasons.ts';
import type { Capabilities, HelmFlags, RenderRequest } from '../render-request.ts';
import { type CapabilityStub, type ExtraKind, startCapabilityStub } from './capability-stub.ts';
import { type ChildOutcome, MEMORY_LIMIT, runLimited, STDOUT_BYTES, WALL_SECONDS } from './limited-child.ts';

export interface HelmTemplate {
  /** The helm binary. */
  readonly helm: string;
  /** Scratch folder that holds `chartFolder` and `valuesFiles`, named relative to it. */
  readonly folder: string;
  readonly chartFolder: string;
  readonly valuesFiles: readonly string[];
  readonly release: string;
  readonly namespace: string;
  readonly deployer: RenderRequest['deployer'];
  readonly capabilities: Capabilities;
  readonly action: 'install' | 'upgrade';
  readonly flags?: HelmFlags;
  /** Kinds that an earlier run found missing from the profile. */
  readonly notServed?: readonly ExtraKind[];
}

export type HelmOutcome =
  | {
      readonly kind: 'rendered';
      readonly output: string;
      readonly notServed: readonly ExtraKind[];
      /** helm rendered it, but could not make objects of it: the reason, unless our own checks give a better one. */
      readonly complaint?: Reason;
    }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[] };

/** Kinds that the profile lacks are learnt from helm's own complaint, a handful a run. */
const ATTEMPTS = 4;

/**
 * One `helm template` as the deployer's own helm would see the cluster (docs/drift.md, "Where the desired state
 * comes from"): Flux and plain Helm from a loopback server with the profile's APIs, Argo CD by flags.
 * @param hide values whose text must not stand in an excerpt
 */
export async function helmTemplate(
  template: HelmTemplate,
  hide: (text: string) => string,
): Promise<HelmOutcome> {
  const { deployer, capabilities } = template;
  const byServer = deployer !== 'argocd' && capabilities.apiVersions.length > 0;
  const notServed: ExtraKind[] = [...(template.notServed ?? [])];
  for (let attempt = 1; ; attempt++) {
    const stub = byServer ? await startCapabilityStub(capabilities, notServed) : undefined;
    let outcome: ChildOutcome;
    try {
      const flags = stub === undefined ? flagsFor(template) : serverFlags(stub);
      outcome = await runLimited({
        program: template.helm,
        arguments: argumentsFor(template, flags),
        folder: template.folder,
      });
    } finally {
      await stub?.close();
    }
    if (outcome.kind === 'failed' && byServer && attempt < ATTEMPTS) {
      const missing = kindsNotServed(outcome.stderr);
      if (missing.length > 0) {
        notServed.push(...missing);
        continue;
      }
    }
    if (outcome.kind === 'succeeded') return { kind: 'rendered', output: outcome.stdout, notServed };
    const failure = reasonFor(outcome, hide);
    if (outcome.kind === 'failed' && byServer && outcome.stderr.includes(CANNOT_BUILD)) {
      // What it rendered is not shown then; by flags it is.
      const shown = await helmTemplate({ ...template, deployer: 'argocd' }, hide);
      if (shown.kind === 'rendered') return { ...shown, complaint: failure };
    }
    return { kind: 'failed', reasons: [failure] };
  }
}

const CANNOT_BUILD = 'unable to build kubernetes objects from release manifest';

function argumentsFor(template: HelmTemplate, flags: readonly string[]): string[] {
  const given = template.flags;
  return [
    'template',
    `--namespace=${given?.namespace ?? template.namespace}`,
    ...(given?.crds === 'left-out' ? [] : ['--include-crds']),
    '--skip-schema-validation',
    ...(template.action === 'upgrade' ? ['--is-upgrade'] : []),
    ...template.valuesFiles.map((file) => `--values=${file}`),
    ...(given?.sets ?? []).map(({ flag, name, value }) => `--${flag}=${name}=${value}`),
    ...flags,
    '--',
    template.release,
    `./${template.chartFolder}`,
  ];
}

const serverFlags = ({ url }: CapabilityStub): string[] => [
  '--dry-run=server',
  '--disable-openapi-validation',
  `--kube-apiserver=${url}`,
];

/** Without a profile helm's built-in list for the version serves; Argo CD adds the cluster's to that. */
function flagsFor({ deployer, capabilities, flags }: HelmTemplate): string[] {
  const kubernetesVersion = flags?.kubernetesVersion ?? capabilities.kubernetesVersion;
  const apiVersions = flags?.apiVersions ?? capabilities.apiVersions;
  const version = deployer === 'argocd' ? kubernetesVersion.replace(/[-+].*$/, '') : kubernetesVersion;
  return [
    `--kube-version=${version}`,
    ...(apiVersions.length > 0 ? [`--api-versions=${apiVersions.join(',')}`] : []),
  ];
}

const NO_MATCHES = /no matches for kind "([A-Za-z0-9]+)" in version "([a-z0-9./-]+)"/g;
const kindsNotServed = (stderr: string): ExtraKind[] =>
  [...stderr.matchAll(NO_MATCHES)].map(([, kind = '', apiVersion = '']) => ({ apiVersion, kind }));

function reasonFor(
  outcome: Exclude<ChildOutcome, { kind: 'succeeded' }>,
  hide: (text: string) => string,
): Reason {
  switch (outcome.kind) {
    case 'too-slow':
      return reason('render-too-slow', { limit: `${WALL_SECONDS} seconds` });
    case 'too-much-memory':
      return reason('render-too-much-memory', { limit: MEMORY_LIMIT });
    case 'too-large':
      return reason('render-too-large', { limit: formatBytes(STDOUT_BYTES) });
    case 'failed':
      return reasonFromHelm(outcome.stderr, hide);
  }
}

/** `<chart>/templates/x.yaml:12:3`, wherever helm puts it. */
const TEMPLATE_PLACE = /(?<![\w./-])[^\s/():"<>]+\/([^\s():"<>]+):(\d+)(?::\d+)?(?!\w)/g;
const INVALID_YAML =
  /YAML parse error on [^\s/]+\/(\S+): (?:error converting YAML to JSON: )?yaml: (?:line (\d+): )?/;
const KUBE_VERSION = /chart requires kubeVersion: (.+?) which is incompatible with Kubernetes (\S+)/;
/** Bytes of a tool's own words in a reason. */
const EXCERPT_LENGTH = 1024;

/** helm's message as one of our reasons. Exported for its table of tests. */
function reasonFromHelm(stderr: string, hide: (text: string) => string): Reason {
  const said = (/^Error: ([\s\S]*)/m.exec(stderr)?.[1] ?? stderr)
    .replace(/\s*Use --debug flag to render out invalid YAML\s*$/, '')
    .trim();
  const excerpt = excerptOf(said, hide);
  const version = KUBE_VERSION.exec(said);
  if (version !== null) {
    const [, wanted = '', found = ''] = version;
    return reason('chart-kube-version', { wanted, found }, { file: 'Chart.yaml' });
  }
  const invalid = INVALID_YAML.exec(said);
  if (invalid !== null) {
    const [, file = '', line] = invalid;
    const problem = line === undefined ? 'see the excerpt' : `line ${line} of what it renders to`;
    return reason('render-invalid-yaml', { problem }, { file }, excerpt);
  }
  // The first is where helm was told to look; the innermost, named last, is where it failed.
  const place = [...said.matchAll(TEMPLATE_PLACE)].at(said.startsWith('execution error') ? 0 : -1);
  if (place === undefined) return reason('template-failed', {}, undefined, excerpt);
  const [, file = '', line = ''] = place;
  return reason('template-failed', {}, { file, line: Number(line) }, excerpt);
}

function excerptOf(said: string, hide: (text: string) => string): string {
  const escaped = printable(hide(said).replaceAll('\n', '\\n'), EXCERPT_LENGTH);
  return Buffer.byteLength(escaped) <= EXCERPT_LENGTH ? escaped : `${escaped.slice(0, EXCERPT_LENGTH / 4)}…`;
}
