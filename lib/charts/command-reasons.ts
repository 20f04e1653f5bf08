/** Why a command is rejected: a part of the vocabulary, which vocabulary.ts puts together. */
export const COMMAND_REASONS = {
  'rollback-nothing': {
    says: 'Git has no delivery of {release} before the one that stands{reach}.',
    whatToDo:
      'Name a version or a commit with --to ("npx fairlead history" lists them), or deliver another version.',
  },
  'rollback-stands': {
    says: '{release} stands rolled back already, by {by} at {at} (commit {commit}).',
    whatToDo: 'To go further back say to where: --to VERSION or --to COMMIT.',
  },
  'rollback-unknown-version': {
    says: 'No commit of branch {branch} has had {release} at chart version {version}{reach}.',
    whatToDo: 'Look it up with "npx fairlead history", or name a commit with --to.',
  },
  'rollback-unknown-commit': {
    says: '{commit} is {problem} in the history of branch {branch}.',
    whatToDo: 'Name a commit of that branch, with as many digits as tell it apart.',
  },
  'rollback-ambiguous': {
    says: 'Version {version} of {release} has had different contents: as of {commits}.',
    whatToDo: 'Say which of them is meant: --to COMMIT.',
  },
  'rollback-no-chart': {
    says: 'In commit {commit} there is no chart of {release}.',
    whatToDo: 'Name a commit that has one; to take a release away: npx fairlead remove.',
  },
  'rollback-odd-file': {
    says: 'In commit {commit} {path} is a link or a submodule, which no deployer follows.',
    whatToDo: 'Name a commit with plain files, or deliver the chart again.',
  },
  'promote-from-unknown': {
    says: 'There is no other target {from} in this installation to promote from.',
    whatToDo: 'Name a target of the same installation; what another one delivered is uploaded here.',
  },
  'promote-nothing': {
    says: 'Nothing that was delivered to target {from} stands in {release}.',
    whatToDo: 'Deliver a chart there first.',
  },
  'promote-content-gone': {
    says: 'The content of chart {chart} of {release} is no longer kept.',
    whatToDo: 'Upload its package to target {target}.',
  },
  'not-proven-there': {
    says: 'Chart {chart} of {release} is not proven in target {from}: {why}.',
    whatToDo:
      'Wait until it is rolled out and in sync there ("npx fairlead status {from}"), or promote it all the same with --force and a reason.',
  },
  'remove-nothing': {
    says: 'Target {target} has no {what} in Git, and none was ever delivered.',
    whatToDo: 'Look at how it is called: "npx fairlead status {target}" lists what there is.',
  },
} as const satisfies Record<string, { readonly says: string; readonly whatToDo: string }>;
