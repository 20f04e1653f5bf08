import type { Outward } from '../../outward/outward.ts';

/** A chart package from outside: its bytes as they came, not opened here. */
export interface FetchedChart {
  readonly kind: 'fetched';
  readonly name: string;
  /** As the index, the tag or the registry's description of it says. */
  readonly version: string;
  readonly bytes: Buffer;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly digest: string;
}

export type FetchAnswer =
  | FetchedChart
  /** In words for people: what was asked for where, and what to do. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export const unavailable = (reason: string): { readonly kind: 'unavailable'; readonly reason: string } => ({
  kind: 'unavailable',
  reason,
});

/** How one source is spoken to. */
export interface SourceAccess {
  readonly network: 'public' | 'private';
  /** User name and password. */
  readonly credential?: { readonly username: string; readonly password: string };
  /** The Secret in the cluster that the deployer has it from. */
  readonly secret?: string;
  /** Default: it is reached as it is. */
  readonly outward?: Outward | undefined;
}

export const basic = ({ username, password }: { readonly username: string; readonly password: string }) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** Why a source that lets nobody in is not read, and what to do. */
export function noEntry(where: string, { secret, credential }: SourceAccess): string {
  if (credential !== undefined) return `${where} refuses the credential of its chart source`;
  const used = secret === undefined ? '' : `; the deployer has one from Secret ${secret}, which is not read`;
  return `${where} asks for a credential${used}: give its entry in chartSources one`;
}
