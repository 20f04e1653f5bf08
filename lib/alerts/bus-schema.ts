import * as z from 'zod';
import { EVENT_SOURCE } from '../aws/events.ts';
import { eventDetail } from './event-schema.ts';

/**
 * The schema of a whole event as EventBridge's registry takes one: JSON Schema draft 4, with what EventBridge itself puts
 * around the detail (Amazon EventBridge user guide, "Event structure").
 */
export function busSchema(): Record<string, unknown> {
  const { $schema, definitions, ...detail } = z.toJSONSchema(eventDetail, { target: 'draft-4', io: 'input' });
  const text = { type: 'string' };
  const properties = {
    version: text,
    id: text,
    'detail-type': text,
    source: { enum: [EVENT_SOURCE] },
    account: text,
    time: { type: 'string', format: 'date-time' },
    region: text,
    resources: { type: 'array', items: text },
    detail,
  };
  return {
    $schema,
    title: 'AlertOfFairlead',
    definitions,
    type: 'object',
    properties,
    required: Object.keys(properties),
  };
}
