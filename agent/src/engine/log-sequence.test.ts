import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogSequence, parseNanoseconds } from './log-sequence.ts';

describe('the numbers of log lines', () => {
  const numbers = (times: bigint[]) => {
    const sequence = new LogSequence(0n);
    return times.map((time) => sequence.next(time));
  };

  test('rise strictly, whatever the times do', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -1_000_000n, max: 10n ** 16n })), (times) => {
        const seen = numbers(times);
        for (let index = 1; index < seen.length; index++)
          expect(seen[index]).toBeGreaterThan(seen[index - 1] as number);
      }),
    );
  });

  test('are the same for the rest of a log whose beginning was rotated away, from the next later time on', () => {
    const burst = fc.record({ at: fc.integer({ min: 1, max: 1000 }), pieces: fc.integer({ min: 1, max: 64 }) });
    fc.assert(
      fc.property(fc.array(burst, { minLength: 2, maxLength: 20 }), fc.nat(), (bursts, cut) => {
        let now = 0n;
        // A burst of equal times lasts less than the pause to the next: a kibibyte line takes longer to write than 64 ns.
        const times = bursts.flatMap(({ at, pieces }) => {
          now += BigInt(at) * 64n + 64n * 64n;
          return Array.from({ length: pieces }, () => now);
        });
        const from = cut % times.length;
        const whole = numbers(times).slice(from);
        const rest = numbers(times.slice(from));
        const settled = times.slice(from).findIndex((time) => time > (times[from] as bigint));
        if (settled >= 0) expect(rest.slice(settled)).toEqual(whole.slice(settled));
      }),
    );
  });

  test('fit into a double for the longest lease there may be', () => {
    const year = 365n * 86_400n * 1_000_000_000n;
    expect(Number.isSafeInteger(numbers([year])[0])).toBe(true);
  });

  test('times are read to the nanosecond, with and without a zone', () => {
    expect(parseNanoseconds('2026-11-05T10:00:00.123456789Z') - parseNanoseconds('2026-11-05T10:00:00Z')).toBe(
      123_456_789n,
    );
    expect(parseNanoseconds('2026-11-05T11:00:00.5+01:00')).toBe(parseNanoseconds('2026-11-05T10:00:00.500000000Z'));
    expect(() => parseNanoseconds('yesterday')).toThrow(RangeError);
  });
});
