import * as z from 'zod';
import type { Target } from './config.ts';

/** Where the API server of a target's cluster writes its audit log. */
const auditLogPlace = z.object({ region: z.string(), logGroup: z.string() });
export type AuditLogPlace = z.output<typeof auditLogPlace>;

/** Undefined where it is not read. */
export function auditLogOf(target: Pick<Target, 'auditLog' | 'cluster'>): AuditLogPlace | undefined {
  if (target.auditLog === false || target.cluster?.kind !== 'eks') return undefined;
  const { name, region } = target.cluster;
  // EKS user guide, "Send control plane logs to CloudWatch Logs".
  return {
    region,
    logGroup: target.auditLog === true ? `/aws/eks/${name}/cluster` : target.auditLog.logGroup,
  };
}

/** By target, as JSON text: a function that reads them needs no other part of the configuration. */
export function writeAuditLogPlaces(targets: readonly Target[]): string {
  const places = targets.flatMap((target) => {
    const place = auditLogOf(target);
    return place === undefined ? [] : [[target.name, place] as const];
  });
  return JSON.stringify(Object.fromEntries(places));
}

/** @throws ZodError or SyntaxError if the text is not what `writeAuditLogPlaces` gives */
export const readAuditLogPlaces = (text: string | undefined): ReadonlyMap<string, AuditLogPlace> =>
  new Map(Object.entries(z.record(z.string(), auditLogPlace).parse(JSON.parse(text ?? '{}'))));
