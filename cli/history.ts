import { type Command, oneOf, readArguments, UsageError } from './command.ts';
import { type Form, OUTPUT_OPTION, OUTPUTS, USUAL_EXITS } from './form.ts';
import { formatHistory, formatHistoryJson } from './history-output.ts';
import { readHistory } from './history-reading.ts';
import { knownTarget, type Stores, storesOf, targetNames } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { paintOn } from './progress.ts';
import { timeOf } from './times.ts';

const LIMIT = 30;

const FORM = {
  typed: ['history [TARGET] NAMESPACE/RELEASE [OPTIONS]', 'history TARGET [OPTIONS]'],
  purpose: [
    'The audit trail, newest first: what was delivered, when, from which source (as its uploader claims), who signed it where that is proven, by which command and whom, what it replaced, and what the cluster made of it; what was refused, superseded or declined; what others committed past Fairlead; and every drift, from and to.',
    'It is put together from the records of uploads, the reports of alerts, and Git. Who may read Git sees most: call it in a checkout of the repository, or give --repo.',
  ],
  arguments: [
    { name: 'TARGET', means: 'default: the only one that there is', completes: 'target' },
    {
      name: 'NAMESPACE/RELEASE',
      means: 'one release; manifests/PATH for a manifest, manifests for all of them',
    },
  ],
  options: {
    since: {
      type: 'string',
      value: 'TIME',
      means: 'not older: 45m, 12h, 7d, or a date (2026-11-21, 2026-11-21T15:00Z)',
    },
    until: { type: 'string', value: 'TIME', means: 'not newer, the same way' },
    repo: {
      type: 'string',
      value: 'PATH|URL',
      completes: 'folder',
      means:
        'the Git repository, on this machine, over https, or over SSH with your own keys; a token is read from FAIRLEAD_GIT_TOKEN. Default: the checkout that this folder is in',
    },
    limit: {
      type: 'string',
      value: 'N',
      default: String(LIMIT),
      means: `at most so many (default ${LIMIT}); json has all`,
    },
    output: OUTPUT_OPTION,
    ...INSTALLATION_OPTIONS,
  },
  notes: [
    'Uploads are listed for the 90 days that the bucket keeps them, and alerts for the 400 days that their reports are kept; before that, Git says what was delivered.',
    'Needs s3:ListBucketVersions on the upload bucket, dynamodb:Query and dynamodb:GetItem on the table, and s3:ListBucket and s3:GetObject on config/checks/ and reports/ in the state bucket.',
  ],
  exits: { 0: 'also where nothing is known', ...USUAL_EXITS },
  examples: [
    'npx fairlead history staging shop/web --installation fairlead',
    'npx fairlead history production shop/web --since 7d --installation fairlead',
    'npx fairlead history production --since 2026-10-01 --until 2026-11-01 -o json --installation fairlead',
  ],
} as const satisfies Form;

export const history: Command = {
  name: 'history',
  summary: 'the audit trail: who delivered what, and what became of it',
  form: FORM,
  async run(argv) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: FORM.options,
    });
    const form = oneOf(OUTPUTS, values.output, '-o');
    const limit = Number(values.limit);
    if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit is a number from 1 on');
    const now = new Date();
    const [since, until] = (['since', 'until'] as const).map((name) => {
      const text = values[name];
      return text === undefined ? undefined : timeOf(`--${name}`, text, now);
    });
    if (since !== undefined && until !== undefined && since > until)
      throw new UsageError('--since is after --until: nothing lies between them');
    const place = placeOf(positionals);
    const installation = await findInstallation(values);
    const stores = storesOf(installation);
    const target = place.target ?? (await onlyTarget(stores));
    const config = await knownTarget(stores, target);
    const { scope } = place;
    const asked = { scope, since, until, repo: values.repo };
    const found = await readHistory(installation, stores, config, asked);
    console.log(
      form === 'json'
        ? formatHistoryJson(found, { installation: config.installation, target, scope })
        : formatHistory(found, { limit, scope, paint: paintOn(process.stdout, process.env) }),
    );
    return 0;
  },
};

interface Place {
  readonly target: string | undefined;
  readonly scope: string | undefined;
}

/** `staging shop/web`, `shop/web`, `staging`. */
function placeOf(positionals: readonly string[]): Place {
  const [first, second, ...more] = positionals;
  if (first === undefined)
    throw new UsageError('say of what: TARGET, TARGET NAMESPACE/RELEASE, or TARGET manifests/PATH');
  if (more.length > 0) throw new UsageError(`one release at a time, not ${positionals.slice(1).join(', ')}`);
  if (second === undefined)
    return first.includes('/')
      ? { target: undefined, scope: scopeOf(first) }
      : { target: first, scope: undefined };
  if (first.includes('/')) throw new UsageError(`the target goes first: ${second} ${first}`);
  return { target: first, scope: scopeOf(second) };
}

function scopeOf(text: string): string {
  if (text === 'manifests' || /^manifests\/[^\s]+$/.test(text) || /^[^/\s]+\/[^/\s]+$/.test(text))
    return text;
  throw new UsageError(`"${text}" is no NAMESPACE/RELEASE, such as shop/web, and not manifests/PATH`);
}

async function onlyTarget(stores: Stores): Promise<string> {
  const names = await targetNames(stores);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new UsageError(
    only === undefined ? 'there is no target yet' : `say of which target: ${names.join(', ')}`,
  );
}
