import { join } from 'node:path';
import type { Probe } from '../../messages/smoke.ts';
import { type Command, runLimited } from './limited-child.ts';
import { inScratchFolder } from './scratch.ts';

interface Tools {
  /** Folder that holds `helm/helm` and `kubectl/kubectl`. */
  readonly tools: string;
  readonly scratch: string;
}

/** In the same cage as any render: that its limits can be set is a part of what is shown. */
const says = ({ scratch }: Tools, command: Omit<Command, 'folder'>): Promise<string> =>
  inScratchFolder(scratch, async (folder) => {
    const outcome = await runLimited({ ...command, folder });
    if (outcome.kind === 'succeeded') return outcome.stdout.trim().split('\n')[0] ?? '';
    throw new Error(outcome.kind === 'failed' ? outcome.stderr.trim() : outcome.kind);
  });

export const hasHelm =
  (tools: Tools): Probe =>
  () =>
    says(tools, { program: join(tools.tools, 'helm', 'helm'), arguments: ['version', '--short'] });

export const hasKubectl =
  (tools: Tools): Probe =>
  () =>
    says(tools, { program: join(tools.tools, 'kubectl', 'kubectl'), arguments: ['version', '--client'] });
