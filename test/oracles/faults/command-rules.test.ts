import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check } from './checker.ts';
import type { Evidence } from './evidence.ts';
import type { Rule } from './judging.ts';
import {
  APPLY,
  below,
  carriesOut,
  chartFiles,
  command,
  configMap,
  delivered,
  delivers,
  ended,
  type Files,
  History,
  idOf,
  packed,
  RELEASE,
  ROOT,
  upload,
} from './made-history.ts';

/** A history with commands in which everything is as it should be; each test breaks one thing. */
const WEB = { namespace: 'shop', release: 'web' };
const IN_WEB = { kind: 'release', ...WEB } as const;
/** What of the version before is gone with another. */
const chartAt = (version: string, before?: string): Files => ({
  ...(before === undefined ? {} : { [`${RELEASE}/chart/files/${before}.txt`]: undefined }),
  ...below(`${RELEASE}/chart`, chartFiles(version)),
});
const chartKey = (version: string): string => `staging/shop/web/web-${version}.tgz`;
const NEW: Files = {
  [`${RELEASE}/values.yaml`]: '{}\n',
  [`${APPLY}/release.yaml`]: 'kind: HelmRelease\n',
  [`${APPLY}/values.yaml`]: configMap('{}\n'),
};
const GONE: Files = {
  ...Object.fromEntries(Object.keys({ ...chartAt('1.0.0'), ...NEW }).map((path) => [path, undefined])),
  [`${ROOT}/apply/README.md`]: 'Nothing.',
};

function sound() {
  const history = new History();
  history.commit('Begin\n', {});
  const first = upload(chartKey('1.0.0'), packed(chartFiles('1.0.0')));
  delivered(first, history.commit(delivers(first), { ...chartAt('1.0.0'), ...NEW }));
  const second = upload(chartKey('1.1.0'), packed(chartFiles('1.1.0')));
  delivered(second, history.commit(delivers(second), chartAt('1.1.0', '1.0.0')));
  const early = upload(chartKey('1.2.0'), packed(chartFiles('1.2.0')));
  ended(early, 'superseded');
  const rollback = command({ kind: 'rollback', release: WEB });
  const back = history.commit(carriesOut(rollback, 'rollback'), chartAt('1.0.0', '1.1.0'));
  delivered(rollback, back);
  const again = command({ kind: 'rollback', release: WEB });
  ended(again, 'rejected', 'rollback-stands');
  const frozen = upload(chartKey('1.3.0'), packed(chartFiles('1.3.0')));
  frozen.moment.tip = back;
  const thaw = command({ kind: 'unfreeze', scope: IN_WEB });
  thaw.moment.tip = back;
  ended(thaw, 'done', 'unfrozen');
  const thawed = history.commit(delivers(frozen), chartAt('1.3.0', '1.0.0'));
  delivered(frozen, thawed);
  const remove = command({ kind: 'remove', what: IN_WEB });
  const files = { ...GONE, [`${RELEASE}/chart/files/1.0.0.txt`]: undefined };
  const gone = { ...files, [`${RELEASE}/chart/files/1.3.0.txt`]: undefined };
  delivered(remove, history.commit(carriesOut(remove, 'remove'), gone));
  const freeze = command({ kind: 'freeze', scope: IN_WEB });
  ended(freeze, 'done', 'frozen');
  const unfreeze = command({ kind: 'unfreeze', scope: IN_WEB });
  ended(unfreeze, 'done', 'unfrozen');
  const bad = upload('.commands/staging/bad.json', 'no command', 'bad alone');
  bad.given = { seenEnded: undefined, delivered: new Set(), proof: 'in time' };
  ended(bad, 'rejected', 'command-malformed');
  const versions = [first, second, early, rollback, again, frozen, thaw, remove, freeze, unfreeze, bad];
  const all = { first, second, early, rollback, again, frozen, thaw, remove, freeze, unfreeze, bad };
  return { history, versions, back, thawed, ...all };
}

type World = ReturnType<typeof sound>;

const evidenceOf = ({ history, versions }: World): Evidence => ({
  bucket: 'charts',
  versions,
  branches: [history.branch()],
  foreign: [],
  blobs: history.blobs,
});

const rulesBroken = (world: World): Rule[] => [
  ...new Set(check(evidenceOf(world)).violations.map(({ rule }) => rule)),
];

test('a history with commands in which all is well breaks no rule', () => {
  const judged = check(evidenceOf(sound()));
  assert.deepEqual(judged.violations, []);
  assert.deepEqual(judged.outcomes, { delivered: 3, rejected: 0, superseded: 1, failed: 0 });
  assert.deepEqual(judged.ofCommands, { delivered: 2, done: 3, rejected: 2, superseded: 0, failed: 0 });
});

