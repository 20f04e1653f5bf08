/** Where a partition's services are called (botocore, partitions.json); by the beginnings of its regions' names. */
const DOMAINS: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
];

export const domainOf = (region: string): string =>
  DOMAINS.find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'amazonaws.com';

/** The host of a region's own STS. */
export const stsHostOf = (region: string): string => `sts.${region}.${domainOf(region)}`;
