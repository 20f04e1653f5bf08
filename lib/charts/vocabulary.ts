import { COMMAND_REASONS } from './command-reasons.ts';
import { ORIGIN_REASONS } from './origin-reasons.ts';

/**
 * Why an upload is rejected, or warned about: a closed vocabulary of codes, each with its prose and what to do.
 * Alerts, tags, the CLI and docs/uploading.md say the same because they read it here.
 * `{words}` are filled in by `reason`, which makes them safe to print.
 */
export const REASONS = {
  // The key in the bucket.
  'key-unknown-target': {
    says: 'The key names no target of this installation.',
    whatToDo:
      'Name a target that there is ("npx fairlead status" lists them): a key begins with it, as in staging/shop/web/web-1.4.2.tgz.',
  },
  'key-malformed': {
    says: 'The key has none of the valid forms.',
    whatToDo:
      'Use <target>/<namespace>/<release>/<chart>-<version>.tgz, <target>/<namespace>/<release>/values.yaml or <target>/manifests/<path>.yaml.',
  },
  'key-namespace': {
    says: 'Uploads to namespace {namespace} are not allowed for target {target}.',
    whatToDo: 'Use one of {allowed}, or add it to namespaces of the target.',
  },
  'target-drift-only': {
    says: 'Target {target} is only checked for drift; nothing is delivered to it.',
    whatToDo: 'Commit to its repository, or take driftOnly out of its configuration.',
  },
  'upload-gone': {
    says: 'The uploaded version is no longer in the bucket.',
    whatToDo: 'Upload it again, and delete it only after its outcome is known.',
  },
  'upload-unreadable': {
    says: 'The bucket does not give out the content of this version ({why}).',
    whatToDo:
      "Upload it again in the storage class STANDARD, encrypted as the bucket is and not with a key of one's own.",
  },
  'evidence-without-package': {
    says: 'It is evidence for {package}, of which no version came within a day.',
    whatToDo: 'Upload the package under that key, then the evidence again beside it.',
  },
  'version-immutable': {
    says: 'Version {version} of this release was delivered with other content ({digest}).',
    whatToDo: 'Raise the version in Chart.yaml: deployers do not look twice at a version.',
  },
  'version-kept': {
    says: 'Version {version} has other content than the one that is deployed, and {file} says reconcileStrategy: ChartVersion.',
    whatToDo: 'Raise the version in Chart.yaml, or change that line to "reconcileStrategy: Revision".',
  },
  'place-taken': {
    says: 'Somebody has put {path} where this upload has its files: a link, a submodule, a file where a folder is needed, or the reverse.',
    whatToDo: 'Move {path} in Git, then upload again.',
  },
  'place-twin': {
    says: 'The path differs from {other} only in case or in its Unicode form.',
    whatToDo:
      'Upload it under the name that is there, or rename that one first: on some machines the two are one file.',
  },
  'refused-by-repository': {
    says: 'The repository refuses the commit: {says}.',
    whatToDo: 'Change what it objects to, or its rules, then upload again.',
  },
  'repository-blocked': {
    says: 'The repository took nothing for a day: {says}.',
    whatToDo: 'Once it works again, have the upload taken again: npx fairlead replay.',
  },
  'not-checked': {
    says: 'It could not be opened and checked for a day.',
    whatToDo:
      'Look into the logs of receive-upload (does it end for want of memory or time?); then have the upload taken again: npx fairlead replay.',
  },
  'not-judged': {
    says: 'It could not be judged for a day: {why}.',
    whatToDo: 'Look into the logs of render-release; then have the upload taken again: npx fairlead replay.',
  },

  ...ORIGIN_REASONS,

  // The package as an archive.
  'package-too-large': {
    says: 'The package has {size}; the limit is {limit}.',
    whatToDo: 'Leave out what is not needed to install the chart (see .helmignore), then package it again.',
  },
  'package-unreadable': {
    says: 'The package cannot be read: {problem}.',
    whatToDo: 'Make it with "helm package" and upload it whole, as binary.',
  },
  'package-trailing-data': {
    says: 'There is data after the end of the {part}.',
    whatToDo: 'Upload one package as "helm package" makes it, with nothing appended.',
  },
  'package-unpacks-too-large': {
    says: 'The package unpacks to more than {limit}.',
    whatToDo: 'Leave out what is not needed to install the chart (see .helmignore), then package it again.',
  },
  'package-too-many-entries': {
    says: 'The package has more than {limit} entries.',
    whatToDo: 'Leave out what is not needed to install the chart (see .helmignore), then package it again.',
  },
  'package-nested-too-deep': {
    says: 'Packages lie inside packages more than {limit} deep.',
    whatToDo: 'Unpack the inner dependencies into charts/ as directories.',
  },
  'entry-too-large': {
    says: 'The file has {size}; the limit is {limit} a file.',
    whatToDo: 'Make it smaller, or leave it out of the package.',
  },
  'entry-path-too-long': {
    says: 'The path is longer than {limit} bytes.',
    whatToDo: 'Shorten the names of its folders or of the file.',
  },
  'entry-path-too-deep': {
    says: 'The path is more than {limit} folders deep.',
    whatToDo: 'Put the file higher up.',
  },
  'entry-path-invalid': {
    says: 'The path {problem}.',
    whatToDo: 'Name it with a plain relative path below the chart, then package it again.',
  },
  'entry-not-a-file': {
    says: 'The entry is a {type}; only files and folders are accepted.',
    whatToDo: 'Replace it with the file that it stands for.',
  },
  'entry-mode': {
    says: 'The file has mode {mode}; only 644 and 755 are kept in Git.',
    whatToDo: 'Set its mode to 644, or to 755 if it is a program, then package it again.',
  },
  'entry-duplicate': {
    says: 'The path is in the package more than once.',
    whatToDo: 'Keep one of them.',
  },
  'entry-twin': {
    says: 'The path differs from "{other}" only in case or in its Unicode form.',
    whatToDo: 'Rename one of them: on some machines the two are one file.',
  },
  'entry-outside-chart': {
    says: 'The file lies outside of the chart\'s folder "{folder}".',
    whatToDo: 'A package holds one folder and nothing beside it: move the file inside.',
  },
  'entry-forbidden-name': {
    says: 'Files named {name} change how Git or a deployer reads the repository.',
    whatToDo: 'Leave it out of the package.',
  },
  'helmignore-hides-file': {
    says: 'A .helmignore rule ({rule}) hides the file from helm, so that it is shipped but not rendered.',
    whatToDo: 'Package the chart with "helm package", which leaves such files out, or change the rule.',
  },

  // Chart.yaml.
  'chart-file-missing': {
    says: "There is no Chart.yaml in the chart's folder.",
    whatToDo: 'Package the folder that holds Chart.yaml.',
  },
  'chart-file-invalid': {
    says: 'Chart.yaml is not valid: {problem}.',
    whatToDo: 'Correct it ("helm lint" says more), then package the chart again.',
  },
  'chart-disagrees-with-name': {
    says: 'Chart.yaml says {chart}, the package is called {file}.',
    whatToDo: 'Name the package <chart>-<version>.tgz, as "helm package" does.',
  },
  'chart-folder-name': {
    says: 'The folder in the package is called "{folder}", the chart "{chart}".',
    whatToDo: 'Make the package with "helm package", which names the folder like the chart.',
  },
  'chart-library': {
    says: 'It is a library chart, which installs nothing.',
    whatToDo: 'Upload the chart that depends on it, with the library in its charts/ folder.',
  },
  'chart-kube-version': {
    says: 'The chart wants Kubernetes {wanted}, the cluster has {found}.',
    whatToDo: 'Upload a version of the chart that supports this cluster, or upgrade the cluster.',
  },
  'chart-dependency-missing': {
    says: 'The dependency {dependency} is not in charts/.',
    whatToDo: 'Run "helm dependency update" before "helm package".',
  },
  'chart-dependencies-too-deep': {
    says: 'Charts lie inside charts more than {limit} deep.',
    whatToDo: 'Flatten the dependencies.',
  },
  'chart-instances': {
    says: 'Its dependencies and their aliases make {count} charts; the limit is {limit}.',
    whatToDo: 'Use fewer aliases.',
  },
  'chart-import-values': {
    says: 'The chart has {count} import-values; the limit is {limit}.',
    whatToDo: 'Name the values in values.yaml instead.',
  },

  // YAML, in values and manifests.
  'file-too-large': {
    says: 'The file has {size}; the limit is {limit}.',
    whatToDo: 'Split it, or leave out what is not needed.',
  },
  'yaml-invalid': {
    says: 'It is not valid YAML: {problem}.',
    whatToDo: 'Correct this line.',
  },
  'yaml-ambiguous': {
    says: 'It holds {what}, which two YAML parsers read differently.',
    whatToDo: 'Remove it: write plain UTF-8 with ordinary line ends, without tags or directives.',
  },
  'yaml-duplicate-key': {
    says: 'The key "{key}" is there twice in one mapping.',
    whatToDo: 'Keep one of them.',
  },
  'yaml-documents': {
    says: 'It holds {count} YAML documents; values are one.',
    whatToDo: 'Merge them into one mapping.',
  },
  'yaml-aliases': {
    says: 'It uses more than {limit} aliases.',
    whatToDo: 'Write the values out.',
  },
  'yaml-aliases-multiply': {
    says: 'Its aliases multiply to more than {limit} values.',
    whatToDo: 'Write the values out.',
  },
  'yaml-too-complex': {
    says: 'Reading it takes more than {limit}.',
    whatToDo: 'Make it smaller and flatter.',
  },
  'values-not-a-mapping': {
    says: 'Values are a mapping of names; this is {found}.',
    whatToDo: 'Write "name: value" lines, or {} for no values.',
  },
  'values-schema-invalid': {
    says: "The chart's values.schema.json cannot be used: {problem}.",
    whatToDo: 'Correct the schema, then package the chart again.',
  },
  'values-schema-reference': {
    says: "The chart's values.schema.json refers to another document with {keyword}.",
    whatToDo: 'Copy what it refers to into the schema ("$defs") and use "#/$defs/…".',
  },
  'values-violate-schema': {
    says: "The values do not match the chart's values.schema.json: {problem}.",
    whatToDo: 'Correct the value, or the schema.',
  },

  // Objects, in manifests and rendered output.
  'object-incomplete': {
    says: 'An object has no {missing}.',
    whatToDo: 'Every object needs apiVersion, kind and metadata.name.',
  },
  'object-duplicate': {
    says: '{object} is declared twice (also in {other}).',
    whatToDo: 'Remove or rename one of them.',
  },
  'field-type': {
    says: '{object} has {found} at {field}, where the cluster wants {wanted}.',
    whatToDo:
      'Correct the value, or the template that writes it (quotes and indentation are the usual causes).',
  },
  'field-unknown': {
    says: '{object} has the field {field}, which the cluster does not know in {kind}: its apply would be refused.',
    whatToDo:
      'Correct its name or its place. If the CustomResourceDefinition that knows it is on its way, upload again when it is there.',
  },
  'list-key-repeated': {
    says: '{object} names {key} twice in {field}, which a server-side apply refuses.',
    whatToDo: 'Keep one of them.',
  },
  'list-key-missing': {
    says: '{object} has an entry without {key} in {field}.',
    whatToDo: 'Give it one: entries of this list are told apart by it.',
  },
  'object-owned-elsewhere': {
    says: '{object} belongs to {owner}, which declares it, too.',
    whatToDo: 'Rename it here, or take it out there and upload both together.',
  },
  'field-dropped': {
    says: '{object} has the field {field}, which the cluster does not know in {kind} and drops.',
    whatToDo: 'Correct its name or its place: it has no effect as it is.',
  },
  'list-key-hidden': {
    says: '{object} names {key} twice in {field}: the later one hides the earlier.',
    whatToDo: 'Keep one of them: a server-side apply would refuse both.',
  },
  'objects-too-many': {
    says: 'There are more than {limit} objects.',
    whatToDo: 'Split the release.',
  },
  'kind-forbidden': {
    says: '{object} is of a kind that this target does not allow.',
    whatToDo: 'Leave it out, or add "{kind}" to allowKinds of the target.',
  },
  'namespace-forbidden': {
    says: '{object} is meant for namespace {namespace}, which this target does not allow.',
    whatToDo: "Use one of the target's namespaces ({allowed}), or add it to namespaces of the target.",
  },
  'rights-forbidden': {
    says: '{object} gives rights that this target does not allow: {rights}.',
    whatToDo: 'Name the few rights that are needed, or add "{kind}" to allowKinds of the target.',
  },
  'crds-folder': {
    says: '{object} lies in crds/, which is for CustomResourceDefinitions.',
    whatToDo: 'Move it to templates/.',
  },
  'plain-secret': {
    says: 'Secret "{name}" would enter Git with its values in clear.',
    whatToDo: 'Use a SealedSecret, an ExternalSecret or SOPS, or set allowPlainSecrets for the target.',
  },
  'credential-found': {
    says: 'This line holds what looks like {kind}.',
    whatToDo: 'Remove it and revoke it: it has left your hands. Refer to a Secret instead.',
  },
  'release-too-large': {
    says: 'helm could not store the release: it has {size} compressed; a Secret holds {limit}.',
    whatToDo: 'Leave out large files that templates do not need.',
  },

  // Rendering.
  'template-failed': {
    says: 'helm cannot render the chart with these values.',
    whatToDo: 'Correct the template or the value; "helm template" shows the same.',
  },
  'render-too-slow': {
    says: 'Rendering takes longer than {limit}.',
    whatToDo: 'Simplify the templates: loops over large ranges are the usual cause.',
  },
  'render-too-much-memory': {
    says: 'Rendering takes more than {limit} of memory.',
    whatToDo: 'Simplify the templates: loops over large ranges are the usual cause.',
  },
  'render-too-large': {
    says: 'The rendered output has more than {limit}.',
    whatToDo: 'Split the chart, or render less.',
  },
  'render-invalid-yaml': {
    says: 'The template renders to invalid YAML: {problem}.',
    whatToDo: 'Correct the template: indentation and missing quotes are the usual causes.',
  },
  'kustomize-failed': {
    says: 'kustomize does not build it: {problem}.',
    whatToDo: 'Correct the kustomization; "kubectl kustomize" shows the same.',
  },
  'chart-values-missing': {
    says: 'The chart has no file "{path}", which its values are to come from.',
    whatToDo: 'Name a file of the chart, in the version that is deployed.',
  },
  'kind-not-served': {
    says: 'The cluster serves no {kind} ({apiVersion}), as far as its last check saw.',
    whatToDo: 'Install its CustomResourceDefinition first, or correct the apiVersion.',
  },
  'api-removed': {
    says: '{object} is of {apiVersion}, which Kubernetes has not served since {since}.',
    whatToDo: 'Use {instead}.',
  },
  'render-asked-cluster': {
    says: 'helm cannot render the chart here, where "lookup" finds nothing; in the cluster it may.',
    whatToDo: 'Look at the excerpt: if it is not about what lookup answers, correct it.',
  },
  'render-uses-lookup': {
    says: 'The chart asks the cluster ("lookup"), so that what it renders to there is not wholly known here.',
    whatToDo: 'Nothing, if the chart is meant to: differences that only the deployer made are not drift.',
  },

  ...COMMAND_REASONS,
} as const satisfies Record<string, { readonly says: string; readonly whatToDo: string }>;
