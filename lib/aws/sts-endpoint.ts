import type { Environment } from './environment.ts';
import { stsHostOf } from './regions.ts';

/**
 * Where a region's STS is asked, as a proof names it: its public name, whatever way leads there. An endpoint of this
 * machine (the local installation's, by AWS's own variables) goes before it.
 */
export function stsEndpoint(region: string, environment: Environment): URL {
  const given = environment.AWS_ENDPOINT_URL_STS ?? environment.AWS_ENDPOINT_URL;
  if (given !== undefined && URL.canParse(given)) {
    const url = new URL(given);
    if (/^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url.hostname)) return url;
  }
  return new URL(`https://${stsHostOf(region)}`);
}

/** The region that this process works in. */
export const regionOf = (environment: Environment): string | undefined =>
  environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
