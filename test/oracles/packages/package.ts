/** Who installs, upgrades and repairs. */
export const WAYS = ['helm4', 'client-side', 'helm-controller'] as const;
export type Way = (typeof WAYS)[number];

/** Where a package goes: a namespace of its own for each way, since names without a namespace are made of it. */
export interface Place {
  readonly way: Way;
  readonly namespace: string;
  readonly release: string;
}

/** A chart and its values at one time. */
export interface Revision {
  /** Files of the chart by path, with Chart.yaml. */
  readonly files: Readonly<Record<string, string>>;
  readonly values: string;
}

/** What a person does by hand, and what must be said of it. */
export interface Edit {
  readonly what: string;
  /** kubectl's, in the package's namespace. */
  readonly argv: readonly string[];
  readonly expected: Expected;
  /** By the deployer's own repair, or by these arguments of kubectl: what it never owned it leaves alone. */
  readonly undo: 'repair' | readonly string[];
  /** What the deployer's repair needs to be done first, by kubectl's arguments. */
  readonly beforeRepair?: readonly string[];
}

export interface Expected {
  readonly kind: string;
  readonly name: string;
  readonly verdict: 'changed' | 'added' | 'missing';
  /** The finding's path, as people read it, or where it begins. */
  readonly at: string;
}

/** A chart of ours that is shaped like a real one, at two times, and what is done to it by hand. */
export interface ChartPackage {
  readonly name: string;
  /** What it is there for. */
  readonly about: string;
  /** `crds/` takes no templates: its kinds are named after the place. */
  revisions(place: Place): readonly [installed: Revision, upgraded: Revision];
  /** Beside those that are made of its kinds (edits.ts). */
  edits?(place: Place): readonly Edit[];
  /** Why a server-side apply of its upgrade is refused without --force-conflicts, whoever changed nothing. */
  readonly conflicts?: string;
  /** What it waits for in vain where there are no volumes and no load balancers: helm-controller is not to wait. */
  readonly waitsFor?: string;
  /** Where it goes by another name than its own. */
  readonly releaseName?: string;
  /** Group of a kind that the cluster serves only once the package has been upgraded. */
  late?(place: Place): string;
  /** The ways that take it at all, with the reason in `about`; all of them if absent. */
  readonly ways?: readonly Way[];
}

/** Chart.yaml and the templates of a chart at a version. */
export const revision = (
  name: string,
  version: string,
  templates: Readonly<Record<string, string>>,
  values = '{}\n',
  more: {
    readonly chart?: string;
    readonly defaults?: string;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Revision => ({
  files: {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "${version}"\n${more.chart ?? ''}`,
    'values.yaml': more.defaults ?? '{}\n',
    ...Object.fromEntries(Object.entries(templates).map(([path, text]) => [`templates/${path}`, text])),
    ...more.files,
  },
  values,
});
