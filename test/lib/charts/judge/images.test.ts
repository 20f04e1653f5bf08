import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { listImages } from '../../../../lib/charts/image-list.ts';
import { isFrom, parseImage } from '../../../../lib/charts/judge/image-reference.ts';
import { checkImages, imagesIn } from '../../../../lib/charts/judge/images.ts';
import type { Boundary } from '../../../../lib/charts/render-request.ts';
import type { KubernetesObject } from '../../../../lib/objects/objects.ts';

const SHA = `sha256:${'a'.repeat(64)}`;

/** As distribution/reference 0.6.0 reads them (normalize_test.go, reference_test.go): registry, path, tag, digest. */
const READ: readonly (readonly [
  text: string,
  registry: string,
  path: string,
  tag?: string | undefined,
  digest?: string,
])[] = [
  ['ubuntu', 'docker.io', 'library/ubuntu'],
  ['ubuntu:24.04', 'docker.io', 'library/ubuntu', '24.04'],
  ['docker.io/ubuntu', 'docker.io', 'library/ubuntu'],
  ['index.docker.io/ubuntu', 'docker.io', 'library/ubuntu'],
  ['index.docker.io/example/web', 'docker.io', 'example/web'],
  ['example/web', 'docker.io', 'example/web'],
  ['example/web:1', 'docker.io', 'example/web', '1'],
  ['localhost/web', 'localhost', 'web'],
  ['localhost:5000/web', 'localhost:5000', 'web'],
  ['registry/web', 'docker.io', 'registry/web'],
  ['registry:5000/web:1', 'registry:5000', 'web', '1'],
  ['registry.example.com/team/web', 'registry.example.com', 'team/web'],
  ['Registry.Example.com/team/web', 'registry.example.com', 'team/web'],
  ['REGISTRY/web', 'registry', 'web'],
  [`web@${SHA}`, 'docker.io', 'library/web', undefined, SHA],
  [`127.0.0.1:5000/a/b-c_d__e.f:v1@${SHA}`, '127.0.0.1:5000', 'a/b-c_d__e.f', 'v1', SHA],
  ['[2001:db8::1]:5000/web', '[2001:db8::1]:5000', 'web'],
  ['[2001:db8::1]/web', '[2001:db8::1]', 'web'],
  ['a/a---b', 'docker.io', 'a/a---b'],
  // Without a slash it is a name on Docker Hub, dots and all.
  ['registry.example.com', 'docker.io', 'library/registry.example.com'],
];

const MALFORMED = [
  '',
  'Ubuntu',
  'example/Web',
  'a/',
  '/web',
  'registry.example.com/',
  'registry.example.com//web',
  'web:',
  'web: 1',
  `web:${'x'.repeat(129)}`,
  'web@sha256:abc',
  `web@${SHA}@${SHA}`,
  `web@md5:${'a'.repeat(32)}`,
  'a'.repeat(64),
  'a..b',
  'a___b',
  '-a',
  'a-',
  'registry.example.com:port/web',
  '-registry.example.com/web',
  'https://registry.example.com/web',
  'web\n',
  '[::1/web',
  '{{ .Values.image }}',
  `example/${'a'.repeat(300)}`,
];

test('references are read as containerd reads them', () => {
  for (const [text, registry, path, tag, digest] of READ) {
    const expected = {
      registry,
      path,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    };
    assert.deepEqual(parseImage(text), expected, text);
  }
  for (const text of MALFORMED) assert.equal(parseImage(text), undefined, text);
});

test('a long reference is read in no more time than its length takes', () => {
  const began = performance.now();
  for (const text of ['a-'.repeat(500), 'a_'.repeat(500), `${'a.'.repeat(400)}/x`, `x/${'-'.repeat(1000)}`])
    for (let times = 0; times < 200; times++) parseImage(text);
  assert.ok(performance.now() - began < 2000);
});

test('a place is a registry or a path, and no part of a name', () => {
  const isAt = (image: string, ...places: string[]) => {
    const parsed = parseImage(image);
    assert.ok(parsed);
    return isFrom(parsed, places);
  };
  assert.ok(isAt('registry.example.com/team/web', 'registry.example.com'));
  assert.ok(isAt('registry.example.com/team/web', 'registry.example.com/team'));
  assert.ok(isAt('registry.example.com/team/web', 'registry.example.com/team/web'));
  assert.ok(isAt('web', 'docker.io/library') && isAt('web', 'index.docker.io'));
  assert.ok(!isAt('registry.example.com/team-evil/web', 'registry.example.com/team'));
  assert.ok(!isAt('registry.example.com.evil.com/team/web', 'registry.example.com'));
  assert.ok(!isAt('registry.example.com:5000/team/web', 'registry.example.com'));
  assert.ok(!isAt('example/web', 'docker.io/library'));
});

