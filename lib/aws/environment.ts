import { nameCall } from './log.ts';

/** A function's environment: `process.env` in Lambda, a record of its own for each function locally. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The names of the variables, shared by what provisions the functions and by what reads them. */
export const VARIABLES = {
  installation: 'FAIRLEAD_INSTALLATION',
  table: 'FAIRLEAD_TABLE',
  uploadBucket: 'FAIRLEAD_UPLOAD_BUCKET',
  contentBucket: 'FAIRLEAD_CONTENT_BUCKET',
  stateBucket: 'FAIRLEAD_STATE_BUCKET',
  /** Takes the bundles of repositories, and gives none back. */
  backupBucket: 'FAIRLEAD_BACKUP_BUCKET',
  receiveQueue: 'FAIRLEAD_RECEIVE_QUEUE_URL',
  doorbellQueue: 'FAIRLEAD_DOORBELL_QUEUE_URL',
  readQueue: 'FAIRLEAD_READ_QUEUE_URL',
  checkQueue: 'FAIRLEAD_CHECK_QUEUE_URL',
  /** Queues of the check functions in VPCs, by the VPC's id (JSON, lib/messages/check-queues.ts); absent where there is none. */
  privateCheckQueues: 'FAIRLEAD_PRIVATE_CHECK_QUEUES',
  renderFunction: 'FAIRLEAD_RENDER_FUNCTION',
  emailTopic: 'FAIRLEAD_EMAIL_TOPIC_ARN',
  pagerTopic: 'FAIRLEAD_PAGER_TOPIC_ARN',
  chatTopic: 'FAIRLEAD_CHAT_TOPIC_ARN',
  eventBus: 'FAIRLEAD_EVENT_BUS',
  configPath: 'FAIRLEAD_CONFIG_PATH',
  /** Changes with the configuration's content, so that a warm function never works by an old one. */
  configHash: 'FAIRLEAD_CONFIG_HASH',
  /** Path of the parameters that describe webhooks (lib/config/parameters.ts); absent where there are none. */
  webhooksPath: 'FAIRLEAD_WEBHOOKS_PATH',
  /** Where the audit logs of targets lie (JSON, lib/config/audit-log.ts); absent where none is read. */
  auditLogs: 'FAIRLEAD_AUDIT_LOGS',
  /** Folder that holds `helm` and `kubectl` (the layer's /opt in Lambda). */
  tools: 'FAIRLEAD_TOOLS',
  /** Writable scratch: /tmp in Lambda. */
  scratch: 'FAIRLEAD_SCRATCH',
} as const;

export class MissingVariables extends Error {
  override readonly name = 'MissingVariables';
}

/**
 * The named variables' values.
 * @throws MissingVariables naming every absent one
 */
export function requireVariables<Name extends keyof typeof VARIABLES>(
  environment: Environment,
  ...names: readonly Name[]
): Record<Name, string> {
  const missing = names.filter((name) => !environment[VARIABLES[name]]).map((name) => VARIABLES[name]);
  if (missing.length > 0)
    throw new MissingVariables(`environment variables are not set: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, environment[VARIABLES[name]]])) as Record<
    Name,
    string
  >;
}

/** A Lambda's `handler`: made from `process.env` at the first call and kept while the function is warm. */
export function onFirstCall<Event, Answer>(
  create: (environment: Environment) => (event: Event) => Promise<Answer>,
): (event: Event, context?: { readonly awsRequestId: string }) => Promise<Answer> {
  let made: ((event: Event) => Promise<Answer>) | undefined;
  return (event, context) => {
    nameCall(context?.awsRequestId);
    made ??= create(process.env);
    return made(event);
  };
}
