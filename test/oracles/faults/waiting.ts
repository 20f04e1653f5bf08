import type { LocalAws } from '../../../local/aws/aws.ts';
import { listPartition } from './installation.ts';
import type { Ledger } from './ledger.ts';
import { readKey, slotName, targetOf } from './reading.ts';
import { readCommandKey, readVerb, slotsOf } from './reading-commands.ts';
import type { MadeUpload } from './uploads.ts';
import { PLACES } from './world.ts';

/** What the table's lists still hold. */
export async function listed(aws: LocalAws): Promise<string[]> {
  const lines = PLACES.flatMap(({ repository, branch }) =>
    ['waiting', 'commands'].map((list) => `${list}#${repository}#${branch}`),
  );
  const names = new Set(['received', ...lines]);
  return (await Promise.all([...names].map((name) => listPartition(aws, name)))).flat();
}

/** Uploads and commands without an outcome, and what the lists still hold. */
export async function whatWaits(aws: LocalAws, ledger: Ledger): Promise<string[]> {
  return [...ledger.open(), ...(await listed(aws))];
}

/** Without what people hold, and provenance files, which may be of a package that they hold. */
export async function whatWaitsUnfrozen(aws: LocalAws, ledger: Ledger): Promise<string[]> {
  const frozen = ledger.frozen();
  const waiting = await whatWaits(aws, ledger);
  return waiting.filter((what) => !what.includes('.prov') && !frozen.some((held) => what.includes(held)));
}

/** What lies in Git already, of a slot that something is on its way to: an upload's, or a command's. */
export function againOf(ledger: Ledger, repository: string): MadeUpload | undefined {
  const waiting = new Set(ledger.open());
  const puts = ledger.puts();
  const open = new Set(
    puts.flatMap(([versionId, { key, body, meaning }]) => {
      if (!waiting.has(`${key} ${versionId}`)) return [];
      const commanded = readCommandKey(key);
      if (commanded !== undefined)
        return meaning === 'good' ? slotsOf(commanded, readVerb(body)).map(slotName) : [];
      return slotsOfUpload(key);
    }),
  );
  const targets = PLACES.filter((place) => place.repository === repository).map(({ target }) => target);
  const delivered = puts.findLast(
    ([versionId, { key }]) =>
      targets.includes(targetOf(key)) &&
      slotsOfUpload(key).some((slot) => open.has(slot)) &&
      ledger.find(key, versionId)?.tags['fairlead-outcome'] === 'delivered',
  );
  if (delivered === undefined) return undefined;
  const { key, body, meaning } = delivered[1];
  return { key, body, meaning, metadata: {} };
}

const slotsOfUpload = (key: string): readonly string[] => {
  const slot = readKey(key);
  return slot === undefined ? [] : [slotName(slot)];
};
