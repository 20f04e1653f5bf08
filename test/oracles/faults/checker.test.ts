import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check } from './checker.ts';
import type { Evidence } from './evidence.ts';
import type { Rule } from './judging.ts';
import {
  APPLY,
  below,
  chartFiles,
  configMap,
  delivered,
  delivers,
  History,
  idOf,
  packed,
  RELEASE,
  ROOT,
  type Uploaded,
  upload,
} from './made-history.ts';

/** A history in which everything is as it should be; each test breaks one thing, and the checker must say which. */
function sound() {
  const history = new History();
  history.commit('Begin\n', {});
  const chart = upload('staging/shop/web/web-1.0.0.tgz', packed(chartFiles('1.0.0')));
  const chartCommit = history.commit(delivers(chart), {
    ...below(`${RELEASE}/chart`, chartFiles('1.0.0')),
    [`${RELEASE}/values.yaml`]: '{}\n',
    [`${APPLY}/release.yaml`]: 'kind: HelmRelease\n',
    [`${APPLY}/values.yaml`]: configMap('{}\n'),
  });
  delivered(chart, chartCommit);
  const foreign = history.commit('By hand\n', { 'docs/note.md': 'hello' });
  const late = upload('staging/shop/web/values.yaml', 'colour: blue\n');
  late.tags = { 'fairlead-outcome': 'superseded' };
  const values = upload('staging/shop/web/values.yaml', 'colour: red\n');
  const valuesFiles = {
    [`${RELEASE}/values.yaml`]: 'colour: red\n',
    [`${APPLY}/values.yaml`]: configMap('colour: red\n'),
  };
  delivered(values, history.commit(delivers(values), valuesFiles));
  const manifest = upload('staging/manifests/a.yaml', 'kind: ConfigMap\n');
  delivered(
    manifest,
    history.commit(delivers(manifest), { [`${ROOT}/apply/manifests/a.yaml`]: 'kind: ConfigMap\n' }),
  );
  const bad = upload('staging/Shop/web/values.yaml', 'colour: red\n', 'bad alone');
  bad.tags = { 'fairlead-outcome': 'rejected', 'fairlead-reason': 'key-malformed' };
  const same = upload('staging/shop/web/web-1.0.0.tgz', packed(chartFiles('1.0.0')));
  delivered(same, chartCommit);
  const proof = upload('staging/shop/web/web-1.0.0.tgz.prov', 'signed', 'evidence');
  delivered(proof, chartCommit);
  const versions: Uploaded[] = [chart, late, values, manifest, bad, same, proof];
  return { history, foreign, versions, chart, late, values, manifest, bad, same, proof, valuesFiles };
}

type World = ReturnType<typeof sound>;

function evidenceOf({ history, foreign, versions }: World): Evidence {
  const by = { repository: 'alpha', branch: 'main', commit: foreign, did: 'writes' };
  return { bucket: 'charts', versions, branches: [history.branch()], foreign: [by], blobs: history.blobs };
}

const rulesBroken = (evidence: Evidence): Rule[] => [
  ...new Set(check(evidence).violations.map(({ rule }) => rule)),
];

test('a history in which all is well breaks no rule', () => {
  const judged = check(evidenceOf(sound()));
  assert.deepEqual(judged.violations, []);
  assert.deepEqual(judged.outcomes, { delivered: 5, rejected: 1, superseded: 1, failed: 0 });
});

