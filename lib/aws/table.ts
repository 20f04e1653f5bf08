import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';

/** The table's keys: `pk` the partition, `sk` the sort key. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/**
 * An item: its key, the schema it was written in, and a version that each write raises by one.
 * An item with alerts not yet told carries `untold: 'untold'` and `untoldAt` (ISO time), which puts it into the
 * sparse index `untold`.
 */
export interface Item extends ItemKey {
  readonly schema: number;
  readonly version: number;
  readonly [attribute: string]: unknown;
}

/** What a write expects to find: nothing under the key, or exactly this version. */
export type Expected = 'absent' | number;

export const UNTOLD_INDEX = 'untold';

/** The one table. Every write is conditional: who loses reads again and decides again. Reads are strongly consistent. */
export interface Table {
  get(key: ItemKey): Promise<Item | undefined>;
  put(item: Item, expected: Expected): Promise<'written' | 'conflict'>;
  /** Removes what is there in that version; an item already gone counts as removed. */
  remove(key: ItemKey, expected: number): Promise<'removed' | 'conflict'>;
  /** All items of a partition in the order of their sort keys, a page at a time. */
  query(pk: string, prefix?: string): AsyncIterable<Item>;
  /** Items with alerts not yet told, oldest first (index: eventually consistent). */
  untold(): AsyncIterable<Item>;
}

export function dynamoTable(client: DynamoDBClient, name: string): Table {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  async function* pages(input: Omit<ConstructorParameters<typeof QueryCommand>[0], 'TableName'>) {
    let start: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(
        new QueryCommand({ TableName: name, ...input, ...(start ? { ExclusiveStartKey: start } : {}) }),
      );
      for (const item of page.Items ?? []) yield item as Item;
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  return {
    async get({ pk, sk }) {
      const { Item: found } = await documents.send(
        new GetCommand({ TableName: name, Key: { pk, sk }, ConsistentRead: true }),
      );
      return found as Item | undefined;
    },
    async put(item, expected) {
      return await unlessConflict('written', () =>
        documents.send(
          new PutCommand({
            TableName: name,
            Item: item,
            ...(expected === 'absent'
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: '#version = :version',
                  ExpressionAttributeNames: { '#version': 'version' },
                  ExpressionAttributeValues: { ':version': expected },
                }),
          }),
        ),
      );
    },
    async remove({ pk, sk }, expected) {
      return await unlessConflict('removed', () =>
        documents.send(
          new DeleteCommand({
            TableName: name,
            Key: { pk, sk },
            ConditionExpression: 'attribute_not_exists(pk) OR #version = :version',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':version': expected },
          }),
        ),
      );
    },
    query: (pk, prefix) =>
      pages({
        ConsistentRead: true,
        KeyConditionExpression: prefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ...(prefix === undefined ? {} : { ':prefix': prefix }) },
      }),
    untold: () =>
      pages({
        IndexName: UNTOLD_INDEX,
        KeyConditionExpression: 'untold = :untold',
        ExpressionAttributeValues: { ':untold': 'untold' },
      }),
  };
}

async function unlessConflict<Success extends string>(
  success: Success,
  write: () => Promise<unknown>,
): Promise<Success | 'conflict'> {
  try {
    await write();
    return success;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'conflict';
    throw error;
  }
}
