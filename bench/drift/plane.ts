import { type RunningControlPlane, startControlPlane } from '../../local/control-plane/control-plane.ts';
import { cacheFolder } from '../../local/tools.ts';

export type Plane = RunningControlPlane;

/** A real API server. @throws Error with what is missing and how to get it */
export async function startPlane(dataFolder: string, auditLog?: string): Promise<Plane> {
  const plane = await startControlPlane({
    dataFolder,
    cacheFolder: cacheFolder(),
    onProgress: console.log,
    ...(auditLog === undefined ? {} : { auditLog }),
  });
  if (plane.kind === 'unavailable') throw new Error(`${plane.reason}: ${plane.howTo}`);
  return plane;
}
