import { formatJson } from '../../../lib/objects/json.ts';
import type { Json } from '../../../lib/objects/objects.ts';

const SKIPPED_AT_MOST = 0.05;

/** What came out, counted; a miss is printed as a case that `--script` plays again. */
export class Report {
  found = 0;
  missed = 0;
  falseFindings = 0;
  offered = 0;
  notOffered = 0;
  madeAnew = 0;
  /** Objects that were gone after their repair, by no hand of this program, and were rightly told as missing. */
  wentMeanwhile = 0;
  byKubectl = 0;
  byHttp = 0;
  /** Objects that declare nothing, of which no missing record is asked. */
  nothingRecorded = 0;
  readonly skipped: Record<string, number> = {};
  readonly bySort: Record<string, number> = {};
  readonly byTool: Record<string, number> = {};
  readonly #started = performance.now();
  readonly #places = new Set<string>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = console.log) {
    this.#write = write;
  }

  get count(): number {
    return this.found + this.missed;
  }

  say(line: string): void {
    this.#write(line);
  }

  played(
    sort: string,
    tool: { readonly name: string; readonly by: 'kubectl' | 'http' },
    place: string,
  ): void {
    this.bySort[sort] = (this.bySort[sort] ?? 0) + 1;
    this.byTool[tool.name] = (this.byTool[tool.name] ?? 0) + 1;
    if (tool.by === 'kubectl') this.byKubectl++;
    else this.byHttp++;
    this.#places.add(place);
  }

  skip(reason: string): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
  }

  miss(why: string, replay: { readonly [name: string]: Json }): void {
    this.missed++;
    this.#write(`MISS ${why}`);
    this.#write(formatJson(replay));
  }

  wrong(why: string): void {
    this.falseFindings++;
    this.#write(`FALSE ${why}`);
  }

  /** A check of nothing is none: more than a twentieth skipped is a failure, too. */
  get exitCode(): 0 | 1 {
    return this.missed > 0 || this.falseFindings > 0 || this.#skippedShare() > SKIPPED_AT_MOST ? 1 : 0;
  }

  #skippedShare(): number {
    const skipped = Object.values(this.skipped).reduce((sum, each) => sum + each, 0);
    return Math.round((1000 * skipped) / Math.max(1, skipped + this.count)) / 1000;
  }

  /** The last line: totals. */
  summary(more: Readonly<Record<string, Json>> = {}): string {
    return JSON.stringify({
      count: this.count,
      found: this.found,
      missed: this.missed,
      falseFindings: this.falseFindings,
      skipped: this.skipped,
      skippedShare: this.#skippedShare(),
      proposals: { asked: this.offered, refusedBeforehand: this.notOffered },
      madeAnew: this.madeAnew,
      wentMeanwhile: this.wentMeanwhile,
      places: this.#places.size,
      nothingRecorded: this.nothingRecorded,
      byKubectl: this.byKubectl,
      byHttp: this.byHttp,
      bySort: this.bySort,
      byTool: this.byTool,
      ...more,
      seconds: Math.round((performance.now() - this.#started) / 1000),
    });
  }
}
