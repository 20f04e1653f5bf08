import { Duration } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket, LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { REPORTS } from '../../lib/alerts/report.ts';
import type { VARIABLES } from '../../lib/aws/environment.ts';
import { throughService } from '../customer-key.ts';
import type { FairleadFunction } from '../run/function.ts';
import { exported, privateBucket, type StorageSettings } from './storage.ts';

const OLD_VERSIONS_KEPT = Duration.days(30);
/** A year, and a month to look back on it. */
const REPORTS_KEPT = Duration.days(400);

const TREES = 'trees/';
const TREES_OF_GIT = 'trees-of-git/';
const OUTSIDE = 'outside/';

/** What each part of the state bucket holds; each function gets the parts it works with. */
export const STATE = {
  renders: 'renders/',
  judgements: 'judgements/',
  desired: 'desired/',
  profiles: 'profiles/',
  openapi: 'openapi/',
  config: 'config/',
  keys: 'keys/',
  reports: REPORTS,
} as const;
export type StatePart = keyof typeof STATE;

/** A bucket of our own, encrypted with the installation's key, whose rights are given by the part of it. */
class Store extends Construct {
  private readonly bucket: Bucket;
  private readonly arn: string;
  readonly bucketName: string;
  private readonly ownKey: string | undefined;
  private readonly variable: keyof typeof VARIABLES;

  constructor(
    scope: Construct,
    id: string,
    settings: StorageSettings & {
      readonly ownKey: Key | undefined;
      readonly variable: keyof typeof VARIABLES;
      readonly lifecycle: readonly LifecycleRule[];
    },
  ) {
    super(scope, id);
    this.variable = settings.variable;
    const { ownKey, ...bucket } = settings;
    this.bucket = privateBucket(this, 'Bucket', {
      ...bucket,
      ...(ownKey === undefined ? {} : { key: ownKey }),
    });
    this.arn = exported(this, this.bucket.bucketArn);
    this.bucketName = exported(this, this.bucket.bucketName);
    this.ownKey = ownKey === undefined ? undefined : exported(this, ownKey.keyArn);
  }

  /** ARNs for a network endpoint that admits this bucket and no other. */
  get reachable(): readonly string[] {
    return [this.arn, `${this.arn}/*`];
  }

  protected give(to: FairleadFunction, how: 'read' | 'write', prefixes: readonly string[]): void {
    this.giveObjects(to, how, prefixes);
    // Without it a missing object is "forbidden", and nobody could tell the two apart.
    to.allow({ actions: ['s3:ListBucket'], resources: [this.arn] });
  }

  protected giveObjects(to: FairleadFunction, how: 'read' | 'write', prefixes: readonly string[]): void {
    to.knows(this.variable, this.bucketName);
    to.allow({
      actions: [how === 'read' ? 's3:GetObject' : 's3:PutObject'],
      resources: prefixes.map((prefix) => `${this.arn}/${prefix}*`),
      because: `Objects are kept under their digest or name; this function may ${how} these parts of the bucket`,
    });
    if (this.ownKey === undefined) return;
    to.allow({
      actions: how === 'read' ? ['kms:Decrypt'] : ['kms:GenerateDataKey'],
      resources: [this.ownKey],
      conditions: throughService(to, 's3'),
    });
  }
}

/** What uploads unpacked to: written once under its digest, never executed. */
export class Content extends Store {
  constructor(
    scope: Construct,
    id: string,
    settings: StorageSettings & { readonly ownKey: Key | undefined },
  ) {
    super(scope, id, {
      ...settings,
      variable: 'contentBucket',
      lifecycle: [{ noncurrentVersionExpiration: OLD_VERSIONS_KEPT }],
    });
  }

  readBy(reader: FairleadFunction): void {
    this.give(reader, 'read', [TREES]);
  }

  filledBy(writer: FairleadFunction): void {
    this.give(writer, 'write', [TREES]);
  }

  /** Which tree of ours a tree of Git is, or a version of a chart from outside. */
  indexedBy(reader: FairleadFunction): void {
    this.give(reader, 'read', [TREES_OF_GIT, OUTSIDE]);
    this.give(reader, 'write', [TREES_OF_GIT, OUTSIDE]);
  }
}

/** What Fairlead works out and can work out again (renders, desired states, profiles of clusters), and its reports. */
export class State extends Store {
  constructor(
    scope: Construct,
    id: string,
    settings: StorageSettings & { readonly ownKey: Key | undefined },
  ) {
    super(scope, id, {
      ...settings,
      variable: 'stateBucket',
      lifecycle: [
        { noncurrentVersionExpiration: OLD_VERSIONS_KEPT },
        { prefix: STATE.reports, expiration: REPORTS_KEPT },
      ],
    });
  }

  readBy(reader: FairleadFunction, ...parts: readonly StatePart[]): void {
    this.give(
      reader,
      'read',
      parts.map((part) => STATE[part]),
    );
  }

  keptBy(writer: FairleadFunction, ...parts: readonly StatePart[]): void {
    this.readBy(writer, ...parts);
    this.give(
      writer,
      'write',
      parts.map((part) => STATE[part]),
    );
  }
  /** Writes what it never reads. */
  reportedTo(writer: FairleadFunction): void {
    this.giveObjects(writer, 'write', [STATE.reports]);
  }
}