const CASES: readonly { name: string; rule: Rule; broken(world: World): void }[] = [
  { name: 'a command without an outcome', rule: 'one outcome', broken: ({ freeze }) => (freeze.tags = {}) },
  { name: 'a freeze that ends as a commit', rule: 'one outcome', broken: (w) => delivered(w.freeze, w.back) },
  {
    name: 'a command that nobody proved, and that was carried out',
    rule: 'bad is rejected',
    broken: ({ bad, back }) => delivered(bad, back),
  },
  {
    name: 'a good command that is refused',
    rule: 'good is not rejected',
    broken: ({ freeze }) => ended(freeze, 'rejected', 'command-unproven'),
  },
  {
    name: 'a rollback that is refused for want of anything, where there is something',
    rule: 'good is not rejected',
    broken({ history, versions }) {
      const more = command({ kind: 'rollback', release: WEB });
      more.moment.tip = history.commits.at(-1)?.id;
      ended(more, 'rejected', 'rollback-nothing');
      versions.push(more);
    },
  },
  {
    name: 'a command carried out twice',
    rule: 'one commit',
    broken({ history, rollback }) {
      history.commit(carriesOut(rollback, 'rollback'), {});
    },
  },
  {
    name: 'a commit for a command that is called rejected',
    rule: 'one commit',
    broken: ({ rollback }) => ended(rollback, 'rejected', 'rollback-stands'),
  },
  {
    name: 'a command that names no commit of its branch',
    rule: 'own commit',
    broken: ({ remove }) => delivered(remove, idOf('elsewhere')),
  },
  {
    name: 'one command given twice and carried out twice',
    rule: 'given once',
    broken({ versions, freeze }) {
      versions.push({ ...freeze, versionId: 'again' });
    },
  },
  {
    name: 'a removal that takes a file of another release',
    rule: 'only what it names',
    broken({ history, versions }) {
      const more = command({ kind: 'remove', what: IN_WEB });
      delivered(more, history.commit(carriesOut(more, 'remove'), { [`${ROOT}/drift.yaml`]: 'x' }));
      versions.push(more);
    },
  },
  {
    name: 'a removal that leaves the values',
    rule: 'as asked',
    broken({ history, versions }) {
      const more = command({ kind: 'remove', what: IN_WEB });
      const files = { [`${RELEASE}/values.yaml`]: '{}\n' };
      delivered(more, history.commit(carriesOut(more, 'remove'), files));
      versions.push(more);
    },
  },
  {
    name: 'a rollback to what never stood',
    rule: 'as asked',
    broken({ history, versions }) {
      const more = command({ kind: 'rollback', release: WEB });
      const files = { ...chartAt('1.1.0'), ...NEW };
      delivered(more, history.commit(carriesOut(more, 'rollback'), files));
      versions.push(more);
    },
  },
  {
    name: 'a second step back',
    rule: 'as asked',
    broken({ history, versions }) {
      const one = command({ kind: 'rollback', release: WEB });
      const files = { ...chartAt('1.3.0'), ...NEW };
      delivered(one, history.commit(carriesOut(one, 'rollback'), files));
      const two = command({ kind: 'rollback', release: WEB });
      delivered(two, history.commit(carriesOut(two, 'rollback'), chartAt('1.0.0', '1.3.0')));
      versions.push(one, two);
    },
  },
  {
    name: 'a command that is superseded by nothing',
    rule: 'superseded by newer',
    broken({ versions }) {
      const more = command({ kind: 'remove', what: IN_WEB });
      ended(more, 'superseded');
      versions.push(more);
    },
  },
  {
    name: 'an older upload over a rollback',
    rule: 'in order',
    broken({ history, early }) {
      delivered(early, history.commit(delivers(early), chartAt('1.2.0')));
    },
  },
  {
    name: 'an older command over a newer upload',
    rule: 'in order',
    broken: ({ remove, frozen }) => (remove.told.time = frozen.told.time.replace('2026', '2025')),
  },
  {
    name: 'a tip that is not as a removal left it',
    rule: 'tip holds newest',
    broken({ history, versions }) {
      const more = upload('staging/shop/api/values.yaml', 'colour: red\n');
      const files = { [`${ROOT}/releases/shop/api/values.yaml`]: 'colour: red\n', ...chartAt('1.0.0') };
      delivered(more, history.commit(delivers(more), files));
      versions.push(more);
    },
  },
  {
    name: 'an upload that is delivered while it is frozen',
    rule: 'frozen waits',
    broken: ({ thaw, thawed }) => (thaw.moment.tip = thawed),
  },
  {
    name: 'an upload that is delivered without a commit while it is frozen',
    rule: 'frozen waits',
    broken: ({ thaw, frozen }) =>
      (thaw.given = { seenEnded: undefined, delivered: new Set([frozen.versionId]), proof: 'in time' }),
  },
  {
    name: 'an upload that is delivered though a rollback that nobody saw ended has landed',
    rule: 'frozen waits',
    broken({ rollback, thaw, thawed }) {
      rollback.given = { seenEnded: undefined, delivered: new Set(), proof: 'in time' };
      thaw.moment.tip = thawed;
    },
  },
  {
    name: 'a frozen upload that is delivered though nobody has thawed it',
    rule: 'frozen waits',
    broken({ versions, freeze, unfreeze }) {
      versions.splice(versions.indexOf(unfreeze), 1);
      const more = upload('staging/shop/web/values.yaml', 'colour: red\n');
      delivered(more, freeze.versionId);
      versions.push(more);
    },
  },
];

describe('of commands the checker tells', () => {
  for (const { name, rule, broken } of CASES) {
    test(name, () => {
      const world = sound();
      broken(world);
      const rules = rulesBroken(world);
      assert.ok(rules.includes(rule), `broken: ${rules.join(', ') || 'nothing'}`);
    });
  }
});
