/**
 * Numbers log lines so that the same line has the same number whoever reads, as often as they read, after any restart.
 *
 * The engine keeps a time for each piece of output but no number, and its times may repeat (pieces of one long line share one) and
 * step back (stdout and stderr are stamped by two writers; the clock may be set). The number of a line is therefore its time since
 * the container's creation in steps of 64 ns, or one more than the number before it, whichever is higher: strictly rising, exact in
 * a double for 18 years, and a function of the log's text alone. Reading starts at the oldest piece that is kept; where rotation cut
 * the log inside a group of equal times, only that group's numbers differ from those of an earlier reading, because the next later
 * time sets the count right again.
 */
export class LogSequence {
  readonly #originNs: bigint;
  #last = 0;

  constructor(originNs: bigint) {
    this.#originNs = originNs;
  }

  next(timeNs: bigint): number {
    const steps = Number((timeNs - this.#originNs) / STEP_NS);
    this.#last = Math.max(this.#last + 1, steps);
    return this.#last;
  }
}

const STEP_NS = 64n;

/** RFC 3339 with up to nine decimals to nanoseconds since 1970. */
export function parseNanoseconds(text: string): bigint {
  const match = /^([^.Z+]+?)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (match === null || Number.isNaN(seconds)) throw new RangeError(`not a time: ${text}`);
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}
