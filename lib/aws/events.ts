import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { formatJson } from '../objects/json.ts';

/** The event bus that machines listen to. */
export interface EventBus {
  put(detailType: string, detail: unknown): Promise<void>;
}

/** What rules on the bus match by. */
export const EVENT_SOURCE = 'fairlead';

export function eventBridgeBus(client: EventBridgeClient, bus: string): EventBus {
  return {
    async put(detailType, detail) {
      const { FailedEntryCount, Entries } = await client.send(
        new PutEventsCommand({
          Entries: [
            { EventBusName: bus, Source: EVENT_SOURCE, DetailType: detailType, Detail: formatJson(detail) },
          ],
        }),
      );
      if (FailedEntryCount) throw new Error(`event bus ${bus}: ${Entries?.[0]?.ErrorMessage ?? 'refused'}`);
    },
  };
}
