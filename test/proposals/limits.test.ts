import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextCall } from '../../lib/proposals/rate-limit.ts';

const NOW = new Date('2026-05-01T12:00:00Z');
const inSeconds = (seconds: number) => String(Math.floor(NOW.getTime() / 1000) + seconds);

describe('when a host takes the next call', () => {
  /** Status, headers, the host's words; seconds to wait, or undefined where it is no matter of how many. */
  const cases: readonly (readonly [string, number, Record<string, string>, string, number | undefined])[] = [
    [
      'GitHub, all used',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(900) },
      'API rate limit exceeded',
      900,
    ],
    [
      'GitHub, all used (429)',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(60) },
      '',
      60,
    ],
    [
      'GitHub, secondary, says how long',
      403,
      { 'retry-after': '73', 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': inSeconds(3000) },
      'You have exceeded a secondary rate limit',
      73,
    ],
    [
      'GitHub, secondary, does not say',
      403,
      { 'x-ratelimit-remaining': '4000' },
      'You have exceeded a secondary rate limit. Please wait',
      60,
    ],
    ['GitHub, secondary (429)', 429, { 'retry-after': '30' }, '', 30],
    [
      'GitHub, no right',
      403,
      { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': inSeconds(900) },
      'Resource not accessible by integration',
      undefined,
    ],
    [
      'GitLab',
      429,
      { 'ratelimit-remaining': '0', 'ratelimit-reset': inSeconds(42) },
      'Too many requests',
      42,
    ],
    ['GitLab, both', 429, { 'retry-after': '10', 'ratelimit-reset': inSeconds(42) }, '', 10],
    ['Bitbucket', 429, {}, 'Rate limit for this resource has been exceeded', 60],
    ['a server that is being changed', 503, { 'retry-after': '120' }, '', 120],
    ['a server with a fault', 503, {}, '', undefined],
    ['a date', 429, { 'retry-after': 'Fri, 01 May 2026 12:05:00 GMT' }, '', 300],
    ['a date that is over', 429, { 'retry-after': 'Fri, 01 May 2026 11:00:00 GMT' }, '', 1],
    ['a year', 429, { 'retry-after': '31536000' }, '', 3600],
    ['the year 33658', 429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '999999999999' }, '', 3600],
    ['nonsense', 429, { 'retry-after': 'soon', 'x-ratelimit-reset': '-1' }, '', 60],
    ['nobody is known', 401, { 'retry-after': '5' }, '', undefined],
  ];
  for (const [name, status, headers, words, seconds] of cases)
    test(`${name}: ${seconds === undefined ? 'it is another refusal' : `in ${seconds} seconds`}`, () => {
      const at = nextCall({ status, headers, words }, NOW);
      assert.equal(at === undefined ? undefined : (at.getTime() - NOW.getTime()) / 1000, seconds);
    });
});
