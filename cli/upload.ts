import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as clients from '../lib/aws/clients.ts';
import { parseKey, UPLOAD_BYTES } from '../lib/uploads/record/keys.ts';
import { quote } from '../local/connection.ts';
import { refusal, Unavailable } from './aws-errors.ts';
import { type Metadata, metadataOf } from './ci-claims.ts';
import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { EXIT, WAITS, type WaitFor, waiterOf } from './ending.ts';
import { formatResults, formatResultsJson } from './ending-output.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, type Output, USUAL_EXITS } from './form.ts';
import { type FoundInstallation, findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { interruptible } from './waiting.ts';

const FORM = {
  typed: ['upload FILE… PLACE [--wait [proposed|delivered|rolled-out]] [OPTIONS]'],
  purpose: [
    'Uploads chart packages (NAME-VERSION.tgz), values (values.yaml) and manifests, and tells how they end.',
  ],
  arguments: [
    { name: 'FILE', means: 'one or more', completes: 'file' },
    {
      name: 'PLACE',
      means:
        "TARGET/NAMESPACE/RELEASE/ for a release's files, TARGET/manifests/ for manifests; a single file may have its whole key instead (staging/shop/web/values.yaml)",
    },
  ],
  options: {
    wait: {
      type: 'string',
      value: '[proposed|delivered|rolled-out]',
      means:
        'until each is delivered or rejected: the commit, or every reason and what to do; rolled-out: until the cluster runs that commit, or its rollout has stalled; proposed: of a target with pull requests, until there is one',
      completes: ['proposed', 'delivered', 'rolled-out'],
    },
    timeout: {
      type: 'string',
      value: 'SECONDS',
      means: `how long to wait (default ${WAITS.delivered.seconds}; ${WAITS['rolled-out'].seconds} for rolled-out)`,
    },
    output: OUTPUT_OPTION,
    'source-commit': {
      type: 'string',
      value: 'SHA',
      means:
        'where it comes from; named in the commit as claimed. Default of the three: what GitHub Actions, GitLab CI or Jenkins say of the job',
    },
    'source-url': { type: 'string', value: 'URL', means: 'the same, as an address' },
    author: { type: 'string', value: 'NAME', means: 'who made it' },
    ...INSTALLATION_OPTIONS,
  },
  notes: ['Results go to stdout, progress to stderr.'],
  exits: {
    [EXIT.done]: 'delivered, or rolled out, or proposed, as was asked (without --wait: uploaded)',
    [EXIT.rejected]: 'rejected',
    [EXIT['timed out']]: 'not known when the time was up: it goes on',
    [EXIT.failed]: 'failed: it could not be delivered for a day',
    [EXIT.superseded]: 'superseded: something newer took its place',
    [EXIT['not rolled out']]:
      'delivered, but its rollout stalled, the cluster is not what it declares, or nothing looks at it',
    [EXIT.frozen]: 'it waits, for its release or target is frozen: unfreeze ends that',
    [EXIT.declined]: 'its pull request was closed unmerged',
    ...USUAL_EXITS,
    130: 'Ctrl-C: the upload goes on',
  },
  examples: [
    'npx fairlead upload web-1.4.2.tgz values.yaml staging/shop/web/ --wait',
    'npx fairlead upload web-1.4.2.tgz staging/shop/web/ --wait rolled-out -o json --installation fairlead',
    'npx fairlead upload values-staging.yaml staging/shop/web/values.yaml',
  ],
} as const satisfies Form;

export interface Uploaded {
  readonly file: string;
  readonly key: string;
  readonly versionId: string;
}

export const upload: Command = {
  name: 'upload',
  summary: 'upload charts and values, and wait for how it ends',
  form: FORM,
  async run(argv) {
    const asked = parse(argv);
    for (const { file } of asked.files) await assertFile(file);
    for (const { file, key } of asked.files) assertPlace(file, key);
    const installation = await findInstallation(asked.named);
    const uploaded: Uploaded[] = [];
    return interruptible(
      async (signal) => {
        const waiter = await waiterOf(
          installation,
          { ...asked, keys: asked.files.map(({ key }) => key) },
          signal,
          progress,
        );
        // Read before the first is sent: a name that is mistyped must not leave half of them uploaded.
        const read = await Promise.all(
          proofsFirst(asked.files).map(async ({ file, key }) => ({ file, key, body: await bodyOf(file) })),
        );
        const s3 = clients.s3(installation.environment);
        for (const { file, key, body } of read) {
          const versionId = await put(s3, installation, key, body, asked.metadata, signal);
          uploaded.push({ file, key, versionId });
          progress(`${file}: uploaded to s3://${installation.bucket}/${key} (${installation.where})`);
        }
        const results = await waiter.wait(uploaded.filter(({ key }) => !isProofBeside(key, uploaded)));
        console.log(
          asked.form === 'json'
            ? formatResultsJson(results, installation)
            : formatResults(results, waiter.missing()),
        );
        return waiter.exitOf(results);
      },
      () => progress(whatGoesOn(uploaded, asked.files.length, installation)),
    );
  },
};

/** A target that asks for no proof names who signed only where the proof was there before the package. */
const proofsFirst = (files: Asked['files']): Asked['files'] =>
  files.toSorted((a, b) => Number(isProof(b.key)) - Number(isProof(a.key)));

const isProof = (key: string): boolean => parseKey(key).kind === 'evidence';

/** It ends as its package does, which is waited for. */
function isProofBeside(key: string, uploaded: readonly Pick<Uploaded, 'key'>[]): boolean {
  const parsed = parseKey(key);
  return parsed.kind === 'evidence' && uploaded.some((other) => other.key === parsed.package);
}

const progress = (line: string): void => console.error(line);

function whatGoesOn(uploaded: readonly Uploaded[], of: number, { options }: FoundInstallation): string {
  const [first] = uploaded;
  if (first === undefined) return 'interrupted before anything was uploaded';
  const prefix = first.key.slice(0, first.key.lastIndexOf('/') + 1);
  const some = uploaded.length < of ? `${uploaded.length} of ${of} files were uploaded; ` : '';
  return `interrupted: ${some}what was uploaded goes on by itself. How it ends:\n  npx fairlead uploads ${quote(prefix)}${options}`;
}

interface Asked {
  readonly files: readonly { readonly file: string; readonly key: string }[];
  readonly wait: WaitFor | 'no';
  readonly timeoutSeconds: number;
  readonly form: Output;
  readonly metadata: Metadata;
  readonly named: Parameters<typeof findInstallation>[0];
}

const WAITED = 'proposed, delivered or rolled-out';
const WAIT_FOR = ['proposed', 'rolled-out'] as const;

function parse(argv: readonly string[]): Asked {
  const { values, positionals } = parsed(argv);
  const wait =
    WAIT_FOR.find((one) => one === values.wait) ?? (values.wait === undefined ? 'no' : 'delivered');
  const timeoutSeconds =
    values.timeout === undefined ? WAITS[wait === 'no' ? 'delivered' : wait].seconds : Number(values.timeout);
  if (!(timeoutSeconds > 0)) throw new UsageError('--timeout is a number of seconds');
  const form = oneOf(OUTPUTS, values.output, '-o');
  return {
    files: placed(positionals),
    wait,
    timeoutSeconds,
    form,
    metadata: metadataOf(values, process.env),
    named: values,
  };
}

function parsed(argv: readonly string[]) {
  return readArguments({
    args: withWaitFor(argv),
    allowPositionals: true,
    options: FORM.options,
  });
}

/** A bare `--wait` is `--wait delivered`; `parseArgs` knows no option whose value may be left out. */
function withWaitFor(argv: readonly string[]): string[] {
  return argv.flatMap((argument, index) => {
    const next = argv[index + 1];
    if (argument.startsWith('--wait=') && !Object.hasOwn(WAITS, argument.slice('--wait='.length)))
      throw new UsageError(`--wait is for ${WAITED}`);
    if (argument !== '--wait' || (next !== undefined && Object.hasOwn(WAITS, next))) return [argument];
    // Neither a file nor a place looks like this, but a slip of the keyboard does.
    if (next !== undefined && /^[a-z]+(-[a-z]+)*$/.test(next))
      throw new UsageError(`--wait is for ${WAITED}, not "${next}"`);
    return ['--wait=delivered'];
  });
}

function placed(positionals: readonly string[]): Asked['files'] {
  const place = positionals.at(-1);
  const files = positionals.slice(0, -1);
  if (place === undefined) throw new UsageError('name at least one file, and the place that it is for');
  if (files.length === 0)
    throw new UsageError(
      `say what ${place} is for, last: npx fairlead upload ${place} TARGET/NAMESPACE/RELEASE/`,
    );
  if (!place.endsWith('/') && files.length > 1)
    throw new UsageError(
      `the last argument is the place of all of them and ends in "/": TARGET/NAMESPACE/RELEASE/, not "${place}"`,
    );
  const keys = files.map((file) => ({
    file,
    key: place.endsWith('/') ? `${place}${basename(file)}` : place,
  }));
  const twice = keys.find(({ key }, index) => keys.findIndex((other) => other.key === key) !== index);
  if (twice !== undefined) throw new UsageError(`two files would get the key ${twice.key}`);
  return keys;
}

function assertPlace(file: string, key: string): void {
  if (parseKey(key).kind !== 'malformed') return;
  const isFolder = parseKey(`${key}/${basename(file)}`).kind !== 'malformed';
  throw new UsageError(isFolder ? `a place ends in "/": ${key}/, not ${key}` : noSuchPlace(file, key));
}

const noSuchPlace = (file: string, key: string): string =>
  `${file} cannot go to "${key}", which has none of the valid forms:
  TARGET/NAMESPACE/RELEASE/NAME-VERSION.tgz   a chart package, as "helm package" makes it
  TARGET/NAMESPACE/RELEASE/values.yaml        its values
  TARGET/manifests/PATH.yaml                  a manifest`;

/** @throws UsageError for what is no file that may be taken, before its bytes are read */
async function assertFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  if (found.isDirectory())
    throw new UsageError(`${file} is a folder: "helm package ${file}" makes a package of it`);
  if (found.size > UPLOAD_BYTES)
    throw new UsageError(`${file} has ${found.size} bytes; at most ${UPLOAD_BYTES} are taken`);
}

const unreadable = (file: string, error: NodeJS.ErrnoException): UsageError =>
  new UsageError(
    error.code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read: ${error.message}`,
  );

const bodyOf = (file: string): Promise<Buffer> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });

/** Gives the version that was made. */
async function put(
  s3: S3Client,
  { bucket }: FoundInstallation,
  key: string,
  body: Buffer,
  metadata: Metadata,
  signal: AbortSignal,
): Promise<string> {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, Metadata: metadata });
  const { VersionId } = await s3.send(command, { abortSignal: signal }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw refusal(error, { action: 's3:PutObject', on: `s3://${bucket}/${key}` });
  });
  if (VersionId === undefined)
    throw new Unavailable(`bucket ${bucket} keeps no versions: it is none of Fairlead's`);
  return VersionId;
}
