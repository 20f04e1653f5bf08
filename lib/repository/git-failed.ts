/** Of what git prints, for an error. Characters. */
const ERROR_LENGTH = 2000;

export class GitFailed extends Error {
  override readonly name: string = 'GitFailed';
  readonly command: string;
  readonly exitCode: number;
  /** What git printed, without the credential. */
  readonly output: string;
  constructor(command: string, exitCode: number, output: string) {
    super(`git ${command} failed (${exitCode}): ${output.trim().slice(0, ERROR_LENGTH)}`);
    this.command = command;
    this.exitCode = exitCode;
    this.output = output;
  }
}

/**
 * The server, or what stands before it, does not let us in; nothing was changed there. `output` is one line for the
 * person who must act: what is wrong, with which secret, and what to do.
 */
export class NoAccess extends GitFailed {
  override readonly name = 'NoAccess';
  constructor(command: string, says: string) {
    super(command, NO_EXIT_CODE, says);
  }
}

const NO_EXIT_CODE = -1;