const POD = `
initContainers: [{ name: wait, image: busybox }]
containers:
  - { name: web, image: registry.example.com/team/web:1 }
  - { name: log, image: 'registry.example.com/team/log@${SHA}' }
ephemeralContainers: [{ name: debug, image: debian }]
volumes:
  - { name: model, image: { reference: registry.example.com/team/model:2, pullPolicy: Always } }
  - { name: tmp, emptyDir: {} }
`;
const POD_IMAGES = [
  'busybox',
  'registry.example.com/team/web:1',
  `registry.example.com/team/log@${SHA}`,
  'debian',
  'registry.example.com/team/model:2',
];
const objectOf = (apiVersion: string, kind: string, rest: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: 'web' },
  ...rest,
});

test('images of pods, of what makes pods, of custom resources, and mounted ones are found', () => {
  const pod = parse(POD);
  const objects = [
    objectOf('v1', 'Pod', { spec: pod }),
    objectOf('apps/v1', 'Deployment', { spec: { template: { spec: pod } } }),
    objectOf('batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template: { spec: pod } } } } }),
    objectOf('argoproj.io/v1alpha1', 'Rollout', { spec: { template: { spec: pod } } }),
    objectOf('v1', 'PodTemplate', { template: { spec: pod } }),
  ];
  for (const object of objects)
    assert.deepEqual(
      imagesIn(object)
        .map(({ reference }) => reference)
        .sort(),
      [...POD_IMAGES].sort(),
      object.kind,
    );
});

test('what a custom resource makes a container of counts; texts, schemas and pictures do not', () => {
  const imagesOf = (object: KubernetesObject) => imagesIn(object).map(({ reference }) => reference);
  const prometheus = { spec: { image: 'quay.io/prometheus/prometheus:v3', replicas: 2 } };
  assert.deepEqual(imagesOf(objectOf('monitoring.coreos.com/v1', 'Prometheus', prometheus)), [
    'quay.io/prometheus/prometheus:v3',
  ]);
  const workflow = {
    spec: {
      templates: [
        { name: 'a', container: { image: 'busybox' }, sidecars: [{ name: 's', image: 'nginx' }] },
        { name: 'b', script: { image: 'python', source: 'print()' } },
      ],
    },
  };
  assert.deepEqual(imagesOf(objectOf('argoproj.io/v1alpha1', 'Workflow', workflow)).sort(), [
    'busybox',
    'nginx',
    'python',
  ]);
  assert.deepEqual(imagesOf(objectOf('example.com/v1', 'Page', { spec: { image: 'logo.png' } })), []);
  assert.deepEqual(
    imagesOf(objectOf('v1', 'ConfigMap', { data: { 'pod.yaml': 'containers: [{ image: web }]' } })),
    [],
  );
  const schema = { spec: { versions: [{ schema: { containers: [{ image: 'x' }] } }] } };
  assert.deepEqual(imagesOf(objectOf('apiextensions.k8s.io/v1', 'CustomResourceDefinition', schema)), []);
});

test('a target refuses images without digest and from elsewhere, each by object, container and reference', () => {
  const boundary = (images: Boundary['images']): Boundary => ({
    namespaces: [],
    allowKinds: [],
    allowPlainSecrets: false,
    ...(images === undefined ? {} : { images }),
  });
  const object = objectOf('v1', 'Pod', { spec: parse(POD) });
  const refused = (images: Boundary['images']) =>
    checkImages([{ object, place: { file: 'templates/pod.yaml' } }], boundary(images)).map(
      ({ code, message, place }) => [code, message, place?.pointer],
    );
  assert.deepEqual(refused(undefined), []);
  assert.deepEqual(
    refused({ digests: 'required' }).map(([code, , pointer]) => [code, pointer]),
    [
      ['image-without-digest', '/spec/initContainers/0/image'],
      ['image-without-digest', '/spec/containers/0/image'],
      ['image-without-digest', '/spec/ephemeralContainers/0/image'],
      ['image-without-digest', '/spec/volumes/0/image/reference'],
    ],
  );
  assert.deepEqual(refused({ digests: 'any', registries: ['registry.example.com/team'] }), [
    [
      'image-registry',
      'Pod/web runs busybox in init container wait, which comes from docker.io.',
      '/spec/initContainers/0/image',
    ],
    [
      'image-registry',
      'Pod/web runs debian in ephemeral container debug, which comes from docker.io.',
      '/spec/ephemeralContainers/0/image',
    ],
  ]);
  const broken = objectOf('v1', 'Pod', { spec: { containers: [{ name: 'web', image: 'Web:1' }] } });
  assert.deepEqual(
    checkImages([{ object: broken, place: {} }], boundary({ digests: 'any' })).map(({ code }) => code),
    ['image-malformed'],
  );
});

test('a list names each image once, in order, and counts what it does not name', () => {
  assert.equal(listImages([]), undefined);
  assert.deepEqual(listImages(['b', 'a', 'b']), { references: ['a', 'b'] });
  const many = listImages(Array.from({ length: 60 }, (_, at) => `web:${String(at).padStart(2, '0')}`));
  assert.equal(many?.references.length, 50);
  assert.equal(many?.more, 10);
});
