import { Duration, Size } from 'aws-cdk-lib';
import type { FunctionName } from './run/function.ts';

export interface FunctionSize {
  readonly memoryMiB: number;
  readonly timeout: Duration;
  /** Of /tmp, where it is not the half GiB that Lambda gives anyway. */
  readonly scratch?: Size;
  /** Whether it may ring for itself, which Lambda ends after 16 times otherwise ("recursive loop detection"). */
  readonly ringsForItself?: 'until nothing waits';
  /** For those whom nobody waits for: how long an event is worth trying, and how often. */
  readonly unattended?: { readonly attempts: number; readonly within: Duration };
}

/** So much memory comes with one processor (Lambda guide, "Configure Lambda function memory"): git and Node share it. */
const WHOLE_PROCESSOR_MIB = 1769;
/** Several clones of at most a quarter GiB, and a push that is being made: lib/repository/clone.ts. */
const CLONES = Size.gibibytes(2);

/**
 * How large each function is, and why. None has concurrency reserved: a new account has ten in all, of which none can
 * be reserved, and a deploy there would fail. What bounds each one instead: the queue that it works on
 * (`maxConcurrency`, in run-stack.ts), for `render-release` those who wait for it, for `send-alerts` the shards of the
 * stream, one call each, and for `sweep` the clock.
 */
export const SIZES: Readonly<Record<FunctionName, FunctionSize>> = {
  // A package may unpack to 64 MiB, in a worker with limits of its own; what it does not answer within a minute it
  // rejects.
  'receive-upload': { memoryMiB: 1024, timeout: Duration.minutes(2) },
  // A helm that a hostile template drives to its limit has 384 MiB, beside a judge with all renders of a release; time
  // is what callers wait for. Every limit of lib/charts reached, one after the other, is about a hundred seconds: an
  // answer, not a time-out.
  'render-release': { memoryMiB: 2048, timeout: Duration.minutes(3) },
  // A call takes up no more after two minutes; what it has begun by then may wait for a host's push interval, for a
  // judgement and for a push. Cut off in that, it would leave a push whose fate nobody knows.
  'deliver-uploads': {
    memoryMiB: WHOLE_PROCESSOR_MIB,
    timeout: Duration.minutes(10),
    scratch: CLONES,
    // A backlog is worked off in calls of two minutes, each of which rings for the next: half an hour of it are 16. It
    // ends by itself, since a call that could do nothing does not ring.
    ringsForItself: 'until nothing waits',
  },
  // A fetch, and a render of each release that has changed; a git that is silent for a minute is ended.
  'read-desired': { memoryMiB: 1024, timeout: Duration.minutes(5), scratch: CLONES },
  // Once a day, one repository after the other: a copy, its bundle, and what is made from that to see that it holds, of
  // at most a GiB each (lib/repository/bundle.ts). Tried twice more: a host may be down for a moment.
  'back-up-repositories': {
    memoryMiB: WHOLE_PROCESSOR_MIB,
    timeout: Duration.minutes(15),
    scratch: Size.gibibytes(4),
    unattended: { attempts: 2, within: Duration.hours(6) },
  },
  // Lists a cluster a page at a time and holds what it compares: 290 MiB for 5,000 Deployments (docs/drift.md).
  'check-drift': { memoryMiB: 1024, timeout: Duration.minutes(5) },
  // It begins nothing after 45 seconds; a step and a look into an audit log still fit after that.
  'send-alerts': { memoryMiB: 512, timeout: Duration.seconds(90) },
  // Once a minute: the next round does what this one could not, so none is tried again.
  sweep: {
    memoryMiB: 512,
    timeout: Duration.minutes(5),
    unattended: { attempts: 0, within: Duration.minutes(1) },
  },
  // A minute in which a new role becomes known, an answer of a minute after that, and the answer to CloudFormation.
  'smoke-test': {
    memoryMiB: 256,
    timeout: Duration.minutes(4),
    unattended: { attempts: 0, within: Duration.minutes(1) },
  },
};