const CASES: readonly { name: string; rule: Rule; broken(world: World): void }[] = [
  { name: 'an upload without an outcome', rule: 'one outcome', broken: ({ late }) => (late.tags = {}) },
  {
    name: 'an upload that has failed',
    rule: 'one outcome',
    broken: ({ late }) => (late.tags = { 'fairlead-outcome': 'failed', 'fairlead-reason': 'not-judged' }),
  },
  {
    name: 'a bad upload that is called superseded',
    rule: 'bad is rejected',
    broken: ({ bad }) => (bad.tags = { 'fairlead-outcome': 'superseded' }),
  },
  {
    name: 'a good upload that is rejected',
    rule: 'good is not rejected',
    broken: ({ late }) =>
      (late.tags = { 'fairlead-outcome': 'rejected', 'fairlead-reason': 'version-immutable' }),
  },
  {
    name: 'an upload committed twice',
    rule: 'one commit',
    broken({ history, values, valuesFiles }) {
      history.commit(delivers(values), valuesFiles);
    },
  },
  {
    name: 'a commit for an upload that is called superseded',
    rule: 'one commit',
    broken: ({ values }) => (values.tags = { 'fairlead-outcome': 'superseded' }),
  },
  {
    name: 'a delivery that names a commit of no branch',
    rule: 'own commit',
    broken: ({ values }) => delivered(values, idOf('elsewhere')),
  },
  {
    name: "a delivery that names another's commit",
    rule: 'own commit',
    broken: ({ values, history }) => delivered(values, history.commits.at(-1)?.id ?? ''),
  },
  {
    name: "a commit that changes somebody's file",
    rule: 'only its slot',
    broken({ history, versions }) {
      const more = upload('staging/manifests/b.yaml', 'kind: ConfigMap\n');
      const files = { [`${ROOT}/apply/manifests/b.yaml`]: 'kind: ConfigMap\n', 'docs/note.md': undefined };
      delivered(more, history.commit(delivers(more), files));
      versions.push(more);
    },
  },
  {
    name: "a commit that writes a person's release.yaml anew",
    rule: 'only its slot',
    broken({ history, versions }) {
      const more = upload('staging/shop/web/web-1.1.0.tgz', packed(chartFiles('1.1.0')));
      const files = {
        ...below(`${RELEASE}/chart`, chartFiles('1.1.0')),
        [`${RELEASE}/chart/files/1.0.0.txt`]: undefined,
        [`${APPLY}/release.yaml`]: 'kind: HelmRelease # anew\n',
      };
      delivered(more, history.commit(delivers(more), files));
      versions.push(more);
    },
  },
  {
    name: 'a commit that leaves a file of the version before',
    rule: 'its content',
    broken({ history, versions }) {
      const more = upload('staging/shop/web/web-1.1.0.tgz', packed(chartFiles('1.1.0')));
      delivered(more, history.commit(delivers(more), below(`${RELEASE}/chart`, chartFiles('1.1.0'))));
      versions.push(more);
    },
  },
  {
    name: 'a commit with other bytes',
    rule: 'its content',
    broken({ history }) {
      history.blobs.set(idOf('kind: ConfigMap\n'), Buffer.from('kind: Secret\n'));
    },
  },
  {
    name: 'superseded by nothing newer',
    rule: 'superseded by newer',
    broken: ({ late }) => (late.told.time = '2027-01-01T00:00:00.000Z'),
  },
  {
    name: 'an older upload committed after a newer one',
    rule: 'in order',
    broken({ history, late, valuesFiles }) {
      const files = { ...valuesFiles, [`${RELEASE}/values.yaml`]: 'colour: blue\n' };
      delivered(
        late,
        history.commit(delivers(late), { ...files, [`${APPLY}/values.yaml`]: configMap('colour: blue\n') }),
      );
    },
  },
  {
    name: 'a tip whose slot was emptied by nobody',
    rule: 'tip holds newest',
    broken({ history, versions }) {
      const more = upload('staging/manifests/b.yaml', 'kind: ConfigMap\n');
      const files = {
        [`${ROOT}/apply/manifests/b.yaml`]: 'kind: ConfigMap\n',
        [`${ROOT}/apply/manifests/a.yaml`]: undefined,
      };
      delivered(more, history.commit(delivers(more), files));
      versions.push(more);
    },
  },
  {
    name: 'a commit for no upload',
    rule: 'nothing else committed',
    broken({ history }) {
      history.commit('Deliver\n\nFairlead-Upload: s3://charts/staging/x?versionId=none\n', {});
    },
  },
  {
    name: "a version with another version's content",
    rule: 'version immutable',
    broken({ history, versions }) {
      const more = upload('staging/shop/web/web-1.0.0.tgz', packed(chartFiles('1.0.0', 'other')));
      delivered(
        more,
        history.commit(delivers(more), below(`${RELEASE}/chart`, chartFiles('1.0.0', 'other'))),
      );
      versions.push(more);
    },
  },
  {
    name: 'values that Flux does not get',
    rule: 'values in step',
    broken({ history, versions }) {
      const more = upload('staging/shop/web/values.yaml', 'colour: teal\n');
      delivered(more, history.commit(delivers(more), { [`${RELEASE}/values.yaml`]: 'colour: teal\n' }));
      versions.push(more);
    },
  },
  {
    name: 'values that the chart does not render with',
    rule: 'rendered before',
    broken({ history, versions }) {
      const text = 'refuse: true\n';
      const more = upload('staging/shop/web/values.yaml', text, 'bad with a chart');
      const files = { [`${RELEASE}/values.yaml`]: text, [`${APPLY}/values.yaml`]: configMap(text) };
      delivered(more, history.commit(delivers(more), files));
      versions.push(more);
    },
  },
  {
    name: 'evidence that ends otherwise than its package',
    rule: 'evidence shares',
    broken: ({ proof }) => (proof.tags = { 'fairlead-outcome': 'superseded' }),
  },
];

describe('the checker tells', () => {
  for (const { name, rule, broken } of CASES) {
    test(name, () => {
      const world = sound();
      broken(world);
      const rules = rulesBroken(evidenceOf(world));
      assert.ok(rules.includes(rule), `broken: ${rules.join(', ') || 'nothing'}`);
    });
  }

  test("somebody's commit that has gone", () => {
    const evidence = evidenceOf(sound());
    const [first] = evidence.foreign;
    assert.ok(first !== undefined);
    assert.deepEqual(rulesBroken({ ...evidence, foreign: [first, { ...first, commit: idOf('lost') }] }), [
      'nobody overwritten',
    ]);
  });

  test('a branch that was somewhere else in between', () => {
    const evidence = evidenceOf(sound());
    const branches = evidence.branches.map((branch) => ({ ...branch, tips: [...branch.tips, idOf('lost')] }));
    assert.deepEqual(rulesBroken({ ...evidence, branches }), ['nobody overwritten']);
  });

  test('a branch that was wound back', () => {
    const evidence = evidenceOf(sound());
    const branches = evidence.branches.map((branch) => ({ ...branch, tips: branch.tips.toReversed() }));
    assert.ok(rulesBroken({ ...evidence, branches }).includes('nobody overwritten'));
  });

  test('a commit that does not stand upon the one before', () => {
    const world = sound();
    const last = world.history.commits.at(-1);
    assert.ok(last !== undefined);
    world.history.commits[world.history.commits.length - 1] = { ...last, parents: [idOf('lost')] };
    assert.deepEqual(rulesBroken(evidenceOf(world)), ['nobody overwritten']);
  });
});
