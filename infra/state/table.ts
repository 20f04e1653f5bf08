import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { UNTOLD_INDEX } from '../../lib/aws/table.ts';
import type { FairleadFunction } from '../run/function.ts';
import { exported, removalPolicy } from './storage.ts';

/** DynamoDB guide, "Point-in-time recovery": 1 to 35; each costs the same. */
const RECOVERED_DAYS = 35;

/** The record of uploads, incidents and what is due: one table, with a stream of its changes. */
export class RecordTable extends Construct {
  readonly table: Table;
  readonly streamArn: string;
  readonly arn: string;
  readonly tableName: string;

  constructor(scope: Construct, id: string, { production }: { readonly production: boolean }) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      // The image is for the filter alone: who reads the stream reads the item afresh, since this may be old.
      stream: StreamViewType.NEW_IMAGE,
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        // As far back as DynamoDB goes, also of a table that was deleted meanwhile.
        recoveryPeriodInDays: RECOVERED_DAYS,
      },
      deletionProtection: production,
      removalPolicy: removalPolicy(production),
    });
    this.table.addGlobalSecondaryIndex({
      indexName: UNTOLD_INDEX,
      partitionKey: { name: 'untold', type: AttributeType.STRING },
      sortKey: { name: 'untoldAt', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    this.arn = exported(this, this.table.tableArn);
    this.tableName = exported(this, this.table.tableName);
    this.streamArn = exported(this, this.table.tableStreamArn ?? '');
  }

  streamedTo(teller: FairleadFunction): void {
    teller.allow({
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [this.streamArn],
    });
    teller.allow({
      actions: ['dynamodb:ListStreams'],
      resources: ['*'],
      because: 'Lambda lists streams before it reads one, and IAM knows no resource for that action',
    });
  }

  readBy(reader: FairleadFunction): void {
    reader.knows('table', this.tableName);
    reader.allow({ actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [this.arn] });
  }

  keptBy(writer: FairleadFunction): void {
    this.readBy(writer);
    writer.allow({ actions: ['dynamodb:PutItem', 'dynamodb:DeleteItem'], resources: [this.arn] });
  }

  /** Finds the items with alerts that nobody was told of yet. */
  searchedForUntoldBy(sweep: FairleadFunction): void {
    sweep.allow({ actions: ['dynamodb:Query'], resources: [`${this.arn}/index/${UNTOLD_INDEX}`] });
  }
}
