import * as z from 'zod';
import { entries } from './entries.ts';

const ADDRESS = /^(https?|oci):\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(\/[A-Za-z0-9_~.@%+-]+)*\/?$/;

/** Where charts may come from that lie in none of the repositories: Helm repositories and OCI registries. */
export const chartSource = entries({
  /** What the addresses of its charts begin with. */
  url: z
    .string()
    .regex(ADDRESS, 'an address such as "https://charts.example.com" or "oci://registry.example.com/charts"'),
  /** `private`: it may be at an address that the internet does not reach, and speak plain http there. */
  network: z.enum(['public', 'private']).default('public'),
  /** Where it lets nobody in without: Basic over https, or for a registry's tokens. */
  credential: entries({
    username: z.string().min(1),
    /** Name or ARN of a secret in Secrets Manager: its string is the password or token. */
    secret: z.string().min(1),
  }).optional(),
}).refine(
  ({ url, network }) => network === 'private' || !url.startsWith('http://'),
  'plain http:// is for a source with network: "private"',
);

export type ChartSource = z.output<typeof chartSource>;

/** The entry that an address lies under, the longest of several; hosts without regard to case. */
export function chartSourceOf(sources: readonly ChartSource[], address: string): ChartSource | undefined {
  const wanted = withoutTail(address);
  return sources
    .filter(({ url }) => wanted === withoutTail(url) || wanted.startsWith(`${withoutTail(url)}/`))
    .sort((a, b) => b.url.length - a.url.length)[0];
}

function withoutTail(address: string): string {
  const [, host = '', path = ''] = /^([a-z]+:\/\/[^/]*)(.*)$/i.exec(address) ?? [];
  return `${host.toLowerCase()}${path.replace(/\/+$/, '')}`;
}
