const RealDate = Date;

/** This process' clock, moved: processes of its own (an API server, helm) keep the real one. */
export interface MovedClock {
  forward(minutes: number): void;
  /** As long as that works the clock is not moved: other processes take no certificate of tomorrow. */
  withoutIt<T>(work: () => Promise<T>): Promise<T>;
  restore(): void;
}

/** Puts a `Date` in place that goes on like the real one, from wherever it was moved to. */
export function movedClock(): MovedClock {
  let offsetMs = 0;
  class MovedDate extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(RealDate.now() + offsetMs);
      else super(...(given as [number]));
    }
    static override now(): number {
      return RealDate.now() + offsetMs;
    }
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate;
    }
  }
  globalThis.Date = MovedDate as unknown as DateConstructor;
  return {
    forward(minutes) {
      offsetMs += minutes * 60_000;
    },
    async withoutIt(work) {
      const movedMs = offsetMs;
      offsetMs = 0;
      try {
        return await work();
      } finally {
        offsetMs = movedMs;
      }
    },
    restore() {
      globalThis.Date = RealDate;
    },
  };
}
