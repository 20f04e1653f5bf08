/** Why a command is rejected: a part of the vocabulary, which vocabulary.ts puts together. */
export const COMMAND_REASONS = {
  'command-malformed': {
    says: 'This is no command: {problem}.',
    whatToDo:
      'Give commands with "npx fairlead"; one of the same release as the installation writes what it reads.',
  },
  'command-misplaced': {
    says: 'The command is for {meant}, and lies where commands for {found} do.',
    whatToDo: 'Give it again, to the target that is meant: nobody may move a command.',
  },
  'command-unproven': {
    says: 'Who gives this command is not proven: {why}.',
    whatToDo:
      'Give it again with credentials of the account that may: "aws sts get-caller-identity" says who you are. A proof is good for 15 minutes.',
  },
  'command-repeated': {
    says: 'A command of this id was given before, and is carried out once.',
    whatToDo:
      'Look how that one ended ("npx fairlead uploads .commands/"); if it is still wanted, give it again.',
  },
  'command-target-moved': {
    says: 'Target {target} has moved since the command was given: from {from} to {to}. Nothing was changed.',
    whatToDo:
      'Look at what stands there now ("npx fairlead status {target}"); if it is still wanted, give it again.',
  },
  frozen: {
    says: '{what} is frozen since {since}, by {by}{reason}.',
    whatToDo: 'Ask who froze it; once it may go on: npx fairlead unfreeze.',
  },
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
  'remove-too-many': {
    says: 'Target {target} has {count} charts, values and manifests; at most {limit} are removed at once.',
    whatToDo: 'Remove some of its releases first, each by itself.',
  },
  'kept-by-policy': {
    says: '{object} stays in the cluster: {because}.',
    whatToDo: 'Delete it by hand once nobody wants it any more (kubectl delete).',
  },
  'removed-from-git-only': {
    says: 'It is gone from Git, and nothing of it leaves the cluster by itself: {why}.',
    whatToDo: 'Delete it in the cluster by hand.',
  },
  'promote-frozen': {
    says: '{what} of target {target} is frozen since {since} by {by}: {why}.',
    whatToDo: 'Ask whoever froze it; then npx fairlead unfreeze, and promote again.',
  },
} as const satisfies Record<string, { readonly says: string; readonly whatToDo: string }>;
