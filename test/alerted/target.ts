import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as clients from '../../lib/aws/clients.ts';
import { dynamoTable, type Table } from '../../lib/aws/table.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { type LocalAws, startAws, TABLE } from '../../local/aws/aws.ts';
import type { Handler } from '../../local/aws/services.ts';
import { CONFIG_PATH, type LocalFunctions, startFunctions } from '../../local/functions.ts';
import { startGit } from '../../local/git.ts';
import { type InboxEntry, openInbox } from '../../local/page/inbox.ts';
import { tools } from '../../local/tools.ts';
import { clusterRepository } from '../fixtures/cluster-repository.ts';
import { takeAll } from '../fixtures/local-aws.ts';

const PATIENCE_MS = 180_000;
const POLL_MS = 50;
/** Longer than any test. */
const NEVER_BY_ITSELF_SECONDS = 24 * 3600;

/**
 * One target with everything between Git, the cluster and people: the functions of the local installation on the
 * embedded AWS. Only checks wait to be asked for, so that a test says what a check sees.
 */
export interface AlertedTarget {
  readonly name: string;
  /** The folder in the repository. */
  readonly root: string;
  /** Path of the bare repository, for who follows it. */
  readonly bare: string;
  readonly aws: LocalAws;
  readonly table: Table;
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** Reads Git, compares, tells: until nothing of it is left to be told. */
  check(): Promise<void>;
  /** What the clock asks for every minute. */
  sweep(): Promise<void>;
  /** What was told since this was last asked, in the order of telling. */
  told(): Promise<readonly InboxEntry[]>;
  end(): Promise<void>;
}

export async function alertedTarget(
  kubeconfig: string,
  given: Partial<ConfigInput['targets'][number]> & { readonly name: string },
): Promise<AlertedTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-alerted-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const each of ends.splice(0).reverse()) await each();
  };
  try {
    const git = await startGit({
      folder: join(folder, 'git'),
      port: 0,
      repositories: [{ name: 'cluster', branch: 'main' }],
      onPush: () => {},
    });
    ends.push(() => git.stop());
    const repository = await clusterRepository(join(folder, 'git', 'cluster.git'));
    ends.push(() => repository.remove());
    const config = parseConfig({
      installation: 'local',
      repositories: [{ name: 'cluster', url: git.urlOf('cluster') }],
      targets: [
        {
          repository: 'cluster',
          deployer: 'none',
          namespaces: [given.name],
          cluster: { kind: 'kubeconfig', path: kubeconfig },
          ...given,
        },
      ],
    });

    const invocable = new Map<string, Handler>();
    const inbox = await openInbox(folder, () => {});
    let functions: LocalFunctions | undefined;
    const aws = await startAws({
      folder: join(folder, 'aws'),
      port: 0,
      contents: {
        functions: invocable,
        parameters: new Map(
          [...toParameters(config)].map(([name, value]) => [`${CONFIG_PATH}/${name}`, value]),
        ),
        secrets: new Map(),
        onEvent: (event) => void inbox.put(event),
      },
      onTableWrite: () => functions?.tableWritten(),
    });
    ends.push(() => aws.stop());
    const scratch = join(folder, 'scratch');
    await mkdir(scratch, { recursive: true });
    const failures: string[] = [];
    const running = await startFunctions({
      aws,
      config,
      checkSeconds: NEVER_BY_ITSELF_SECONDS,
      tools: (await tools()).folder,
      scratch,
      onError: (name, error) => failures.push(`${name}: ${error instanceof Error ? error.stack : error}`),
    });
    functions = running;
    ends.push(() => running.stop());
    for (const [name, handler] of running.handlers) invocable.set(name, handler);

    const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
    const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
      // By a clock that no test moves.
      for (const begin = performance.now(); ; await sleep(POLL_MS)) {
        const found = await look();
        if (found !== undefined) return found;
        const waited = performance.now() - begin;
        if (waited > PATIENCE_MS) throw new Error([`in vain: ${what}`, ...failures].join('\n'));
      }
    };
    const hasToldAll = async () => {
      for await (const _ of table.untold()) return undefined;
      return true;
    };
    const seen = new Set<string>();
    return {
      name: given.name,
      root: `fairlead/${given.name}`,
      bare: repository.url,
      aws,
      table,
      commit: (files) => repository.commit(files),
      async check() {
        // What sweeps asked for meanwhile would be answered by what is there now: the same.
        await takeAll(aws, aws.queues.check);
        await running.requestCheck(given.name, 'request');
        const [body] = await until('the desired state to be read', async () => {
          const bodies = await takeAll(aws, aws.queues.check);
          return bodies.length === 0 ? undefined : bodies.slice(-1);
        });
        const answer = await running.handlers.get('check-drift')?.({ Records: [{ messageId: '1', body }] });
        assert.deepEqual(answer, { batchItemFailures: [] });
        await until('all to be told', hasToldAll);
      },
      async sweep() {
        await running.handlers.get('sweep')?.({ schema: 1, sweep: 'minutes' });
      },
      async told() {
        await until('all to be told', hasToldAll);
        const bodies = await takeAll(aws, aws.queues.inbox);
        await inbox.receive({ Records: bodies.map((body) => ({ body })) });
        const fresh = inbox
          .entries()
          .toReversed()
          .filter(({ incident, sequence }) => !seen.has(`${incident}#${sequence}`));
        for (const { incident, sequence } of fresh) seen.add(`${incident}#${sequence}`);
        assert.deepEqual(failures, []);
        return fresh;
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Alerts that a person got, in whatever form; the others are events for machines. */
export const forPeople = (told: readonly InboxEntry[]): readonly InboxEntry[] =>
  told.filter(
    ({ forms }) => forms.email !== undefined || forms.pager !== undefined || forms.chat !== undefined,
  );

/** `drift shop/web warning`, one line an alert. */
export const inShort = (told: readonly InboxEntry[]): readonly string[] =>
  told.map(({ kind, scope, severity }) => `${kind} ${scope} ${severity}`);
