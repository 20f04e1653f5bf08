import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODECOMMIT_ACTIONS } from '../../lib/proposals/codecommit-actions.ts';
import { ProposalHostFailed, type ProposalText } from '../../lib/proposals/proposals.ts';
import { HOSTS, type TestHost } from './hosts.ts';

/** What every host is held to, over its API as documented. Each test has a branch of its own. */
const text = (title: string, more: Partial<ProposalText> = {}): ProposalText => ({
  title,
  body: `**${title}**\n\nin short`,
  labels: [],
  ...more,
});

for (const kind of HOSTS) {
  describe(`proposals at ${kind.name}`, () => {
    let at: TestHost;
    before(async () => {
      at = await kind.start();
    });
    after(() => at.stop());

    let count = 0;
    /** A branch with one commit more than main. */
    function branchWith(file: string): string {
      count += 1;
      const branch = `fairlead/staging/shop/web-${count}`;
      at.git.git('update-ref', `refs/heads/${branch}`, at.git.tip());
      at.git.commit({ [file]: `${count}\n` }, `Add ${file}`, branch);
      return branch;
    }
    const failed = (attempt: Promise<unknown>, words: RegExp, failure: 'refused' | 'unreached' = 'refused') =>
      assert.rejects(attempt, (error: unknown) => {
        assert.ok(error instanceof ProposalHostFailed, String(error));
        assert.match(error.message, words);
        assert.equal(error.kind, failure);
        assert.ok(!error.message.includes(at.token), 'the token is in the message');
        return true;
      });

    test('there is none of a branch that nobody has proposed', async () => {
      assert.equal(await at.host.find(branchWith('none.txt'), 'main'), undefined);
    });

    test('one is opened, found, and read: number, address, branch and its tip', async () => {
      const branch = branchWith('opened.txt');
      const opened = await at.host.open(branch, 'main', text('Web 1.2.3'));
      assert.equal(opened.branch, branch);
      assert.equal(opened.head, at.git.tip(branch));
      assert.deepEqual(opened.state, { kind: 'open' });
      assert.match(opened.url, new RegExp(`^https://.*${opened.number}`));
      assert.deepEqual(await at.host.find(branch, 'main'), opened);
      assert.deepEqual(await at.host.read(opened.number), opened);
      const kept = at.kept.found(opened.number);
      assert.equal(kept.title, 'Web 1.2.3');
      assert.equal(kept.body, '**Web 1.2.3**\n\nin short');
    });

    test('one that is open is given back, and there is no second', async () => {
      const branch = branchWith('twice.txt');
      const first = await at.host.open(branch, 'main', text('First'));
      assert.deepEqual(await at.host.open(branch, 'main', text('Second')), first);
      assert.equal(at.kept.all().filter((one) => one.branch === branch).length, 1);
      assert.equal(at.kept.found(first.number).title, 'First');
    });

    test('one whose opening nobody heard of is found by the next try', async () => {
      const branch = branchWith('lost.txt');
      const creates = (method: string, path: readonly string[], target: unknown) =>
        (method === 'POST' && /^(pulls|pullrequests|merge_requests)$/.test(path.at(-1) ?? '')) ||
        /CreatePullRequest$/.test(String(target));
      at.faults.push({
        kind: 'loses-answer',
        of: ({ method, path, headers }) => creates(method, path, headers['x-amz-target']),
      });
      const tried = await at.host.open(branch, 'main', text('Lost')).then(
        (opened) => opened,
        (error: unknown) => {
          assert.ok(error instanceof ProposalHostFailed);
          assert.equal(error.kind, 'unreached');
        },
      );
      const opened = await at.host.open(branch, 'main', text('Lost'));
      if (tried !== undefined) assert.deepEqual(tried, opened);
      assert.equal(at.kept.all().filter((one) => one.branch === branch).length, 1);
      assert.equal(at.kept.found(opened.number).branch, branch);
    });

    test('of several the open one is found, else the newest', async () => {
      const branch = branchWith('several.txt');
      const first = await at.host.open(branch, 'main', text('Several 1'));
      at.kept.close(first.number);
      const second = await at.host.open(branch, 'main', text('Several 2'));
      assert.notEqual(second.number, first.number);
      assert.equal((await at.host.find(branch, 'main'))?.number, second.number);
      at.kept.close(second.number);
      assert.deepEqual(await at.host.find(branch, 'main'), { ...second, state: { kind: 'closed' } });
      const third = await at.host.open(branch, 'main', text('Several 1'));
      assert.notEqual(third.number, first.number, 'the same text again is another proposal');
      assert.equal((await at.host.find(branch, 'main'))?.number, third.number);
      at.kept.close(third.number);
    });

    test('another base is another proposal', async () => {
      const branch = branchWith('base.txt');
      at.git.git('update-ref', 'refs/heads/release', at.git.tip());
      const toMain = await at.host.open(branch, 'main', text('To main'));
      assert.equal(await at.host.find(branch, 'release'), undefined);
      const toRelease = await at.host.open(branch, 'release', text('To release'));
      assert.notEqual(toRelease.number, toMain.number);
      assert.deepEqual([toMain.base, toRelease.base], ['main', 'release']);
      assert.equal((await at.host.find(branch, 'main'))?.number, toMain.number);
    });

    test('text is changed in place; what people have added stays', async () => {
      const branch = branchWith('changed.txt');
      const opened = await at.host.open(branch, 'main', text('Before', { labels: ['fairlead'] }));
      const kept = at.kept.found(opened.number);
      kept.reviewers = ['{rita}'];
      kept.labels.add('by hand');
      await at.host.update(opened.number, text('After', { labels: ['fairlead', 'warnings'] }));
      assert.equal(kept.title, 'After');
      assert.equal(kept.body, '**After**\n\nin short');
      assert.deepEqual(kept.reviewers, ['{rita}']);
      assert.equal(at.host.takes.labels, kind.labels);
      assert.deepEqual(
        [...kept.labels].sort(),
        kind.labels === 'labels' ? ['by hand', 'fairlead', 'warnings'] : ['by hand'],
      );
    });

    test('a push to the branch is seen', async () => {
      const branch = branchWith('pushed.txt');
      const opened = await at.host.open(branch, 'main', text('Pushed'));
      const commit = at.git.commit({ 'pushed.txt': 'more\n' }, 'More', branch);
      assert.deepEqual(await at.host.read(opened.number), { ...opened, head: commit });
    });

    for (const way of kind.ways) {
      test(`one that was merged (${way}) names the commit that is on the base`, async () => {
        const branch = branchWith(`${way}.txt`);
        const opened = await at.host.open(branch, 'main', text(`By ${way}`));
        if (way !== 'fast-forward') at.git.commit({ [`other-${way}.txt`]: 'x\n' }, 'Meanwhile');
        const commit = at.kept.merge(opened.number, way);
        assert.equal(commit, at.git.tip());
        const merged = await at.host.read(opened.number);
        assert.deepEqual(merged.state, { kind: 'merged', commit });
        assert.deepEqual((await at.host.find(branch, 'main'))?.state, { kind: 'merged', commit });
      });
    }

    test('one is closed with the reason beside it, once; one that is merged stays merged', async () => {
      const closing = await at.host.open(branchWith('close.txt'), 'main', text('Closing'));
      await at.host.close(closing.number, 'Superseded by 1.2.4');
      await at.host.close(closing.number, 'Superseded by 1.2.4');
      assert.deepEqual((await at.host.read(closing.number)).state, { kind: 'closed' });
      assert.deepEqual(at.kept.found(closing.number).comments, ['Superseded by 1.2.4']);

      const merging = await at.host.open(branchWith('merged.txt'), 'main', text('Merging'));
      at.kept.merge(merging.number, 'squash');
      await at.host.close(merging.number, 'too late');
      assert.equal((await at.host.read(merging.number)).state.kind, 'merged');
      assert.deepEqual(at.kept.found(merging.number).comments, []);
    });

    test('what is longer than the host keeps is cut, and a title is one line', async () => {
      const { titleCharacters, bodyCharacters } = at.host.takes;
      const long = text(`one\ntwo ${'😀'.repeat(titleCharacters)}`, { body: 'x'.repeat(bodyCharacters + 1) });
      const opened = await at.host.open(branchWith('long.txt'), 'main', long);
      const kept = at.kept.found(opened.number);
      assert.match(kept.title, /^one two (😀)+…$/u);
      assert.ok(kept.title.length <= titleCharacters);
      assert.equal(kept.body, `${'x'.repeat(bodyCharacters - 1)}…`);
      await at.host.update(opened.number, long);
      await at.host.close(opened.number, 'y'.repeat(bodyCharacters * 2));
    });

    test('a branch that is not there cannot be proposed, and it says so', async () => {
      await failed(at.host.open('fairlead/staging/shop/gone', 'main', text('Gone')), /branch/i);
    });

    test('a number that does not exist is refused in words', async () => {
      await failed(at.host.read('99999'), /99999.*(404|no such|does not exist)/i);
    });

    test('a host that hangs up, or has a fault, is not reached; the same call works later', async () => {
      const branch = branchWith('fault.txt');
      const opened = await at.host.open(branch, 'main', text('Fault'));
      // The client of AWS tries three times by itself.
      for (let each = 0; each < 3; each += 1) at.faults.push({ kind: 'hangs-up' });
      await failed(at.host.read(opened.number), /does not answer/, 'unreached');
      at.faults.length = 0;
      for (let each = 0; each < 3; each += 1)
        at.faults.push({ kind: 'says', status: 502, text: '<html>Bad gateway</html>' });
      await failed(at.host.read(opened.number), /502/, 'unreached');
      at.faults.length = 0;
      assert.deepEqual(await at.host.read(opened.number), opened);
    });

    test('a credential that the host does not know is told of, with what to do', async () => {
      const stranger = await at.hostWith('not-the-right-one');
      await failed(stranger.find('main', 'main'), /(secret "api"|role).*/);
    });

    if (kind.name === 'CodeCommit')
      test('every right that all of this took is one that the role is given, and it is given no other', () => {
        const taken = at.heard.map(({ headers }) =>
          String(headers['x-amz-target']).replace(/^.*\./, 'codecommit:'),
        );
        assert.deepEqual([...new Set(taken)].sort(), [...CODECOMMIT_ACTIONS].sort());
      });

    test('no credential is in an address, whatever was asked', () => {
      assert.ok(at.heard.length > 20);
      for (const { path, query } of at.heard)
        assert.ok(![...path, ...query.keys(), ...query.values()].join(' ').includes(at.token));
    });
  });
}
