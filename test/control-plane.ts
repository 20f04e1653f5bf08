import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ControlPlaneParts,
  type RunningControlPlane,
  startControlPlane,
} from '../local/control-plane/control-plane.ts';
import { cacheFolder, tools } from '../local/tools.ts';
import { type AuditedRequest, readAudit } from './audit-log.ts';

/** A real API server for one file of tests, and kubectl on it. */
export interface TestControlPlane extends RunningControlPlane {
  readonly folder: string;
  /** What was asked of the server, where `audited` was asked for. */
  audit(): Promise<readonly AuditedRequest[]>;
  /** As an administrator. @throws with what kubectl said */
  kubectl(argv: readonly string[], input?: string): Promise<string>;
  /** Creates or replaces by server-side apply, as helm does. */
  apply(objects: readonly object[], manager?: string): Promise<void>;
  /** Ends it and removes its folder. */
  end(): Promise<void>;
}

export async function testControlPlane(
  parts: ControlPlaneParts = 'api',
  audited: 'audited' | 'not-audited' = 'not-audited',
): Promise<TestControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-control-plane-'));
  const started = await startControlPlane({
    dataFolder: join(folder, 'data'),
    cacheFolder: cacheFolder(),
    missing: 'give-up',
    parts,
    ...(audited === 'audited' ? { auditLog: join(folder, 'audit.log') } : {}),
  });
  if (started.kind === 'unavailable') {
    await rm(folder, { recursive: true });
    throw new Error(`${started.reason}: ${started.howTo}`);
  }
  const { kubectl: command } = await tools();
  const kubectl = async (argv: readonly string[], input?: string): Promise<string> => {
    const running = promisify(execFile)(command, argv, {
      env: { ...process.env, KUBECONFIG: started.kubeconfig, HOME: folder },
      maxBuffer: 64 * 1024 * 1024,
    });
    // A kubectl that reads no input may end before it is given any: its own answer is what counts.
    running.child.stdin?.on('error', () => undefined).end(input ?? '');
    return (await running).stdout;
  };
  return {
    ...started,
    folder,
    audit: () => readAudit(join(folder, 'audit.log')),
    kubectl,
    async apply(objects, manager = 'helm') {
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      const flags = ['--server-side', '--force-conflicts', `--field-manager=${manager}`];
      await kubectl(['apply', ...flags, '-f', '-'], list);
    },
    async end() {
      await started.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
