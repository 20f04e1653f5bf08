import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatBootstrap } from '../../lib/bootstrap/bootstrap.ts';
import { fairlead } from '../cli/command-line.ts';
import { type FluxTarget, fluxTarget } from '../flux/target.ts';
import { requirement } from '../requirements.ts';

/**
 * The proof of the layout: what Fairlead commits is taken by Flux's own helm-controller and kustomize-controller, on a
 * real API server, with the accounts and rights that `npx fairlead bootstrap` prints.
 */
const LONG = 'a-namespace-with-quite-a-long-name';
const NAMESPACES = ['shop', 'blog', LONG];
/** Two releases of one name, one with a dot, and one whose name Flux could not take. */
const PLACES = ['shop/web', 'blog/web', 'shop/web.eu', `${LONG}/${'release-'.repeat(5)}name`];

describe('Flux takes what Fairlead commits', requirement('deployers'), () => {
  let at: FluxTarget;
  before(async () => {
    at = await fluxTarget({ namespaces: NAMESPACES });
  });
  after(() => at.end());

  const secretsIn = async (namespace: string): Promise<string[]> => {
    const list = await at.flux.plane.kubectl(['-n', namespace, 'get', 'secrets', '-o', 'name']);
    return list
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  };
  const colourIn = (namespace: string) =>
    at.flux.plane.kubectl(['-n', namespace, 'get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}']);
  const revisions = () =>
    Promise.all(
      PLACES.map(async (place) => (await at.release(place)).status.history.map(({ version }) => version)),
    );

  const NAMED = {
    'templates/settings.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\ndata:\n  colour: {{ .Values.colour | default "blue" }}\n',
  };

  test('every release is installed into its namespace, and its history is kept there', async () => {
    for (const place of PLACES) await at.chart(place, '1.0.0', NAMED);
    for (const place of PLACES) {
      assert.equal((await at.deployed(place, '1.0.0')).version, 1);
      assert.equal((await at.release(place)).status.storageNamespace, place.split('/')[0]);
    }
    const history = (release: string) => `secret/sh.helm.release.v1.${release}.v1`;
    assert.deepEqual(await secretsIn('shop'), [history('web.eu'), history('web')]);
    assert.deepEqual(await secretsIn('blog'), [history('web')]);
    assert.deepEqual(await secretsIn(LONG), [history(`${'release-'.repeat(5)}name`)]);
    assert.deepEqual(await secretsIn('fairlead-staging'), []);
    const applied = await at.applied();
    assert.deepEqual([applied?.status, applied?.revision], ['True', `main@sha1:${at.pipe.git.tip()}`]);
  });

  test('a new chart upgrades its own release and no other', async () => {
    await at.chart('shop/web', '1.0.1', NAMED);
    assert.equal((await at.deployed('shop/web', '1.0.1')).version, 2);
    assert.deepEqual(await revisions(), [[2, 1], [1], [1], [1]]);
  });

  test('new values upgrade their release at once, long before its interval', async () => {
    await at.pipe.upload('staging/blog/web/values.yaml', 'colour: green\n');
    await at.flux.until('green', async () => {
      const { ready, status } = await at.release('blog/web');
      return ready?.status === 'True' && status.history[0]?.version === 2;
    });
    const colour = await at.flux.plane.kubectl([
      ...['-n', 'blog', 'get', 'configmap', 'web-settings', '-o', 'jsonpath={.data.colour}'],
    ]);
    assert.equal(colour, 'green');
    assert.deepEqual(await revisions(), [[2, 1], [2, 1], [1], [1]]);
  });

  test('a manifest, and a commit elsewhere, are applied and upgrade no release', async () => {
    const manifest =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: blog}\ndata: {a: b}\n';
    await at.pipe.upload('staging/manifests/extra.yaml', manifest);
    at.pipe.git.commit({ 'somewhere/else.yaml': 'kind: Nonsense' });
    await at.flux.until('that commit to be applied', async () => {
      const applied = await at.applied();
      return applied?.revision === `main@sha1:${at.pipe.git.tip()}` && applied.status === 'True';
    });
    await at.flux.plane.kubectl(['-n', 'blog', 'get', 'configmap', 'extra']);
    assert.deepEqual(await revisions(), [[2, 1], [2, 1], [1], [1]]);
  });

  test('a release that meets what is not its own fails, takes nothing over, and is tried again', async () => {
    await at.flux.plane.kubectl([
      '-n',
      'shop',
      'create',
      'configmap',
      'settings',
      '--from-literal=colour=red',
    ]);
    await at.chart('shop/late', '1.0.0');
    assert.match(
      await at.failed('shop/late'),
      /settings.*exists and cannot be imported into the current release/,
    );
    assert.equal(await colourIn('shop'), 'red');
    // The file is people's: whoever cannot wait for five minutes says so there.
    const path = 'fairlead/staging/apply/shop/late/release.yaml';
    const strategy = 'name: RetryOnFailure';
    const text = `${at.pipe.git.show(path)}\n`.replace(
      new RegExp(`( +)${strategy}`, 'g'),
      `$1${strategy}\n$1retryInterval: 2s`,
    );
    at.pipe.git.commit({ [path]: text });
    await at.flux.until('another try', async () => (await at.release('shop/late')).status.failures > 2);
    await at.flux.plane.kubectl(['-n', 'shop', 'delete', 'configmap', 'settings']);
    await at.deployed('shop/late', '1.0.0');
    assert.equal(await colourIn('shop'), 'blue');
  });

  test('a release that is removed from Git is uninstalled', async () => {
    const folder = 'fairlead/staging/apply/shop/web.eu';
    at.pipe.git.commit({ [`${folder}/release.yaml`]: undefined, [`${folder}/values.yaml`]: undefined });
    await at.flux.until('its objects to go', async () => {
      const left = await at.flux.plane.kubectl(['-n', 'shop', 'get', 'configmaps', '-o', 'name']);
      return !left.includes('web.eu-settings');
    });
    await at.flux.until(
      'its history to go',
      async () => !(await secretsIn('shop')).some((name) => name.includes('web.eu')),
    );
  });

  describe('a check with the rights of bootstrap', () => {
    let kubeconfig: string;
    before(async () => {
      kubeconfig = await at.flux.plane.addUser('checker', ['fairlead:check']);
    });
    const check = async () => {
      const cache = join(at.flux.plane.folder, 'check');
      const argv = [
        'check',
        'staging',
        '--repo',
        at.pipe.git.bare,
        '--kubeconfig',
        kubeconfig,
        '--cache',
        cache,
      ];
      const { code, stdout, stderr } = await fairlead(argv);
      return { code, said: stdout + stderr };
    };

    test('judges everything that was deployed', async () => {
      const { code, said } = await check();
      assert.equal(code, 0, said);
      for (const place of ['shop/web', 'blog/web', 'shop/late', 'manifests'])
        assert.match(said, new RegExp(place));
    });

    test('sees what a person changes', async () => {
      const patch = ['-p', '{"data":{"colour":"red"}}'];
      await at.flux.plane.kubectl(['-n', 'blog', 'patch', 'configmap', 'web-settings', ...patch]);
      const { code, said } = await check();
      assert.equal(code, 1, said);
      assert.match(said, /data\.colour/);
    });

    test('reads Secrets only where somebody asked for it', async () => {
      await at.chart('blog/secretive', '1.0.0', {
        'templates/settings.yaml':
          'apiVersion: v1\nkind: Secret\nmetadata:\n  name: own\nstringData:\n  word: hidden-from-the-check\n',
      });
      await at.deployed('blog/secretive', '1.0.0');
      const without = await check();
      assert.equal(without.code, 2, without.said);
      assert.match(without.said, /secrets/);
      const repository = { url: at.pipe.git.url, readCredential: { kind: 'none' } } as const;
      const text = formatBootstrap({ target: at.target, repository, secrets: 'read-secrets' });
      await at.flux.plane.kubectl(['apply', '-f', '-'], text);
      const { code, said } = await check();
      assert.equal(code, 1, said);
      assert.doesNotMatch(said, /hidden-from-the-check/);
    });

    test('cannot write anything, anywhere', async () => {
      const verbs = new Set<string>();
      for (const namespace of [...NAMESPACES, 'fairlead-staging', 'default', 'kube-system']) {
        const review = {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectRulesReview',
          spec: { namespace },
        };
        const answer = JSON.parse(
          await at.flux.plane.kubectl(
            [
              'create',
              '--validate=false',
              '-f',
              '-',
              '-o',
              'json',
              '--as=checker',
              '--as-group=fairlead:check',
              '--as-group=system:authenticated',
            ],
            JSON.stringify(review),
          ),
        );
        for (const rule of answer.status.resourceRules) {
          // What everybody may: ask about oneself.
          if (rule.resources.every((resource: string) => resource.startsWith('selfsubject'))) continue;
          for (const verb of rule.verbs) verbs.add(verb);
        }
      }
      assert.deepEqual([...verbs].sort(), ['get', 'list']);
    });
  });
});
