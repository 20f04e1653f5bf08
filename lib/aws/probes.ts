import type { Config } from '../config/config.ts';
import type { Probe } from '../messages/smoke.ts';
import type { ObjectStore } from './objects.ts';
import type { Table } from './table.ts';

/**
 * What shows that a function reaches what it works with: its network leads there, its role admits it. Nothing is
 * written, and what is asked for need not be there.
 */

/** No target, upload or repository is called so: keys of ours are lower case. */
const NOTHING = 'SMOKE';

export const readsConfiguration =
  (config: () => Promise<Config>): Probe =>
  async () => {
    const { targets, repositories } = await config();
    return `targets: ${targets.length}, repositories: ${repositories.length}`;
  };

export const readsRecord =
  (table: Pick<Table, 'get'>): Probe =>
  async () => {
    await table.get({ pk: NOTHING, sk: NOTHING });
    return 'can be read';
  };

/** @param part a prefix that the function may read, with its slash */
export const readsStore =
  (store: Pick<ObjectStore, 'get'>, part: string): Probe =>
  async () => {
    await store.get(`${part}${NOTHING}`);
    return 'can be read';
  };
