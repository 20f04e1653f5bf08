import type { Completes, Form, Option } from './form.ts';
import { TARGETS_FOLDER } from './known-targets.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as a shell has to know it. */
export interface Spoken {
  readonly name: string;
  readonly summary: string;
  readonly form: Form;
}

/** A script that completes these commands, and needs nothing of ours to run. */
export function scriptFor(shell: Shell, commands: readonly Spoken[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

/** Where the names of targets lie that were seen last: a file an installation. */
const TARGETS = `"\${XDG_CACHE_HOME:-$HOME/.cache}/fairlead/${TARGETS_FOLDER}/"*`;

/** In single quotes, as all three shells read them where the text has none. */
const quoted = (text: string): string => `'${text.replaceAll("'", '’')}'`;

const flagsOf = (name: string, { short }: Option): readonly string[] =>
  short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];

const flagsIn = ({ options }: Form): readonly string[] => [
  ...Object.entries(options).flatMap(([name, option]) => flagsOf(name, option)),
  '--help',
];

/** What the arguments of a command complete to, all of them together: which comes when, the command says. */
const argumentsOf = ({ arguments: all }: Form): readonly Completes[] =>
  all.flatMap(({ completes }) => (completes === undefined ? [] : [completes]));

function bash(commands: readonly Spoken[]): string {
  return `# bash completion of Fairlead, made by "npx fairlead completion bash"
_fairlead_targets() { cat ${TARGETS} 2>/dev/null; }
_fairlead() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=1 command
  COMPREPLY=()
  if [[ \${COMP_WORDS[0]} == npx ]]; then
    [[ \${COMP_WORDS[1]} == fairlead && COMP_CWORD -gt 1 ]] || return 0
    at=2
  fi
  command=\${COMP_WORDS[at]}
  if ((COMP_CWORD == at)); then
    COMPREPLY=($(compgen -W ${quoted([...commands.map(({ name }) => name), 'help', '--help', '--version'].join(' '))} -- "$word"))
    return 0
  fi
  case $command in
    help)
      COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$word")) ;;
${commands.map(bashCommand).join('\n')}
  esac
}
complete -F _fairlead fairlead
complete -o default -F _fairlead npx`;
}

function bashCommand({ name, form }: Spoken): string {
  const values = Object.entries(form.options)
    .filter(([, { type }]) => type === 'string')
    .map(
      ([option, declared]) =>
        `        ${flagsOf(option, declared).join('|')}) ${bashReply(declared.completes === undefined ? [] : [declared.completes])} return 0 ;;`,
    );
  const cases = values.length === 0 ? [] : ['      case $before in', ...values, '      esac'];
  return [
    `    ${name})`,
    ...cases,
    `      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W ${quoted(flagsIn(form).join(' '))} -- "$word"))`,
    `      else ${bashReply(argumentsOf(form)) || ':;'}`,
    '      fi ;;',
  ].join('\n');
}

const bashReply = (all: readonly Completes[]): string =>
  all
    .map((completes) => {
      if (completes === 'file') return 'COMPREPLY+=($(compgen -f -- "$word"));';
      if (completes === 'folder') return 'COMPREPLY+=($(compgen -d -- "$word"));';
      const words = completes === 'target' ? '"$(_fairlead_targets)"' : quoted(completes.join(' '));
      return `COMPREPLY+=($(compgen -W ${words} -- "$word"));`;
    })
    .join(' ');

function zsh(commands: readonly Spoken[]): string {
  return `#compdef fairlead
# zsh completion of Fairlead, made by "npx fairlead completion zsh"
_fairlead_targets() {
  local -a names
  names=(\${(f)"$(cat ${TARGETS}(N) /dev/null 2>/dev/null)"})
  compadd -a names
}
_fairlead() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${zshText(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
    'help:tell more of a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
    help) _describe command commands ;;
${commands.map(zshCommand).join('\n')}
  esac
}
compdef _fairlead fairlead`;
}

const zshText = (text: string): string => quoted(text);

function zshCommand({ name, form }: Spoken): string {
  const specs = Object.entries(form.options).flatMap(([option, declared]) => {
    const says = declared.means.split(/[.;:]/)[0]?.replaceAll(/[[\]]/g, '') ?? '';
    const value = declared.type === 'string' ? `:value:${zshAction(declared.completes)}` : '';
    const many = declared.multiple === true ? '*' : '';
    return flagsOf(option, declared).map((flag) => zshText(`${many}${flag}[${says}]${value}`));
  });
  const rest = argumentsOf(form);
  const action = rest.length === 0 ? [] : [zshText(`*:argument:${zshAction(rest[0])}`)];
  return `    ${name}) _arguments ${[...specs, zshText('--help[tell more]'), ...action].join(' ')} ;;`;
}

function zshAction(completes: Completes | undefined): string {
  if (completes === undefined) return ' ';
  if (completes === 'file') return '_files';
  if (completes === 'folder') return '_files -/';
  return completes === 'target' ? '_fairlead_targets' : `(${completes.join(' ')})`;
}

function fish(commands: readonly Spoken[]): string {
  const of = (name: string): string => `complete -c fairlead -n '__fish_seen_subcommand_from ${name}'`;
  return [
    '# fish completion of Fairlead, made by "npx fairlead completion fish"',
    'function __fairlead_targets',
    '  set -l base $XDG_CACHE_HOME',
    '  test -n "$base"; or set base $HOME/.cache',
    `  cat $base/fairlead/${TARGETS_FOLDER}/* 2>/dev/null`,
    'end',
    'complete -c fairlead -f',
    ...commands.map(
      ({ name, summary }) => `complete -c fairlead -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
    "complete -c fairlead -n __fish_use_subcommand -a help -d 'tell more of a command'",
    `${of('help')} -a ${quoted(commands.map(({ name }) => name).join(' '))}`,
    ...commands.flatMap(({ name, form }) => [
      ...Object.entries(form.options).map(
        ([option, { short, type, completes, means }]) =>
          `${of(name)} -l ${option}${short === undefined ? '' : ` -s ${short}`}${type === 'string' ? ` -x${fishReply(completes)}` : ''} -d ${quoted(means.split(/[.;:]/)[0] ?? '')}`,
      ),
      ...argumentsOf(form).map((completes) => `${of(name)}${fishReply(completes)}`),
    ]),
  ].join('\n');
}

function fishReply(completes: Completes | undefined): string {
  if (completes === undefined) return '';
  if (completes === 'file') return ' -F';
  if (completes === 'folder') return " -a '(__fish_complete_directories)'";
  return completes === 'target' ? " -a '(__fairlead_targets)'" : ` -a ${quoted(completes.join(' '))}`;
}
