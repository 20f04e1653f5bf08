import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InboxEntry } from '../../local/page/inbox.ts';
import type { TestControlPlane } from '../control-plane.ts';
import { type MovedClock, movedClock } from './clock.ts';
import { deployed, inGit, namespaceObject, type WebRelease } from './releases.ts';
import { type AlertedTarget, alertedTarget, forPeople, inShort } from './target.ts';

/** So seldom that the hours which tests leave out are no silence. */
const CHECK_EVERY_MINUTES = 12 * 60;
const PATIENCE_MS = 90_000;
const POLL_MS = 200;

/** A target with releases in a namespace of its own, and what one does there. */
export interface Scene extends AlertedTarget {
  readonly clock: MovedClock;
  /** kubectl in its namespace. */
  edit(...argv: readonly string[]): Promise<string>;
  /** As the deployer would. */
  deploy(...releases: readonly WebRelease[]): Promise<void>;
  declare(...releases: readonly WebRelease[]): Promise<void>;
  /** One more check. @returns what people got of it */
  checked(): Promise<readonly InboxEntry[]>;
  until(what: string, look: () => Promise<boolean>): Promise<void>;
}

/** Releases that are in Git and run, and that nothing has checked yet. Its name is the namespace. */
export async function scene(
  plane: TestControlPlane,
  name: string,
  ...releases: readonly WebRelease[]
): Promise<Scene> {
  const clock = movedClock();
  const at = await alertedTarget(plane.kubeconfig, { name, checkEveryMinutes: CHECK_EVERY_MINUTES });
  await plane.apply([namespaceObject(name)]);
  const made: Scene = {
    ...at,
    clock,
    edit: (...argv) => plane.kubectl(['-n', name, ...argv]),
    deploy: (...given) => plane.apply(deployed(name, ...given)),
    async declare(...given) {
      await at.commit(Object.assign({}, ...given.map((release) => inGit(at, release))));
    },
    async checked() {
      await at.check();
      return forPeople(await at.told());
    },
    async until(what, look) {
      for (const begin = performance.now(); !(await look()); await sleep(POLL_MS))
        assert.ok(performance.now() - begin < PATIENCE_MS, `in vain: ${what}`);
    },
    async end() {
      clock.restore();
      await at.end();
    },
  };
  await made.declare(...releases);
  await made.deploy(...releases);
  return made;
}

/** The same after a first check that found nothing: from now on people are told at once. */
export async function sceneInSync(
  plane: TestControlPlane,
  name: string,
  ...releases: readonly WebRelease[]
): Promise<Scene> {
  const made = await scene(plane, name, ...releases);
  assert.deepEqual(inShort(await made.checked()), []);
  return made;
}

/** What a pager makes of an alert: its name and ALARM or OK. */
export function pageOf(alert: InboxEntry | undefined): readonly [name: string, state: string] | undefined {
  const body = alert?.forms.pager?.body;
  if (body === undefined) return undefined;
  const { AlarmName, NewStateValue } = JSON.parse(body);
  return [AlarmName, NewStateValue];
}

/** The alert as text, as the email has it. */
export const textOf = (alert: InboxEntry | undefined): string => alert?.forms.email?.body ?? '';
