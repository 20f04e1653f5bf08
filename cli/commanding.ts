import { randomUUID } from 'node:crypto';
import { GetObjectTaggingCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import * as clients from '../lib/aws/clients.ts';
import {
  type Command as CommandDocument,
  command as commandDocument,
  digestOfCommand,
  REASON_LENGTH,
  type Verb,
} from '../lib/commands/command.ts';
import { commandKey, isReleaseName, LABEL } from '../lib/uploads/record/keys.ts';
import { quote } from '../local/connection.ts';
import { refusal, Unavailable } from './aws-errors.ts';
import { oneOf, UsageError } from './command.ts';
import { type AwaitedChange, EXIT, WAITS, waiterOf } from './ending.ts';
import { formatResults, formatResultsJson } from './ending-output.ts';
import { type Form, type Options, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { type FoundInstallation, findInstallation } from './installation.ts';
import { INSTALLATION_OPTIONS } from './installation-options.ts';
import { prove } from './proving.ts';
import { interruptible } from './waiting.ts';

/**
 * What all commands to a target have in common: they are written down, signed with the caller's credentials, put into
 * the upload bucket, and waited for like an upload.
 */

const WAITING = ['delivered', 'rolled-out', 'no'] as const;

/** Options of every command to a target. */
export const COMMANDING_OPTIONS = {
  reason: {
    type: 'string',
    value: 'TEXT',
    means: `why, for who looks later: it goes into the commit, the record and alerts (at most ${REASON_LENGTH} characters)`,
  },
  wait: {
    type: 'string',
    default: 'delivered',
    value: 'delivered|rolled-out|no',
    means:
      'how long to stay: until it is known how it ends (default), until the cluster runs what it commits, or no longer than it is given',
    completes: WAITING,
  },
  timeout: {
    type: 'string',
    value: 'SECONDS',
    means: `how long to wait (default ${WAITS.delivered.seconds}; ${WAITS['rolled-out'].seconds} for rolled-out)`,
  },
  'dry-run': {
    type: 'boolean',
    means: 'print the command as it would be given, without its proof, and give none',
  },
  output: OUTPUT_OPTION,
  ...INSTALLATION_OPTIONS,
} as const satisfies Options;

/** What each exit code of such a command means. */
export const COMMANDING_EXITS = {
  [EXIT.done]: 'done, or delivered (with --wait no: given)',
  [EXIT.rejected]: 'rejected: it says why, and what to do',
  [EXIT['timed out']]: 'not known when the time was up: it goes on',
  [EXIT.failed]: 'failed: it could not be carried out for a day',
  [EXIT.superseded]: 'superseded: something newer took its place',
  [EXIT['not rolled out']]: 'committed, but its rollout stalled, or the cluster is not what it declares',
  [EXIT.declined]: 'its pull request was closed unmerged',
  ...USUAL_EXITS,
  130: 'Ctrl-C: the command goes on',
} as const satisfies Form['exits'];

/** Who may. */
export const COMMANDING_NOTES = [
  'Needs s3:PutObject on .commands/TARGET/ in the upload bucket, which operators of the target have (docs/operations.md), and no Git credential. Who you are is proven to the installation by AWS itself, and stands in the commit and the record.',
] as const;

interface Values {
  readonly reason?: string | undefined;
  readonly wait: string;
  readonly timeout?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly output: string;
  readonly installation?: string | undefined;
  readonly bucket?: string | undefined;
  readonly data: string;
}

/** How a command is given, as it was typed. */
export interface Commanding {
  readonly reason?: string;
  readonly wait: (typeof WAITING)[number];
  readonly timeoutSeconds: number;
  readonly dryRun: 'dry run' | 'for real';
  readonly form: Output;
  readonly named: Parameters<typeof findInstallation>[0];
}

/** @throws UsageError */
export function commandingOf(values: Values): Commanding {
  const wait = oneOf(WAITING, values.wait, '--wait');
  const timeoutSeconds =
    values.timeout === undefined ? WAITS[wait === 'no' ? 'delivered' : wait].seconds : Number(values.timeout);
  if (!(timeoutSeconds > 0)) throw new UsageError('--timeout is a number of seconds');
  const { reason } = values;
  if (reason !== undefined && (reason.trim() === '' || reason.length > REASON_LENGTH))
    throw new UsageError(`--reason is a text of 1 to ${REASON_LENGTH} characters`);
  return {
    ...(reason === undefined ? {} : { reason }),
    wait,
    timeoutSeconds,
    dryRun: values['dry-run'] === true ? 'dry run' : 'for real',
    form: oneOf(OUTPUTS, values.output, '-o'),
    named: values,
  };
}

/** A target's name as it was typed. @throws UsageError */
export function targetNamed(text: string | undefined): string {
  if (text === undefined) throw new UsageError('name the target');
  if (!LABEL.test(text))
    throw new UsageError(
      text.includes('/')
        ? `a target's name has no "/": TARGET NAMESPACE/RELEASE are two words, not "${text}"`
        : `"${text}" is no name of a target`,
    );
  return text;
}

/** `NAMESPACE/RELEASE` as it was typed. @throws UsageError */
export function releaseNamed(text: string): { readonly namespace: string; readonly release: string } {
  const [namespace = '', release = '', ...more] = text.split('/');
  if (more.length > 0 || !LABEL.test(namespace) || !isReleaseName(release))
    throw new UsageError(`a release is NAMESPACE/RELEASE (shop/web), not "${text}"`);
  return { namespace, release };
}

/**
 * Gives a command and tells how it ends.
 * @returns the exit code
 * @throws UsageError, Unavailable
 */
export async function giveCommand(
  { target, verb }: { readonly target: string; readonly verb: Verb },
  commanding: Commanding,
  found?: FoundInstallation,
): Promise<number> {
  const installation = found ?? (await findInstallation(commanding.named));
  const { name } = installation;
  if (name === undefined)
    throw new UsageError(
      'a command is for one installation by its name: give --installation NAME (or FAIRLEAD_INSTALLATION beside --bucket)',
    );
  const asked = {
    schema: 1,
    id: randomUUID(),
    installation: name,
    target,
    at: new Date().toISOString(),
    verb,
  } as const;
  const key = commandKey(asked);
  if (commanding.dryRun === 'dry run') {
    console.log(
      commanding.form === 'json'
        ? JSON.stringify(
            { schema: 1, dryRun: true, bucket: installation.bucket, key, command: asked },
            null,
            2,
          )
        : `would give this command, as s3://${installation.bucket}/${key}:\n${JSON.stringify(asked, null, 2)}`,
    );
    return EXIT.done;
  }
  let given: { readonly key: string; readonly versionId: string } | undefined;
  return interruptible(
    async (signal) => {
      const waiter = await waiterOf(installation, { ...commanding, keys: [key] }, signal, progress);
      const s3 = clients.s3(installation.environment);
      const { credentials, region } = await signingOf(s3);
      const proof = await prove(
        digestOfCommand(asked),
        { credentials, region, environment: installation.environment },
        new Date(asked.at),
      );
      const body: CommandDocument = commandDocument.parse({ ...asked, proof });
      const versionId = await put(s3, installation, key, JSON.stringify(body), signal);
      given = { key, versionId };
      progress(`given to ${target} (${installation.where}); id ${asked.id}`);
      const results = await waiter.wait([{ ...given, file: wordsOf(target, verb), awaits: awaitedOf(verb) }]);
      console.log(
        commanding.form === 'json'
          ? formatResultsJson(results, installation)
          : formatResults(results, waiter.missing()),
      );
      return waiter.exitOf(results);
    },
    () =>
      progress(
        given === undefined
          ? 'interrupted before it was given'
          : `interrupted: the command was given and goes on by itself. How it ends:\n  npx fairlead uploads ${quote(given.key)}${installation.options}`,
      ),
  );
}

const progress = (line: string): void => console.error(line);

/** `freeze staging shop/web` */
function wordsOf(target: string, verb: Verb): string {
  const release = (of: { readonly namespace: string; readonly release: string }) =>
    ` ${of.namespace}/${of.release}`;
  switch (verb.kind) {
    case 'freeze':
    case 'unfreeze':
      return `${verb.kind} ${target}${verb.scope.kind === 'release' ? release(verb.scope) : ''}`;
    case 'rollback':
      return `rollback ${target}${release(verb.release)}`;
    case 'promote':
      return `promote ${verb.from} ${target}${release(verb.release)}`;
    case 'remove': {
      const { what } = verb;
      if (what.kind === 'release') return `remove ${target}${release(what)}`;
      return `remove ${target}${what.kind === 'manifest' ? ` manifests/${what.path}` : ''}`;
    }
  }
}

/** What is removed has gone once the deployer's own object for it has, which lies in `apply/`. */
function awaitedOf(verb: Verb): NonNullable<AwaitedChange['awaits']> {
  switch (verb.kind) {
    case 'rollback':
    case 'promote':
      return { scope: `${verb.release.namespace}/${verb.release.release}`, as: 'running' };
    case 'remove':
      return { scope: 'manifests', as: 'gone' };
    case 'freeze':
    case 'unfreeze':
      return { scope: 'target', as: 'running' };
  }
}

type S3 = ReturnType<typeof clients.s3>;

async function signingOf(s3: S3) {
  try {
    const [credentials, region] = await Promise.all([s3.config.credentials(), s3.config.region()]);
    return { credentials, region };
  } catch (error) {
    throw refusal(error, { action: 'the credentials', on: 'this machine' });
  }
}

async function put(
  s3: S3,
  { bucket }: FoundInstallation,
  key: string,
  body: string,
  signal: AbortSignal,
): Promise<string> {
  const object = { Bucket: bucket, Key: key };
  const options = { abortSignal: signal };
  // A second version would be told as a command given twice: where the answer to a try is lost, the next finds the first.
  const { VersionId } = await s3
    .send(
      new PutObjectCommand({ ...object, Body: body, ContentType: 'application/json', IfNoneMatch: '*' }),
      options,
    )
    .catch((error: unknown) => {
      if (error instanceof S3ServiceException && error.name === 'PreconditionFailed')
        return s3.send(new GetObjectTaggingCommand(object), options);
      throw error;
    })
    .catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw refusal(error, {
        action: 's3:PutObject',
        on: `${bucket}/${key.slice(0, key.lastIndexOf('/'))}/`,
      });
    });
  if (VersionId === undefined)
    throw new Unavailable(`bucket ${bucket} keeps no versions: it is not an upload bucket of Fairlead`);
  return VersionId;
}
