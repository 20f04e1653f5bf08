import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsIdentity } from '../../../../lib/charts/trust/identity-pattern.ts';

const WORKFLOWS = 'https://github.com/example/*/.github/workflows/release.yml@refs/tags/v*';

test('a star is any characters but those that part an identity, and the whole has to fit', () => {
  const fits = (text: string) => fitsIdentity(WORKFLOWS, text);
  assert.ok(fits('https://github.com/example/web/.github/workflows/release.yml@refs/tags/v1.2.3'));
  assert.ok(fits('https://github.com/example//.github/workflows/release.yml@refs/tags/v'));
  assert.ok(!fits('https://github.com/example/a/b/.github/workflows/release.yml@refs/tags/v1'));
  assert.ok(!fits('https://github.com/example/web/.github/workflows/release.yml@refs/tags/v1/x'));
  assert.ok(!fits('https://github.com/example/web/.github/workflows/release.yml@refs/tags/v1@x'));
  assert.ok(!fits('https://github.com/example.evil/web/.github/workflows/release.yml@refs/tags/v1'));
  assert.ok(!fits('xhttps://github.com/example/web/.github/workflows/release.yml@refs/tags/v1'));
  assert.ok(fitsIdentity('*@example.com', 'ann@example.com'));
  assert.ok(!fitsIdentity('*@example.com', 'ann@example.com.evil.com'));
  assert.ok(!fitsIdentity('*@example.com', 'a@evil.com@example.com'));
  // Nothing else is a pattern.
  assert.ok(!fitsIdentity('a.c', 'abc') && !fitsIdentity('a?c', 'abc') && fitsIdentity('(.+)+', '(.+)+'));
  assert.ok(fitsIdentity('a*b*c', 'a-b-b-c') && !fitsIdentity('ab*ba', 'aba'));
});

test('a hostile identity takes no more time than its length', () => {
  const began = performance.now();
  fitsIdentity(`${'a*'.repeat(200)}b`, 'a'.repeat(100_000));
  assert.ok(performance.now() - began < 1000);
});
