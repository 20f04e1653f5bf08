import * as z from 'zod';
import { entries } from './entries.ts';

/** EventBridge takes as many targets of one rule (Amazon EventBridge quotas, "Targets per rule"). */
const TARGETS_OF_RULE = 5;

/** The event bus that machines listen to, named like the installation. */
export const bus = entries({
  /** Event buses that get every event as well, by ARN: of other accounts or regions. Their own policy must admit that. */
  forwardTo: z
    .array(
      z
        .string()
        .regex(
          /^arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus\/[\w./-]{1,256}$/,
          'the ARN of an event bus, such as "arn:aws:events:eu-central-1:123456789012:event-bus/ops"',
        ),
    )
    .max(TARGETS_OF_RULE, `at most ${TARGETS_OF_RULE} event buses`)
    .default([]),
  /** `registry`: the schema of the events is in EventBridge's registry, for code bindings; `none` where a region has none. */
  schema: z.enum(['registry', 'none']).default('registry'),
});
