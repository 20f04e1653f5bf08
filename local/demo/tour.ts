import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packExample } from '../example/pack.ts';
import type { InboxEntry } from '../page/inbox.ts';
import type { PageState } from '../page/page.ts';
import { Unseen, type World } from './world.ts';

/** One step: does it as a user would, and gives what was seen, a line each. @throws Unseen */
interface Step {
  readonly name: string;
  readonly play: (world: World) => Promise<readonly string[]>;
}

const SCOPE = 'shop/hello';
const KEY = 'staging/shop/hello';
const PLACE = `${KEY}/`;
/** Where the binaries must first be fetched or built. */
const CLUSTER_SECONDS = 900;
const STEP_SECONDS = 60;

const PLAIN_SECRET = new Map([
  [
    'templates/credentials.yaml',
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-credentials\nstringData:\n  password: not-so-secret\n',
  ],
]);
const BROKEN_TEMPLATE = new Map([
  [
    'templates/broken.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.no.such.value }}\n',
  ],
]);

export const TOUR: readonly Step[] = [
  {
    name: 'npm start: S3, Git and the page serve',
    async play(world) {
      const { page, repositories } = await world.start();
      const answer = await fetch(page, { redirect: 'manual' });
      if (answer.status !== 303) throw new Unseen(`the page answers ${answer.status}`);
      return [`page ${new URL(page).origin}, git ${repositories.cluster}`];
    },
  },
  {
    name: 'a real Kubernetes API server serves',
    async play(world) {
      const cluster = await world.until('a cluster', CLUSTER_SECONDS, async () => {
        const { cluster: state } = await world.page();
        if (state.kind === 'unavailable') throw new Unseen(`${state.reason}. ${state.howTo}`);
        return state.kind === 'running' && state;
      });
      await world.kubectl('get', '--raw', '/readyz');
      return [`Kubernetes ${cluster.version}`];
    },
  },
  {
    name: 'the example chart is committed and applied',
    async play(world) {
      const { repositories } = world.connection();
      await world.until('the commit of the example', STEP_SECONDS, async () => {
        const listed = await world.run('git', ['ls-remote', repositories.cluster ?? '', 'refs/heads/main']);
        return (
          listed.stdout !== '' && (await world.page()).deliveries.some(({ state }) => state === 'delivered')
        );
      });
      await world.git('clone', '--quiet', repositories.cluster ?? '');
      const subject = await world.git('log', '-1', '--format=%h %s');
      await untilChart(world, '0.1.0');
      await untilInSync(world);
      return [`git: ${subject}`, 'kubectl: deployment/hello is there, of chart hello-0.1.0'];
    },
  },
  {
    name: 'upload: the chart becomes a commit, applied, rolled out',
    async play(world) {
      const before = await commits(world);
      const { fileName, bytes } = await packExample('0.2.0');
      const file = await save(world, fileName, bytes);
      const ran = await world.fairlead('upload', file, PLACE, '--wait', '--author', 'demo');
      if (ran.code !== 0) throw new Unseen(`upload ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
      if ((await commits(world)) !== before + 1) throw new Unseen('not one commit more in Git');
      const message = await world.git('log', '-1', '--format=%B');
      for (const trailer of ['Fairlead-Upload', 'Fairlead-Digest', 'Fairlead-Package', 'Fairlead-Target']) {
        if (!message.includes(`${trailer}: `)) throw new Unseen(`the commit has no trailer ${trailer}`);
      }
      const stored = await world.stored(`${KEY}/${fileName}`);
      if (!stored.body.equals(bytes)) throw new Unseen('the uploaded bytes have changed');
      const tip = await world.git('rev-parse', 'HEAD');
      if (stored.tags.get('fairlead-commit') !== tip) throw new Unseen('the tag names another commit');
      await untilChart(world, '0.2.0');
      await world.until('the event of the roll-out', STEP_SECONDS, () =>
        world.inbox(
          (entry) => entry.kind === 'rolled-out' && entry.scope === SCOPE && bodies(entry).includes(tip),
        ),
      );
      await untilInSync(world, tip);
      return [
        `git: ${message.split('\n')[0]}`,
        `tags: ${[...stored.tags].map(([name, value]) => `${name}=${value}`).join(' ')}`,
        'kubectl: deployment/hello of chart hello-0.2.0; inbox: rolled-out',
      ];
    },
  },
  {
    name: 'a change with kubectl: an alert says what, with what, and what Git has',
    async play(world) {
      await world.kubectl('-n', 'shop', 'set', 'image', 'deployment/hello', 'web=nginx:1.0');
      const alert = await world.until('the alert of the drift', STEP_SECONDS, () =>
        world.inbox((entry) => entry.kind === 'drift' && entry.scope === SCOPE && isWhole(entry)),
      );
      const email = alert.forms.email?.body ?? '';
      for (const part of ['containers[name=web].image', 'nginx:1.27', 'nginx:1.0', 'kubectl-set']) {
        if (!email.includes(part)) throw new Unseen(`the email does not say ${part}:\n${email}`);
      }
      return [`email: ${alert.forms.email?.subject}`, ...linesWith(email, /image|Git:|cluster:|likely/)];
    },
  },
  {
    name: 'the repair, as the alert says it: an alert says that it has converged',
    async play(world) {
      const drift = await world.inbox(({ kind, scope }) => kind === 'drift' && scope === SCOPE);
      const commands = repairOf(drift?.forms.email?.body ?? '');
      const ran = await world.shell(commands);
      if (ran.code !== 0) throw new Unseen(`the alert's own commands fail: ${commands}\n${ran.stderr}`);
      const alert = await world.until('the alert of the convergence', STEP_SECONDS, () =>
        world.inbox((entry) => entry.kind === 'converged' && entry.scope === SCOPE && isWhole(entry)),
      );
      if (drift?.incident !== alert.incident) throw new Unseen('it closes another incident');
      const image = await world.kubectl(
        ...['-n', 'shop', 'get', 'deployment', 'hello'],
        ...['-o', 'jsonpath={.spec.template.spec.containers[0].image}'],
      );
      if (image !== 'nginx:1.27') throw new Unseen(`the image is ${image}`);
      await noFalseAlarm(world, 1);
      return [
        ...commands.split('\n').map((command) => `$ ${command}`),
        `email: ${alert.forms.email?.subject}`,
        `pager: ${alert.forms.pager?.subject}`,
      ];
    },
  },
  {
    name: 'a chart with a plain Secret: rejected, with file and line',
    play: (world) => rejected(world, '0.3.0', PLAIN_SECRET, 'templates/credentials.yaml', 'not-so-secret'),
  },
  {
    name: 'a chart with a template error: rejected, with file and line',
    play: (world) => rejected(world, '0.4.0', BROKEN_TEMPLATE, 'templates/broken.yaml:4'),
  },
  {
    name: 'the same chart again: delivered, and no second commit',
    async play(world) {
      const before = await commits(world);
      const { fileName, bytes } = await packExample('0.2.0');
      const file = await save(world, fileName, bytes);
      const ran = await world.fairlead('upload', file, PLACE, '--wait');
      if (ran.code !== 0) throw new Unseen(`upload ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
      const after = await commits(world);
      if (after !== before) throw new Unseen(`${after - before} more commits in Git`);
      return [linesWith(ran.stdout, /delivered/)[0] ?? ''];
    },
  },
  {
    name: "a person's commit: a roll-out, and no false alarm",
    async play(world) {
      await world.git('pull', '--quiet');
      const values = join(world.folder, 'clone', 'fairlead/staging/releases/shop/hello/values.yaml');
      await writeFile(values, `${(await readFile(values, 'utf8')).replace(/^\{\}\n?/, '')}replicas: 3\n`);
      await world.git('commit', '--quiet', '--all', '-m', 'Three replicas');
      const known = alarms(await world.page()).length;
      await world.git('push', '--quiet');
      await world.until('three replicas', STEP_SECONDS, async () => {
        const replicas = await world.kubectl(
          ...['-n', 'shop', 'get', 'deployment', 'hello', '-o', 'jsonpath={.spec.replicas}'],
        );
        return replicas === '3';
      });
      await world.git('fetch', '--quiet');
      await untilInSync(world, await world.git('rev-parse', 'origin/main'));
      await noFalseAlarm(world, known);
      return ['kubectl: deployment/hello has three replicas; inbox: no alarm'];
    },
  },
];

/** Uploads it and looks for everything that a rejection leaves. */
async function rejected(
  world: World,
  version: string,
  more: ReadonlyMap<string, string>,
  place: string,
  secret?: string,
): Promise<readonly string[]> {
  const before = await commits(world);
  const { fileName, bytes } = await packExample(version, more);
  const file = await save(world, fileName, bytes);
  const ran = await world.fairlead('upload', file, PLACE, '--wait');
  if (ran.code !== 1) throw new Unseen(`upload ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
  if (!ran.stdout.includes(place)) throw new Unseen(`no ${place} in: ${ran.stdout}`);
  const { tags } = await world.stored(`${KEY}/${fileName}`);
  if (tags.get('fairlead-outcome') !== 'rejected')
    throw new Unseen('the tag does not say that it is rejected');
  const alert = await world.until('the alert of the rejection', STEP_SECONDS, () =>
    world.inbox((entry) => entry.kind === 'rejected' && entry.scope.endsWith(fileName) && isWhole(entry)),
  );
  if (!alert.forms.email?.body.includes(place)) throw new Unseen(`the email does not say ${place}`);
  const said = `${ran.stdout}${ran.stderr}${bodies(alert)}`;
  if (secret !== undefined && said.includes(secret)) throw new Unseen('the secret was told');
  if ((await commits(world)) !== before) throw new Unseen('something was committed');
  return [...linesWith(ran.stdout, /^ {2}\S/), `email: ${alert.forms.email?.subject}`];
}

const alarms = ({ inbox }: PageState): readonly InboxEntry[] =>
  inbox.filter(({ severity }) => severity !== 'info');

/** @param expected how many alarms there may be, from the beginning */
async function noFalseAlarm(world: World, expected: number): Promise<void> {
  const [latest, ...rest] = alarms(await world.page());
  if (latest === undefined || rest.length + 1 <= expected) return;
  throw new Unseen(`a false alarm: ${latest.forms.email?.subject}\n${latest.forms.email?.body}`);
}

/** What the email says to paste first: the indented lines after "Put it back". */
function repairOf(email: string): string {
  const lines = email.split('\n');
  const from = lines.findIndex((line) => line.startsWith('Put it back'));
  const commands: string[] = [];
  for (const line of lines.slice(from + 1)) {
    if (line.startsWith('  ')) commands.push(line.trim());
    else if (commands.length > 0) break;
  }
  return commands.join('\n');
}

async function save(world: World, fileName: string, bytes: Buffer): Promise<string> {
  const file = join(world.folder, fileName);
  await writeFile(file, bytes);
  return file;
}

async function commits(world: World): Promise<number> {
  await world.git('pull', '--quiet');
  return Number(await world.git('rev-list', '--count', 'HEAD'));
}

const untilChart = (world: World, version: string) =>
  world.until(`deployment/hello of chart hello-${version}`, STEP_SECONDS, async () => {
    const label = await world
      .kubectl(
        ...['-n', 'shop', 'get', 'deployment', 'hello', '--ignore-not-found'],
        ...['-o', 'jsonpath={.metadata.labels.helm\\.sh/chart}'],
      )
      .catch(() => '');
    return label === `hello-${version}`;
  });

const untilInSync = (world: World, commit?: string) =>
  world.until(`verdict "in sync" of ${SCOPE}`, STEP_SECONDS, async () => {
    const scopes = (await world.page()).targets.flatMap((target) => target.scopes);
    const seen = scopes.find(({ scope }) => scope === SCOPE);
    return seen?.verdict === 'in-sync' && (commit === undefined || seen.commit === commit);
  });

const isWhole = ({ forms }: InboxEntry): boolean => forms.email !== undefined && forms.chat !== undefined;
const bodies = ({ forms }: InboxEntry): string =>
  Object.values(forms)
    .map(({ body }) => body)
    .join('\n');
const linesWith = (text: string, pattern: RegExp): string[] =>
  text
    .split('\n')
    .filter((line) => pattern.test(line))
    .map((line) => line.trim());
