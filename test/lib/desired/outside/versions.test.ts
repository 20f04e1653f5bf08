import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newestOf, rangeOf } from '../../../../lib/desired/outside/versions.ts';

/** Masterminds/semver v3, constraints_test.go: range, version, whether it is admitted. */
const CASES: readonly (readonly [range: string, version: string, admits: boolean])[] = [
  ['=2.0.0', '1.2.3', false],
  ['=2.0.0', '2.0.0', true],
  ['=2.0', '1.2.3', false],
  ['=2.0', '2.0.9', true],
  ['4.1', '4.1.0', true],
  ['4.1', '4.1.7', true],
  ['!=4.1.0', '4.1.0', false],
  ['!=4.1.0', '4.1.1', true],
  ['!=4.1', '4.1.0', false],
  ['!=4.1', '5.1.0', true],
  ['!=4.x', '4.1.0', false],
  ['!=4.x', '5.1.0', true],
  ['<11', '0.1.0', true],
  ['<11', '11.1.0', false],
  ['<1.1', '0.1.0', true],
  ['<1.1', '1.1.0', false],
  ['<1.1', '1.1.1', false],
  ['<=11', '11.1.0', true],
  ['<=11', '12.1.0', false],
  ['<=1.1', '1.1.5', true],
  ['>1.1', '4.1.0', true],
  ['>1.1', '1.1.0', false],
  ['>1.1', '1.1.5', false],
  ['>11', '11.1.0', false],
  ['>11', '12.0.0', true],
  ['>=11.1.3', '11.1.2', false],
  ['>=1.1', '1.1.0', true],
  ['=>1.1', '1.1.0', true],
  ['=<1.1', '1.1.0', true],
  ['>0', '0.0.1', false],
  ['>0', '1.0.0', true],
  ['*', '1.2.3', true],
  ['x', '4.5.6', true],
  ['', '4.5.6', true],
  ['1.*', '1.2.3', true],
  ['2.x', '1.2.3', false],
  ['1.1 - 2', '1.1.1', true],
  ['1.5.0 - 4.5', '3.7.0', true],
  ['1.5.0 - 4.5', '4.6.0', false],
  ['~1', '1.9.9', true],
  ['~1', '2.0.0', false],
  ['~1.2.3', '1.2.9', true],
  ['~1.2.3', '1.3.0', false],
  ['~>2', '2.5.0', true],
  ['~*', '2.1.1', true],
  ['~0.0.0', '4.1.1', true],
  ['~0.0.3', '0.1.1', false],
  ['^1.2.3', '1.8.9', true],
  ['^1.2.3', '2.0.0', false],
  ['^1.2.3', '1.2.1', false],
  ['^0.2.3', '0.2.5', true],
  ['^0.2.3', '0.5.6', false],
  ['^0.2', '0.2.9', true],
  ['^0.2', '0.3.0', false],
  ['^0.0.3', '0.0.3', true],
  ['^0.0.3', '0.0.4', false],
  ['^0.0', '0.0.3', true],
  ['^0.0', '0.1.4', false],
  ['^0', '0.2.3', true],
  ['^0', '1.1.4', false],
  ['>1.1, <2', '1.1.1', false],
  ['>=1.1, <2', '1.1.1', true],
  ['>=1.1 <2 !=1.2.3', '1.2.3', false],
  ['>=1.1, <2, !=1.2.3 || > 3', '4.1.2', true],
  ['>=1.1, <2, !=1.2.3 || > 3', '3.1.2', false],
  ['>=1.1, <2, !=1.2.3 || >= 3', '3.0.0', true],
  // Prereleases: only where the bound has one, and then of every version, which npm's ranges do not take.
  ['>=1.0.0', '2.0.0-beta.1', false],
  ['>=1.0.0-0', '2.0.0-beta.1', true],
  ['^1.0.0', '1.2.1-beta.1', false],
  ['^1.0.0-0', '1.2.1-beta.1', true],
  ['*', '1.2.3-beta', false],
  ['*-0', '1.2.3-beta', true],
  ['1.2.3-beta.1', '1.2.3-beta.1', true],
  ['1.2.3', 'v1.2.3', true],
  ['v1.2.3', '1.2.3', true],
];

describe('ranges of chart versions', () => {
  for (const [range, version, admits] of CASES)
    test(`"${range}" ${admits ? 'takes' : 'does not take'} ${version}`, () =>
      assert.equal(rangeOf(range)?.admits(version), admits));

  for (const text of ['latest', '>', '1.2.3.4', '1.2.3 hello', '~~1', `>=${'1'.repeat(300)}`, '>=1.0.0;rm'])
    test(`"${text.slice(0, 20)}" is no range`, () => assert.equal(rangeOf(text), undefined));

  test('an exact version is one, and says so', () => {
    assert.equal(rangeOf('1.2.3')?.kind, 'exact');
    assert.equal(rangeOf('1.2')?.kind, 'range');
    assert.equal(newestOf(['1.2.3+b', '1.2.3+a'], rangeOf('1.2.3+a') as never), '1.2.3+a');
    assert.equal(newestOf(['1.2.3+b', 'v1.2.3'], rangeOf('1.2.3') as never), '1.2.3+b');
  });

  test('the newest is by precedence, not by the order of the list; what is no version is passed over', () => {
    const all = ['1.9.0', '1.10.0', '2.0.0-rc.1', 'nightly', '1.2.0'];
    assert.equal(newestOf(all, rangeOf('1.x') as never), '1.10.0');
    assert.equal(newestOf(all, rangeOf('') as never), '1.10.0');
    assert.equal(newestOf(all, rangeOf('>=2.0.0-0') as never), '2.0.0-rc.1');
    assert.equal(newestOf(all, rangeOf('3.x') as never), undefined);
  });
});
