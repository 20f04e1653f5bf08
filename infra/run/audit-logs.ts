import { ArnFormat, Stack } from 'aws-cdk-lib';
import { auditLogOf, writeAuditLogPlaces } from '../../lib/config/audit-log.ts';
import { ConfigError, type Target } from '../../lib/config/config.ts';
import type { FairleadFunction } from './function.ts';

/** A function's whole environment holds 4 KB. */
const VARIABLE_BYTES = 2560;

/**
 * Lets a function look up who wrote what in the audit logs that targets name, and in no other log.
 * @throws ConfigError if so many targets name one that their places do not fit
 */
export function readsAuditLogs(reader: FairleadFunction, targets: readonly Target[]): void {
  const groups = targets.flatMap((target) => {
    const place = auditLogOf(target);
    if (place === undefined) return [];
    return Stack.of(reader).formatArn({
      service: 'logs',
      region: place.region,
      resource: 'log-group',
      resourceName: place.logGroup,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  });
  if (groups.length === 0) return;
  const places = writeAuditLogPlaces(targets);
  if (Buffer.byteLength(places) > VARIABLE_BYTES)
    throw new ConfigError(
      [`targets: ${groups.length} of them name an auditLog, which do not fit: leave it out of some`],
      'fairlead.config.ts',
    );
  reader.knows('auditLogs', places);
  for (const group of new Set(groups))
    reader.allow({
      actions: ['logs:FilterLogEvents'],
      resources: [`${group}:*`],
      because: 'The ARN of a log group ends so, and means the streams of this one group',
    });
}
