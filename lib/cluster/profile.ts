import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import type { Capabilities } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';

/**
 * What Fairlead knows of a cluster without touching it: written by `check-drift`, read by rendering and validation.
 * It comes from the cluster, whose administrators are not ours: it is parsed as hostile.
 */
const PROFILE_BYTES = 1024 * 1024;
const API_VERSIONS = 10_000;
const GROUP_VERSIONS = 2_000;

const profile = z.object({
  schema: z.literal(1),
  target: z.string().max(63),
  /** As the server says it: `v1.35.4-eks-113cf36`. */
  kubernetesVersion: z.string().regex(/^v\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,64}$/),
  /** What `.Capabilities.APIVersions` holds: `apps/v1` and `apps/v1/Deployment`, sorted. */
  apiVersions: z.array(z.string().regex(/^[A-Za-z0-9./-]{1,300}$/)).max(API_VERSIONS),
  /** Documents of its schemas that are kept (`openapi/<hash>.json`), by group-version. Older profiles have none. */
  schemas: z
    .record(z.string().regex(/^[A-Za-z0-9./-]{1,300}$/), z.string().regex(/^[0-9a-f]{128}$/))
    .refine((schemas) => Object.keys(schemas).length <= GROUP_VERSIONS)
    .optional(),
  /** Versions of charts that the deployer reports as applied, by `kind/namespace/name` of its object. */
  applied: z
    .record(z.string().regex(/^[A-Za-z]{1,63}\/[a-z0-9.-]{1,63}\/[a-z0-9.-]{1,253}$/), z.string().max(128))
    .optional(),
  /** ConfigMaps that Git refers to and does not declare, by `namespace/name`; null: it is not there. */
  maps: z
    .record(
      z.string().regex(/^[a-z0-9.-]{1,63}\/[a-z0-9.-]{1,253}$/),
      z.record(z.string().max(253), z.string()).nullable(),
    )
    .optional(),
  /** ISO. */
  at: z.string().max(40),
});
export type Profile = z.output<typeof profile>;

const keyOf = (target: string): string => `profiles/${target}.json`;

/** The profile, or undefined where there is none yet, or none that can be trusted. */
export async function readProfile(state: ObjectStore, target: string): Promise<Profile | undefined> {
  const stored = await state.get(keyOf(target), { maxBytes: PROFILE_BYTES });
  if (stored === undefined) return undefined;
  try {
    const parsed = profile.safeParse(JSON.parse(stored.body.toString('utf8')));
    return parsed.success && parsed.data.target === target ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** @throws ZodError if a cluster names a version or an API in a way that none does */
export async function writeProfile(state: ObjectStore, written: Profile): Promise<void> {
  await state.put(keyOf(written.target), JSON.stringify(profile.parse(written)), 'application/json');
}

/** What to render with: the cluster's own list, or the configured version before a cluster was seen. */
export function capabilitiesOf(seen: Profile | undefined, target: Target): Capabilities {
  if (seen !== undefined) return { kubernetesVersion: seen.kubernetesVersion, apiVersions: seen.apiVersions };
  const [major, minor, patch = '0'] = target.kubernetesVersion.split('.');
  return { kubernetesVersion: `v${major}.${minor}.${patch}`, apiVersions: [] };
}
