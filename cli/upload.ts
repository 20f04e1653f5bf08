import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GetObjectTaggingCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { clients, type Environment, VARIABLES } from '../lib/aws/environment.ts';
import { dynamoTable, type Item } from '../lib/aws/table.ts';
import type { Reason } from '../lib/charts/reasons.ts';
import { DATA_FOLDER, findConnection } from '../local/connection.ts';
import { type Command, UsageError } from './command.ts';

const USAGE = `npx fairlead upload FILE… --target T --namespace N --release R [--wait]

Uploads chart packages (NAME-VERSION.tgz) and values (values.yaml) of one release.

  --wait               wait until each is delivered or rejected, and say why
  --timeout SECONDS    how long to wait (default 120)
  --source-commit SHA  where it comes from; named in the commit as claimed
  --source-url URL
  --author NAME
  --bucket NAME        default: FAIRLEAD_UPLOAD_BUCKET, or the local installation's
  --data FOLDER        data folder of the local installation (default ${DATA_FOLDER})

Uploads to the local installation that runs here, else to AWS with the credentials of the environment.
Exit: 0 delivered (without --wait: uploaded), 1 rejected or failed, 2 not known yet when the time was up.`;

const POLL_MS = 300;
const EXIT = { delivered: 0, rejected: 1, 'timed out': 2 } as const;

interface Uploaded {
  readonly file: string;
  readonly key: string;
  readonly versionId: string;
}

type Ending =
  | { readonly kind: 'delivered' | 'superseded'; readonly commit: string | undefined }
  | { readonly kind: 'rejected' | 'failed'; readonly codes: string }
  | { readonly kind: 'timed out' };

export const upload: Command = {
  name: 'upload',
  summary: 'upload charts and values, and wait for how it ends',
  usage: USAGE,
  async run(argv) {
    const { values, files } = parse(argv);
    const { environment, bucket, where } = await connect(values);
    const s3 = clients.s3(environment);

    // Read before the first is sent: a name that is mistyped must not leave half of them uploaded.
    const read = await Promise.all(
      files.map(async (file) => ({ file, key: keyOf(file, values), body: await bodyOf(file) })),
    );
    const uploaded: Uploaded[] = [];
    for (const { file, key, body } of read) {
      const made = { file, key, versionId: await put(s3, bucket, key, body, values) };
      console.log(`${file}: uploaded to s3://${bucket}/${made.key} (${where})`);
      uploaded.push(made);
    }
    if (values.wait !== true) return EXIT.delivered;

    const deadline = Date.now() + Number(values.timeout) * 1000;
    const endings = await Promise.all(
      uploaded.map(async (one) => {
        const ending = await untilEnded(s3, bucket, one, deadline);
        await report(one, ending, environment, Number(values.timeout));
        return ending;
      }),
    );
    if (endings.some(({ kind }) => kind === 'rejected' || kind === 'failed')) return EXIT.rejected;
    return endings.some(({ kind }) => kind === 'timed out') ? EXIT['timed out'] : EXIT.delivered;
  },
};

type Values = ReturnType<typeof parse>['values'];

