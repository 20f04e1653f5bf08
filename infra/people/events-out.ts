import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { busSchema } from '../../lib/alerts/bus-schema.ts';
import { EVENT_SOURCE } from '../../lib/aws/events.ts';
import type { Config } from '../../lib/config/config.ts';

export interface EventsOutSettings {
  readonly installation: string;
  readonly bus: Config['bus'];
  /** Where an event goes that another bus did not take. */
  readonly undelivered: IQueue;
}

/** The event bus that machines listen to, the schema of what is on it, and the buses that get all of it as well. */
export class EventsOut extends Construct {
  readonly busName: string;
  readonly busArn: string;

  constructor(scope: Construct, id: string, { installation, bus, undelivered }: EventsOutSettings) {
    super(scope, id);
    const own = new EventBus(this, 'Bus', { eventBusName: installation });
    this.busName = own.eventBusName;
    this.busArn = own.eventBusArn;
    if (bus.forwardTo.length > 0)
      new Rule(this, 'Forward', {
        description: 'Every alert, to the event buses that the configuration names',
        eventBus: own,
        eventPattern: { source: [EVENT_SOURCE] },
        targets: bus.forwardTo.map(
          (arn, index) =>
            new EventBusTarget(EventBus.fromEventBusArn(this, `To-${index}`, arn), {
              deadLetterQueue: undelivered,
            }),
        ),
      });
    if (bus.schema === 'registry') {
      const registry = new CfnRegistry(this, 'Schemas', {
        registryName: `fairlead-${installation}`,
        description: `What Fairlead puts on the event bus ${installation}`,
      });
      new CfnSchema(this, 'Schema', {
        registryName: registry.attrRegistryName,
        schemaName: `${EVENT_SOURCE}@Alert`,
        type: 'JSONSchemaDraft4',
        content: JSON.stringify(busSchema()),
        description: 'An alert of Fairlead: docs/alerts.md',
      });
    }
  }
}
