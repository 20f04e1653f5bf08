import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../../../../local/tools.ts';
import type { ChartPackage } from '../package.ts';

/** What the pinned `helm create` makes, by its own hand. */
export async function createdChart(): Promise<ChartPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-created-'));
  try {
    const { helm } = await tools();
    await promisify(execFile)(helm, ['create', 'created'], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder },
    });
    const chart = join(folder, 'created');
    const files: Record<string, string> = {};
    for (const entry of await readdir(chart, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      files[file.slice(chart.length + 1)] = await readFile(file, 'utf8');
    }
    const next = {
      ...files,
      'Chart.yaml': (files['Chart.yaml'] ?? '').replace('version: 0.1.0', 'version: 0.2.0'),
    };
    const values = `replicaCount: 2
ingress: {enabled: true, className: none}
autoscaling: {enabled: true, minReplicas: 2}
resources: {requests: {cpu: 100m}}
podAnnotations: {a: b}
volumes: [{name: tmp, emptyDir: {}}]
volumeMounts: [{name: tmp, mountPath: /tmp}]
`;
    return {
      name: 'created',
      about: 'what helm create makes',
      revisions: () => [
        { files, values: '{}\n' },
        { files: next, values },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