function parse(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        target: { type: 'string' },
        namespace: { type: 'string' },
        release: { type: 'string' },
        wait: { type: 'boolean' },
        timeout: { type: 'string', default: '120' },
        bucket: { type: 'string' },
        data: { type: 'string', default: process.env.FAIRLEAD_DATA ?? DATA_FOLDER },
        'source-commit': { type: 'string' },
        'source-url': { type: 'string' },
        author: { type: 'string' },
      },
    });
    const missing = (['target', 'namespace', 'release'] as const).filter((name) => !values[name]);
    if (positionals.length === 0) throw new UsageError('name at least one file to upload');
    if (missing.length > 0) throw new UsageError(`missing: ${missing.map((name) => `--${name}`).join(', ')}`);
    if (!(Number(values.timeout) > 0)) throw new UsageError('--timeout is a number of seconds');
    return { values, files: positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The local installation that runs here comes first: its `npm start` says so, and nothing else was named. */
async function connect(values: Values): Promise<{ environment: Environment; bucket: string; where: string }> {
  const local = await findConnection(values.data);
  const environment: Environment = local?.environment ?? process.env;
  const bucket = values.bucket ?? environment[VARIABLES.uploadBucket];
  if (!bucket) {
    throw new UsageError(
      `no local installation runs on ${values.data}, and no bucket is named: start one with "npm start", or give --bucket (or ${VARIABLES.uploadBucket}) and AWS credentials`,
    );
  }
  return { environment, bucket, where: local === undefined ? 'AWS' : 'local installation' };
}

function keyOf(file: string, { target, namespace, release }: Values): string {
  const name = basename(file);
  if (/\.tgz(\.sigstore\.json|\.prov)?$/.test(name) || name === 'values.yaml') {
    return `${target}/${namespace}/${release}/${name}`;
  }
  throw new UsageError(
    `${file} is neither a chart package (NAME-VERSION.tgz, as "helm package" makes it) nor values.yaml`,
  );
}

const bodyOf = (file: string): Promise<Buffer> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read: ${error.message}`,
    );
  });

/** Gives the version that was made. */
async function put(s3: S3Client, bucket: string, key: string, body: Buffer, values: Values): Promise<string> {
  const claimed = ['source-commit', 'source-url', 'author'] as const;
  const { VersionId } = await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      Metadata: Object.fromEntries(
        claimed.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
      ),
    }),
  );
  if (VersionId === undefined)
    throw new Error(`bucket ${bucket} keeps no versions: it is none of Fairlead's`);
  return VersionId;
}

/** Read off the object's tags, which need no more rights than the upload itself. */
async function untilEnded(s3: S3Client, bucket: string, one: Uploaded, deadline: number): Promise<Ending> {
  for (;;) {
    const { TagSet = [] } = await s3.send(
      new GetObjectTaggingCommand({ Bucket: bucket, Key: one.key, VersionId: one.versionId }),
    );
    const tag = (name: string) => TagSet.find(({ Key }) => Key === name)?.Value;
    const outcome = tag('fairlead-outcome');
    switch (outcome) {
      case 'delivered':
      case 'superseded':
        return { kind: outcome, commit: tag('fairlead-commit') };
      case 'rejected':
      case 'failed':
        return { kind: outcome, codes: tag('fairlead-reason') ?? '' };
    }
    if (Date.now() > deadline) return { kind: 'timed out' };
    await sleep(POLL_MS);
  }
}

async function report(
  one: Uploaded,
  ending: Ending,
  environment: Environment,
  timeoutSeconds: number,
): Promise<void> {
  switch (ending.kind) {
    case 'delivered': {
      const commit = ending.commit ?? '(unknown)';
      const record = await recordOf(one, environment);
      console.log(
        record?.change === 'unchanged'
          ? `${one.file}: delivered: nothing changes, commit ${commit} holds it already`
          : `${one.file}: delivered in commit ${commit}`,
      );
      return;
    }
    case 'superseded':
      console.log(`${one.file}: superseded, a newer upload of the same release went first`);
      return;
    case 'timed out':
      console.error(
        `${one.file}: nothing is known after ${timeoutSeconds} s; it is not lost: its tags will say how it ends`,
      );
      return;
    case 'rejected':
    case 'failed': {
      const reasons = ((await recordOf(one, environment))?.reasons as readonly Reason[] | undefined) ?? [];
      console.error(`${one.file}: ${ending.kind}${reasons.length === 0 ? ` (${ending.codes})` : ''}`);
      for (const reason of reasons) console.error(formatReason(reason));
    }
  }
}

/** The record has the prose, for who may read the table; the tags have to do otherwise. */
async function recordOf({ key, versionId }: Uploaded, environment: Environment): Promise<Item | undefined> {
  const name = environment[VARIABLES.table];
  if (!name) return undefined;
  const table = dynamoTable(clients.dynamodb(environment), name);
  return await table.get({ pk: `upload#${key}`, sk: versionId }).catch(() => undefined);
}

export function formatReason({ code, message, place, whatToDo, excerpt }: Reason): string {
  const file = place?.file ?? '';
  const at = `${file}${place?.line === undefined ? '' : `:${place.line}`}${place?.pointer === undefined ? '' : ` ${place.pointer}`}`;
  return [
    `  ${at === '' ? '' : `${at}: `}${message} [${code}]`,
    ...(excerpt === undefined ? [] : excerpt.split('\n').map((line) => `    | ${line}`)),
    `    → ${whatToDo}`,
  ].join('\n');
}
