import type { Account, Caller } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import type { Environment } from '../aws/environment.ts';
import type { Config, Target } from '../config/config.ts';

/** An installation in AWS that is looked over, deployed or not. */
export interface Patient {
  readonly config: Config;
  /** Those that are asked for, or all. */
  readonly targets: readonly Target[];
  /** What is deployed says nothing of audiences: only the file does. */
  readonly from: 'file' | 'what-is-deployed';
  readonly account: Account;
  readonly environment: Environment;
  readonly caller: Read<Caller>;
  readonly deployed: Deployed;
  /** Of Fairlead, here. */
  readonly version: string;
  readonly now: () => Date;
}

export type Deployed =
  | { readonly kind: 'not-deployed' }
  /** Its addresses could not be read: what comes after the deploy is skipped, and why. */
  | { readonly kind: 'not-known'; readonly why: string }
  | { readonly kind: 'deployed'; readonly addresses: ReadonlyMap<string, string> };

/** What only what is deployed can be asked. */
export const AFTER = 'not deployed yet: this is looked at after "npx cdk deploy --all"';
