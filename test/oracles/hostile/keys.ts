import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { CONFIG_MAP, packageOf, webChart } from '../../lib/charts/package/packages.ts';
import { type HostileCase, harmless, refused } from './case.ts';

const FAMILY = 'keys';
const MALFORMED: readonly ReasonCode[] = ['key-malformed'];

const chart = () => packageOf(webChart({ name: 'web/templates/a.yaml', data: CONFIG_MAP }));
const bad = (key: string, codes: readonly ReasonCode[] = MALFORMED): HostileCase =>
  refused(FAMILY, `a key ${shown(key)}`, async () => [{ key, body: await chart() }], codes);
const event = (key: string, codes: readonly ReasonCode[] = MALFORMED): HostileCase => ({
  ...bad(key, codes),
  onlyEvent: 'only-event',
});
const shown = (key: string): string =>
  JSON.stringify(key.length > 60 ? `${key.slice(0, 40)}… (${key.length})` : key);

/** As long as S3 takes one. */
const LONGEST = `staging/manifests/${'a/'.repeat(500)}a.yaml`;

export const keys: readonly HostileCase[] = [
  harmless(FAMILY, 'a key of 1,024 bytes', ({ release }) => [
    {
      key: LONGEST,
      body: `${CONFIG_MAP}  namespace: shop\n`.replace('name: web', `name: ${release}`),
    },
  ]),
  ...[
    '--set',
    '-f',
    '--post-renderer=x',
    '-',
    'web-',
    '-web',
    'a..b',
    '.web',
    'web.',
    'Web',
    'w_b',
    'wéb',
    'w b',
  ].map((release) => bad(`staging/shop/${release}/web-1.0.0.tgz`)),
  bad(`staging/shop/${'r'.repeat(54)}/web-1.0.0.tgz`),
  bad(`staging/${'n'.repeat(64)}/web/web-1.0.0.tgz`),
  bad('staging/--kubeconfig=x/web/web-1.0.0.tgz'),
  bad('staging/shop/web/--set-1.0.0.tgz'),
  bad('staging/shop/web/.web-1.0.0.tgz'),
  bad('staging/shop/web/web.tgz'),
  bad('staging/shop/web/web-latest.tgz'),
  bad('staging/shop/web/web-01.0.0.tgz'),
  bad('staging/shop/web/web-1.0.0.tgz.tgz'),
  bad('staging/shop/web/web-1.0.0.TGZ'),
  bad('staging/shop/web/web-1.0.0.zip'),
  bad('staging/shop/web/values.yml'),
  bad('staging/shop/web/Values.yaml'),
  bad('staging/shop/web/values.yaml/'),
  bad('staging/shop/web/more/web-1.0.0.tgz'),
  bad('staging/shop/web-1.0.0.tgz'),
  bad('staging/web-1.0.0.tgz'),
  bad('staging/'),
  bad('staging'),
  bad('web-1.0.0.tgz'),
  bad('nobody/shop/web/web-1.0.0.tgz', ['key-unknown-target']),
  bad('Staging/shop/web/web-1.0.0.tgz'),
  bad('watched/shop/web/web-1.0.0.tgz', ['target-drift-only']),
  bad('staging/kube-system/web/web-1.0.0.tgz', ['key-namespace']),
  bad('staging/fairlead-staging/web/web-1.0.0.tgz', ['key-namespace']),
  bad('staging/default/web/values.yaml', ['key-namespace']),
  bad('staging/shop/web%2f..%2fweb/web-1.0.0.tgz'),
  bad('staging/shop/%2e%2e/web-1.0.0.tgz'),
  bad('staging/shop/web/web-1.0.0.tgz '),
  bad('staging/shop/web\\web-1.0.0.tgz'),
  bad('staging/shop/we\u200db/web-1.0.0.tgz'),
  bad('staging/shop/web/\u202ezgt.0.0.1-web.tgz'),
  bad('staging/shop/web/web-1.0.0.tgz\u001b[2J'),
  bad('staging/shop/web\nFORGED/web-1.0.0.tgz'),
  bad('staging/manifests/.git/config.yaml'),
  bad('staging/manifests/kustomization.yaml'),
  bad('staging/manifests/a/KUSTOMIZATION.yaml'),
  bad('staging/manifests/kustomization.yml/a.yaml'),
  bad('staging/manifests/-a.yaml'),
  bad('staging/manifests/--context=x/a.yaml'),
  bad('staging/manifests/a.yml'),
  bad('staging/manifests/a.json'),
  bad('staging/manifests/a'),
  bad('staging/manifests/.yaml'),
  bad('staging/manifests/.argocd-source.yaml'),
  bad('staging/manifests/a b.yaml'),
  bad(`staging/manifests/${'a'.repeat(256)}.yaml`),
  event('staging/shop/web/../web/web-1.0.0.tgz'),
  event('staging/shop//web-1.0.0.tgz'),
  event('staging//shop/web/web-1.0.0.tgz'),
  event('/staging/shop/web/web-1.0.0.tgz'),
  event('../staging/shop/web/web-1.0.0.tgz'),
  event('staging/manifests/../../x.yaml'),
  event('staging/manifests/a/./b.yaml'),
  event('staging/manifests//a.yaml'),
  event('staging/shop/web/web-1.0.0.tgz\0'),
  event('/'),
  bad(`staging/manifests/${'a/'.repeat(499)}a.yml`),
  event('staging/shop/web/web-1.0.0.tgz', ['upload-gone']),
];
