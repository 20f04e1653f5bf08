import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideSilence, type TargetState } from '../../../lib/incidents/target.ts';
import {
  alertsOf,
  CONTEXT,
  decided,
  IN_SYNC,
  inShort,
  NOTHING_KNOWN,
  timeAt,
  UNKNOWN,
  written,
} from './target-life.ts';

/** The state after the sweep of this minute, and what it told. */
function swept(state: TargetState, minute: number, lastCheck: number | undefined, checkEveryMinutes = 15) {
  const last = lastCheck === undefined ? {} : { lastCheck: timeAt(lastCheck) };
  const writes = decideSilence(state, { at: timeAt(minute), checkEveryMinutes, ...last }, CONTEXT);
  return { state: written(state, writes), told: alertsOf(writes).map(inShort), alerts: alertsOf(writes) };
}

describe('a target that no check finishes for', () => {
  const judged = written(NOTHING_KNOWN, decided(NOTHING_KNOWN, 0, { web: IN_SYNC }));

  test('is unknown after three intervals, told once, with since when, and known again by the next check', () => {
    let state = judged;
    const told: string[] = [];
    for (let minute = 1; minute <= 60; minute++) {
      const sweep = swept(state, minute, 0);
      state = sweep.state;
      told.push(...sweep.told.map((line) => `${minute}: ${line}`));
      for (const alert of sweep.alerts) {
        assert.ok(alert.kind === 'unknown');
        assert.equal(alert.since, timeAt(0));
        assert.match(alert.reason, /no check has finished since 2026-11-01T00:00/);
      }
    }
    assert.deepEqual(told, ['47: unknown target warning unknown/1#1']);
    const check = decided(state, 61, { web: IN_SYNC });
    assert.deepEqual(alertsOf(check).map(inShort), ['known-again target info unknown/1#2 told warning']);
    assert.deepEqual(swept(written(state, check), 62, 61).told, []);
  });

  test('is not, where checks come seldom, or a check finishes after a long sleep', () => {
    assert.deepEqual(swept(judged, 60, 0, 60).told, []);
    const woken = swept(judged, 600, 0);
    assert.deepEqual(woken.told, []);
    const check = decided(woken.state, 601, { web: IN_SYNC });
    assert.deepEqual(alertsOf(check), []);
  });

  test('a quarter of an hour is the least, however often checks come', () => {
    assert.deepEqual(swept(judged, 14, 0, 0.1).state, judged);
    assert.notEqual(swept(judged, 15, 0, 0.1).state, judged);
  });

  test('is told again once a day, while it lasts', () => {
    let state = judged;
    const told: string[] = [];
    for (const minute of [45, 47, 48, 47 + 24 * 60 - 1, 47 + 24 * 60]) {
      const sweep = swept(state, minute, 0);
      state = sweep.state;
      told.push(...sweep.told);
    }
    assert.deepEqual(told, [
      'unknown target warning unknown/1#1',
      'reminder target warning unknown/1#2 of unknown',
    ]);
  });

  test('where none has ever finished, it counts from when that was noticed', () => {
    let { state } = swept(NOTHING_KNOWN, 100, undefined);
    const told: string[] = [];
    for (const minute of [101, 144, 145, 146]) {
      const sweep = swept(state, minute, undefined);
      state = sweep.state;
      told.push(...sweep.told.map((line) => `${minute}: ${line}`));
    }
    assert.deepEqual(told, ['145: unknown target warning unknown/1#1']);
  });

  test('whose cluster did not answer before is told without delay, and not twice', () => {
    const failing = written(judged, decided(judged, 1, { target: UNKNOWN }));
    const sweep = swept(failing, 50, 1);
    assert.deepEqual(sweep.told, ['unknown target warning unknown/1#1']);
    const check = decided(sweep.state, 51, { target: UNKNOWN });
    assert.deepEqual(alertsOf(check), []);
  });
});
