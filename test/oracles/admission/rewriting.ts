import * as z from 'zod';
import type { Mutation, PatchOperation } from './webhook.ts';

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  env: z.array(z.unknown()).optional(),
});
const podSpec = z.looseObject({
  containers: z.array(container),
  initContainers: z.array(container).optional(),
  volumes: z.array(z.looseObject({ name: z.string() })).optional(),
  tolerations: z.array(z.unknown()).optional(),
});
const podTemplate = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }).optional(),
  spec: podSpec,
});
const workload = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).optional() }),
  spec: z.looseObject({
    template: podTemplate.optional(),
    jobTemplate: z.looseObject({ spec: z.looseObject({ template: podTemplate }) }).optional(),
  }),
});

export const SIDECAR = 'mesh-proxy';
export const MIRROR = 'mirror.test/';

/**
 * What meshes, registry mirrors and policy engines do to workloads: a sidecar with its volume, an init container
 * before the others, images from a mirror, a label, an annotation of Pods, a default and a toleration. Done to what
 * has it already, it changes nothing.
 */
export const rewriting: Mutation = (object) => {
  const { metadata, spec } = workload.parse(object);
  const template = spec.template ?? spec.jobTemplate?.spec.template;
  if (template === undefined) return [];
  const at = spec.template === undefined ? '/spec/jobTemplate/spec/template' : '/spec/template';
  const { containers, initContainers = [], volumes = [] } = template.spec;
  const patch: PatchOperation[] = [];
  const mirror = (list: string, items: readonly { readonly image: string }[]) =>
    items.forEach(({ image }, index) => {
      if (!image.startsWith(MIRROR))
        patch.push({ op: 'replace', path: `${at}/spec/${list}/${index}/image`, value: MIRROR + image });
    });
  mirror('containers', containers);
  mirror('initContainers', initContainers);
  const lacks = (items: readonly { readonly name: string }[], name: string) =>
    items.every((item) => item.name !== name);
  const put = (list: string, items: readonly unknown[], value: unknown) =>
    patch.push(
      items.length === 0
        ? { op: 'add', path: `${at}/spec/${list}`, value: [value] }
        : { op: 'add', path: `${at}/spec/${list}/-`, value },
    );
  if (lacks(containers, SIDECAR))
    put('containers', containers, {
      name: SIDECAR,
      image: `${MIRROR}proxy:1`,
      ports: [{ containerPort: 15090, protocol: 'TCP' }],
      volumeMounts: [{ name: 'mesh', mountPath: '/etc/mesh' }],
    });
  if (lacks(initContainers, 'mesh-init'))
    put('initContainers', initContainers, { name: 'mesh-init', image: `${MIRROR}init:1` });
  if (lacks(volumes, 'mesh')) put('volumes', volumes, { name: 'mesh', emptyDir: {} });
  if (metadata.labels?.['policy.test/checked'] === undefined)
    patch.push(
      ...(metadata.labels === undefined ? [{ op: 'add', path: '/metadata/labels', value: {} } as const] : []),
      { op: 'add', path: '/metadata/labels/policy.test~1checked', value: 'yes' },
    );
  if (template.metadata?.annotations?.['mesh.test/injected'] === undefined)
    patch.push(
      ...(template.metadata?.annotations === undefined
        ? [{ op: 'add', path: `${at}/metadata/annotations`, value: {} } as const]
        : []),
      { op: 'add', path: `${at}/metadata/annotations/mesh.test~1injected`, value: 'v1' },
    );
  if (template.spec.tolerations === undefined)
    patch.push({ op: 'add', path: `${at}/spec/tolerations`, value: [{ key: 'pool', operator: 'Exists' }] });
  if (template.spec.priorityClassName === undefined)
    patch.push({ op: 'add', path: `${at}/spec/priorityClassName`, value: 'ordinary' });
  return patch;
};
