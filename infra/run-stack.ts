import { KubectlV35Layer } from '@aws-cdk/lambda-layer-kubectl-v35';
import { Duration, Size, Stack, type StackProps } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Config } from '../lib/config/config.ts';
import { Addresses } from './addresses.ts';
import { Alerts } from './alerts.ts';
import { ReceivedUploads } from './arrival.ts';
import { readsAuditLogs } from './audit-logs.ts';
import { describesClusters } from './clusters.ts';
import { readsRepositories, writesRepositories } from './credentials.ts';
import { FairleadFunction, type FunctionName, type FunctionSettings } from './function.ts';
import { Isolation } from './isolation.ts';
import type { Packages } from './packages.ts';
import { WorkQueue } from './queue.ts';
import { Sweeps } from './schedules.ts';
import type { StateStack } from './state-stack.ts';
import { exported } from './storage.ts';
import type { TargetsStack } from './targets-stack.ts';
import { UntoldStream } from './untold-stream.ts';
import { Watch } from './watch.ts';

/** So much memory comes with one processor (Lambda guide, "Configure Lambda function memory"): git and Node share it. */
const WHOLE_PROCESSOR_MIB = 1769;
/** Several clones of at most a quarter GiB, and a push that is being made: lib/repository/clone.ts. */
const CLONES = Size.gibibytes(2);

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
  /** What is let into clusters. */
  readonly check: FairleadFunction;
  /** Where schedules of targets ring. */
  readonly scheduled: { readonly readQueueArn: string; readonly undeliveredArn: string };

  constructor(scope: Construct, id: string, { config, packages, kept, known, ...props }: RunSettings) {
    super(scope, id, props);
    const { installation, targets, repositories } = config;
    const { key, rolePath } = config.aws;
    const { uploads, content, state, record } = kept;
    const { configuration } = known;
    const common = { installation, packages, key, rolePath };
    const create = (name: FunctionName, settings: Omit<FunctionSettings, keyof typeof common>) =>
      new FairleadFunction(this, name, { ...common, ...settings });

    const alerts = new Alerts(this, 'Alerts', config);
    const isolation = new Isolation(this, 'Isolation', {
      reachable: [...content.reachable, ...state.reachable],
    });

    const receive = create('receive-upload', { memoryMiB: 1024, timeout: Duration.minutes(2) });
    const render = create('render-release', {
      memoryMiB: 2048,
      // Every limit of lib/charts reached, one after the other, is about a hundred seconds: an answer, not a time-out.
      timeout: Duration.minutes(3),
      layers: [new KubectlV35Layer(this, 'HelmAndKubectl')],
      isolation,
    });
    // A call takes up no more after two minutes; what it has begun by then may wait for a host's push interval, for a
    // judgement and for a push. Cut off in that, it would leave a push whose fate nobody knows.
    const deliver = create('deliver-uploads', {
      memoryMiB: WHOLE_PROCESSOR_MIB,
      timeout: Duration.minutes(10),
      scratch: CLONES,
    });
    const read = create('read-desired', {
      memoryMiB: 1024,
      timeout: Duration.minutes(5),
      scratch: CLONES,
    });
    const check = create('check-drift', { memoryMiB: 1024, timeout: Duration.minutes(5) });
    // It begins nothing after 45 seconds; a step and a look into an audit log still fit after that.
    const send = create('send-alerts', { memoryMiB: 512, timeout: Duration.seconds(90) });
    const sweep = create('sweep', { memoryMiB: 512, timeout: Duration.minutes(5) });

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
    const checks = new WorkQueue(this, 'Checks', {
      variable: 'checkQueue',
      worker: check,
      order: 'any',
      batchSize: 1,
      maxConcurrency: 5,
      maxReceiveCount: 5,
    });
    const untold = new UntoldStream(this, 'Untold', { record, worker: send });

    new Addresses(this, 'Addresses', installation, {
      uploadBucket: uploads.bucketName,
      table: record.tableName,
      receiveQueue: arrivals.work.queue.queueUrl,
      stateBucket: state.bucketName,
    });

    // receive-upload opens hostile packages: no secret, no Git, no cluster.
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
    uploads.taggedBy(deliver);
    content.readBy(deliver);
    content.filledBy(deliver);
    state.readBy(deliver, 'profiles');
    record.keptBy(deliver);
    reads.rungBy(deliver);
    doorbell.rungBy(deliver);
    doorbell.shownAgainByWorker();
    calls(deliver, render);

    // read-desired reads Git: it has the credential that cannot write.
    configuration.readBy(read);
    readsRepositories(read, repositories, config.chartSources);
    content.readBy(read);
    content.filledBy(read);
    content.indexedBy(read);
    state.keptBy(read, 'desired', 'renders', 'config', 'keys');
    state.readBy(read, 'profiles');
    record.keptBy(read);
    describesClusters(read, targets);
    checks.rungBy(read);
    doorbell.rungBy(read);
    calls(read, render);

    // check-drift reads clusters: no Git, no helm, no parameters, no secret.
    state.readBy(check, 'desired', 'renders', 'config');
    state.keptBy(check, 'profiles', 'openapi', 'keys');
    record.keptBy(check);

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

    this.check = check;
    this.scheduled = {
      readQueueArn: exported(this, reads.queue.queueArn),
      undeliveredArn: exported(this, alerts.undelivered.queueArn),
    };
    new Sweeps(this, 'Schedules', { sweep, key, undeliveredArn: alerts.undelivered.queueArn });
    new Watch(this, 'Watch', {
      functions: [receive, render, deliver, read, check, send, sweep],
      checks,
      queues: [arrivals.work, doorbell, reads, checks],
      deadLetters: [
        ...[arrivals.work, doorbell, reads, checks].map((work) => work.deadLetters),
        untold.deadLetters,
      ],
      undelivered: alerts.undelivered,
      tell: alerts.operators,
      installation,
      hourly: sweep,
      longestCheckMinutes: Math.max(...targets.map(({ checkEveryMinutes }) => checkEveryMinutes)),
    });
  }
}

/** Calls and waits: references go across, never contents. */
function calls(caller: FairleadFunction, called: FairleadFunction): void {
  caller.knows('renderFunction', called.functionName);
  caller.allow({ actions: ['lambda:InvokeFunction'], resources: [called.lambda.functionArn] });
}
