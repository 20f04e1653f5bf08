import { KubectlV35Layer } from '@aws-cdk/lambda-layer-kubectl-v35';
import { Stack, type StackProps } from 'aws-cdk-lib';
import { type ILayerVersion, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { backupOf } from '../lib/config/backup.ts';
import type { Config } from '../lib/config/config.ts';
import type { Mirrors } from '../lib/config/mirrors.ts';
import { type Checker, Checkers } from './clusters/checkers.ts';
import { assumesRoles, describesClusters } from './clusters/clusters.ts';
import { GitNetwork } from './network/git-network.ts';
import { Isolation } from './network/isolation.ts';
import type { Packages } from './packages.ts';
import { Alerts } from './people/alerts.ts';
import { Addresses } from './run/addresses.ts';
import { ReceivedUploads } from './run/arrival.ts';
import { readsAuditLogs } from './run/audit-logs.ts';
import {
  proposesTo,
  readsRepositories,
  trustsOwnAuthorities,
  writesRepositories,
} from './run/credentials.ts';
import { DailyBackup } from './run/daily-backup.ts';
import { DeadLetters, lettersOf } from './run/dead-letters.ts';
import { FairleadFunction, type FunctionName, type FunctionSettings } from './run/function.ts';
import { GitImage } from './run/git-image.ts';
import { WorkQueue } from './run/queue.ts';
import { Sweeps } from './run/schedules.ts';
import { SmokeTest } from './run/smoke.ts';
import { UntoldStream } from './run/untold-stream.ts';
import { exported } from './state/storage.ts';
import type { StateStack } from './state-stack.ts';
import type { TargetsStack } from './targets-stack.ts';
import { Watch } from './watch/watch.ts';

export interface RunSettings extends StackProps {
  readonly config: Config;
  readonly packages: Packages;
  readonly kept: StateStack;
  readonly known: TargetsStack;
}

/**
 * What runs, and may be made anew at any time. Read it as the table of trusts: each function, then all that it may.
 */
export class RunStack extends Stack {
  /** Who is let into clusters. */
  readonly checkers: readonly Checker[];
  /** Where schedules of targets ring. */
  readonly scheduled: { readonly readQueueArn: string; readonly undeliveredArn: string };

  constructor(scope: Construct, id: string, { config, packages, kept, known, ...props }: RunSettings) {
    super(scope, id, props);
    const { installation, targets, repositories } = config;
    const { key, rolePath } = config.aws;
    const { uploads, content, state, record } = kept;
    const { configuration } = known;
    const code = new GitImage(this, 'GitImage', {
      choice: config.gitImage,
      base: config.mirrors.baseImage,
      packages,
      production: config.production,
      installation,
    });
    const common = { installation, code, key, rolePath };
    const create = (name: FunctionName, settings: Omit<FunctionSettings, keyof typeof common> = {}) =>
      new FairleadFunction(this, name, { ...common, ...settings });

    const alerts = new Alerts(this, 'Alerts', config);
    const isolation = new Isolation(this, 'Isolation', {
      reachable: [...content.reachable, ...state.reachable],
      existing: config.aws.existing.vpc,
    });

    const gitNetwork = config.gitNetwork;
    // Where the Git hosts are reached.
    const withGit =
      gitNetwork?.vpc === undefined ? {} : { network: new GitNetwork(this, 'GitNetwork', gitNetwork.vpc) };

    const receive = create('receive-upload');
    const render = create('render-release', {
      layers: [helmAndKubectl(this, config.mirrors)],
      network: isolation,
    });
    const deliver = create('deliver-uploads', withGit);
    const read = create('read-desired', withGit);
    const backUp = kept.backups === undefined ? undefined : create('back-up-repositories', withGit);
    const send = create('send-alerts');
    const sweep = create('sweep');

    const arrivals = new ReceivedUploads(this, 'Arrivals', {
      bucket: uploads.bucket as IBucket,
      worker: receive,
      undelivered: alerts.undelivered,
    });
    const doorbell = new WorkQueue(this, 'Doorbell', {
      variable: 'doorbellQueue',
      worker: deliver,
      order: 'by-group',
      batchSize: 1,
      maxConcurrency: 10,
      maxReceiveCount: 100,
    });
    const reads = new WorkQueue(this, 'Reads', {
      variable: 'readQueue',
      worker: read,
      order: 'any',
      batchSize: 1,
      maxConcurrency: 5,
      maxReceiveCount: 5,
    });
    const checkers = new Checkers(this, targets, (called) => create('check-drift', called));
    const untold = new UntoldStream(this, 'Untold', { record, worker: send });

    new Addresses(this, 'Addresses', installation, {
      uploadBucket: uploads.bucketName,
      table: record.tableName,
      receiveQueue: arrivals.work.queue.queueUrl,
      readQueue: reads.queue.queueUrl,
      stateBucket: state.bucketName,
    });

    // receive-upload opens hostile packages: no secret, no Git, no cluster. Who gives a command it asks STS, by a request
    // that the caller signed: that takes no right.
    configuration.readBy(receive);
    uploads.openedBy(receive);
    uploads.taggedBy(receive);
    content.filledBy(receive);
    record.keptBy(receive);
    doorbell.rungBy(receive);
    arrivals.work.shownAgainByWorker();

    // render-release runs hostile templates: the two stores, and no network beyond them.
    render.knows('tools', '/opt');
    content.readBy(render);
    state.keptBy(render, 'renders', 'judgements', 'keys');
    state.readBy(render, 'openapi');

    // deliver-uploads writes to Git: what is checked, never a package, never a cluster.
    configuration.readBy(deliver);
    writesRepositories(deliver, repositories);
    proposesTo(deliver, repositories, targets);
    trustsOwnAuthorities(deliver, gitNetwork);
    uploads.taggedBy(deliver);
    content.readBy(deliver);
    content.filledBy(deliver);
    // Renders: what stays in the cluster when something is removed, and what a pull request changes there.
    state.readBy(deliver, 'profiles', 'renders');
    record.keptBy(deliver);
    reads.rungBy(deliver);
    doorbell.rungBy(deliver);
    doorbell.shownAgainByWorker();
    calls(deliver, render);

    // read-desired reads Git: it has the credential that cannot write.
    configuration.readBy(read);
    readsRepositories(read, repositories, config.chartSources);
    trustsOwnAuthorities(read, gitNetwork);
    content.readBy(read);
    content.filledBy(read);
    content.indexedBy(read);
    state.keptBy(read, 'desired', 'renders', 'config');
    state.readBy(read, 'profiles');
    record.keptBy(read);
    describesClusters(read, targets);
    checkers.rungBy(read);
    doorbell.rungBy(read);
    calls(read, render);

    // check-drift reads clusters: no Git, no helm, no parameters, no secret.
    for (const { worker: check, targets: checked } of checkers.all) {
      state.readBy(check, 'desired', 'renders', 'config');
      state.keptBy(check, 'profiles', 'openapi', 'keys');
      record.keptBy(check);
      assumesRoles(check, checked);
    }

    // back-up-repositories reads Git as read-desired does, and puts it where it cannot get it back from.
    if (backUp !== undefined) {
      const except = new Set(backupOf(config)?.except);
      configuration.readBy(backUp);
      readsRepositories(
        backUp,
        repositories.filter(({ name }) => !except.has(name)),
        [],
      );
      trustsOwnAuthorities(backUp, gitNetwork);
      kept.backups?.filledBy(backUp);
      new DailyBackup(this, 'DailyBackup', {
        installation,
        worker: backUp,
        key,
        undeliveredArn: alerts.undelivered.queueArn,
      });
    }

    // send-alerts speaks to people, and to the webhooks that are named.
    record.keptBy(send);
    state.reportedTo(send);
    alerts.publishedBy(send);
    readsAuditLogs(send, targets);

    // sweep keeps time: it looks and rings.
    configuration.readBy(sweep);
    uploads.listedBy(sweep);
    record.keptBy(sweep);
    record.searchedForUntoldBy(sweep);
    arrivals.work.rungBy(sweep);
    doorbell.rungBy(sweep);
    reads.rungBy(sweep);

    new DeadLetters(this, 'DeadLetters', installation, [
      lettersOf('receive', arrivals.work),
      lettersOf('doorbell', doorbell),
      lettersOf('reads', reads),
      ...checkers.all.map(({ work }) => lettersOf('checks', work, work.node.id.toLowerCase())),
      { name: 'untold', kind: 'untold', letters: untold.deadLetters },
      { name: 'undelivered', kind: 'undelivered', letters: alerts.undelivered },
      { name: 'unheard', kind: 'unheard', letters: alerts.unheard },
    ]);

    this.checkers = checkers.all;
    this.scheduled = {
      readQueueArn: exported(this, reads.queue.queueArn),
      undeliveredArn: exported(this, alerts.undelivered.queueArn),
    };
    new Sweeps(this, 'Schedules', { installation, sweep, key, undeliveredArn: alerts.undelivered.queueArn });
    const functions = [
      ...[receive, render, deliver, read],
      ...(backUp === undefined ? [] : [backUp]),
      ...checkers.all.map(({ worker }) => worker),
      ...[send, sweep],
    ];
    new SmokeTest(this, 'SmokeTest', {
      tester: create('smoke-test'),
      functions,
      fingerprint: code.fingerprint,
      after: [isolation, alerts, ...checkers.all.flatMap(({ network }) => network ?? [])],
    });
    new Watch(this, 'Watch', {
      functions,
      checkers: checkers.all,
      queues: [arrivals.work, doorbell, reads, ...checkers.all.map(({ work }) => work)],
      deadLetters: [
        ...[arrivals.work, doorbell, reads].map((work) => work.deadLetters),
        ...checkers.all.map(({ work }) => work.deadLetters),
        untold.deadLetters,
        alerts.unheard,
      ],
      undelivered: alerts.undelivered,
      tell: alerts.operators,
      installation,
      hourly: sweep,
      backups: backUp === undefined ? 'none' : 'daily',
    });
  }
}

/** The two programs that render, from npm's package of them or from a layer of the organisation's. */
const helmAndKubectl = (scope: Construct, { helmLayer }: Mirrors): ILayerVersion =>
  helmLayer === undefined
    ? new KubectlV35Layer(scope, 'HelmAndKubectl')
    : LayerVersion.fromLayerVersionArn(scope, 'HelmAndKubectl', helmLayer);

/** Calls and waits: references go across, never contents. */
function calls(caller: FairleadFunction, called: FairleadFunction): void {
  caller.knows('renderFunction', called.functionName);
  caller.allow({ actions: ['lambda:InvokeFunction'], resources: [called.lambda.functionArn] });
}
