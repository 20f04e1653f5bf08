/**
 * A clock that can be put forward, for a whole process: what waits by the time of day (sweeps, visibility, retries of
 * a day) need not be waited for. Timers run on as they are.
 */
const Real = globalThis.Date;
let ahead = 0;

export const clock = {
  /** Milliseconds that it is ahead. */
  ahead: (): number => ahead,
  set(milliseconds: number): void {
    ahead = milliseconds;
  },
  put(forward: number): void {
    // Whole, as the time of day is.
    ahead += Math.round(forward);
  },
};

export function installClock(): void {
  globalThis.Date = new Proxy(Real, {
    construct: (target, given: [], made) =>
      given.length === 0
        ? Reflect.construct(target, [Real.now() + ahead], made)
        : Reflect.construct(target, given, made),
    get: (target, name, receiver) =>
      name === 'now' ? () => Real.now() + ahead : Reflect.get(target, name, receiver),
  });
}
