import { type Reason, reason } from '../../charts/reasons.ts';
import { whyNotAllowed } from '../../charts/trust/allowed.ts';
import { nameOfSigner, type Signer } from '../../charts/trust/signer.ts';
import type { Target } from '../../config/config.ts';

/**
 * Whether a package may go to this target by who signed it, which was proven when it was received: the configuration may
 * ask for more since, and a command brings packages that came to another target.
 * @returns undefined where it may
 */
export async function whyUntrusted(
  { name: target, publishers }: Pick<Target, 'name' | 'publishers'>,
  signer: Signer | undefined,
  { namespace, release }: { readonly namespace: string; readonly release: string },
): Promise<Reason | undefined> {
  if (publishers === undefined) return undefined;
  if (signer === undefined) {
    const wanted = publishers.some(({ kind }) => kind === 'sigstore') ? '.sigstore.json' : '.prov';
    return reason('signature-missing', { target, wanted });
  }
  const why = await whyNotAllowed(publishers, signer, { target, namespace, release });
  return why === undefined
    ? undefined
    : reason('signer-not-allowed', { signer: nameOfSigner(signer), target, why });
}
