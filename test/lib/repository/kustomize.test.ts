import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import { tools } from '../../../local/tools.ts';
import { chartPackage, pipeline } from '../uploads/pipeline.ts';

/** Every YAML file below the path, as kustomize-controller makes it where there is none (fluxcd/pkg/kustomize, generator). */
test('kubectl kustomize builds what deliveries leave below apply/: no file of a chart, each object once', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-kustomize-'));
  const pipe = await pipeline({ target: { namespaces: ['shop', 'blog'] } });
  context.after(async () => {
    await pipe.stop();
    await rm(folder, { recursive: true });
  });
  const strange = {
    'files/values.yaml': '{{ not yaml',
    'templates/settings.yaml': '{{ if .Values.never }}a: {{ end }}\n',
    'Kustomize.yaml': 'a: b\n',
  };
  for (const place of ['shop/web', 'blog/web', 'shop/web.eu']) {
    await pipe.upload(`staging/${place}/web-1.0.0.tgz`, await chartPackage('web', '1.0.0', strange));
  }
  await pipe.upload('staging/shop/web/values.yaml', 'text: "# no comment\\n---\\n"\nkind: none\n');
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain, namespace: shop}\n';
  await pipe.upload(
    'staging/manifests/team/plain.yaml',
    `${manifest}---\n${manifest.replace('plain', 'other')}`,
  );

  const root = 'fairlead/staging/apply';
  const files = pipe.git.git('ls-tree', '-r', '--name-only', 'main', root).split('\n');
  const resources = files.filter((file) => /\.ya?ml$/.test(file)).map((file) => file.slice(root.length + 1));
  assert.equal(resources.length, files.length);
  for (const file of resources) {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${pipe.git.show(`${root}/${file}`)}\n`);
  }
  await writeFile(
    join(folder, 'kustomization.yaml'),
    stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }),
  );
  const { stdout } = await promisify(execFile)((await tools()).kubectl, ['kustomize', folder], {
    env: { PATH: process.env.PATH, HOME: folder },
  });
  const built = parseAllDocuments(stdout).map((document) => document.toJS());
  assert.deepEqual(
    built.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`).sort(),
    [
      'ConfigMap fairlead-staging/blog.web',
      'ConfigMap fairlead-staging/shop.web',
      'ConfigMap fairlead-staging/shop.web.eu',
      'ConfigMap shop/other',
      'ConfigMap shop/plain',
      'HelmRelease fairlead-staging/blog.web',
      'HelmRelease fairlead-staging/shop.web',
      'HelmRelease fairlead-staging/shop.web.eu',
    ],
  );
  const values = built.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'shop.web');
  assert.equal(values.data['values.yaml'], 'text: "# no comment\\n---\\n"\nkind: none\n');
});
