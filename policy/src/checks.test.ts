import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answersNeeded, catchesPerDayPpm, verdictOf } from './checks.ts';
import { ionet } from './presets/ionet.ts';
import { standby } from './presets/standby.ts';

const proof = standby.policy.checks!.kinds['proof']!;

test.each([
  [5, 600_000, 4],
  [5, 500_000, 3],
  [4, 500_000, 3],
  [1, 500_000, 1],
  [3, 666_666, 2],
])('of %d, more than %d millionths are %d', (committee, majority_ppm, needed) => {
  expect(answersNeeded({ committee, majority_ppm })).toBe(needed);
});

test('four equal answers of five decide, and the fifth was wrong; three do not, and nobody was', () => {
  expect(verdictOf(proof, ['a', 'a', 'b', 'a', 'a'])).toEqual({ answer: 'a', right: [0, 1, 3, 4], wrong: [2] });
  expect(verdictOf(proof, ['a', 'a', 'b', 'a', 'b'])).toBeUndefined();
});

test('silence is no answer: it does not decide, and it is not wrong', () => {
  expect(verdictOf(proof, ['a', 'a', null, 'a', 'a'])).toEqual({ answer: 'a', right: [0, 1, 3, 4], wrong: [] });
  expect(verdictOf(proof, ['a', 'a', 'a'])).toBeUndefined();
  expect(verdictOf(proof, [null, null, null, null, null])).toBeUndefined();
  expect(() => verdictOf(proof, ['a', 'a', 'a', 'a', 'a', 'a'])).toThrow(RangeError);
});

test('there is never more than one verdict, in whatever order answers come', () => {
  const answers = fc.array(fc.constantFrom('a', 'b', null), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(answers, (given) => {
      const forwards = verdictOf(proof, given)?.answer;
      expect(verdictOf(proof, given.toReversed())?.answer).toBe(forwards);
      expect(
        given.filter((answer) => answer === forwards && answer !== null).length >= (forwards === undefined ? 0 : 4),
      ).toBe(true);
    }),
  );
});

test('a lie is caught 3.6 times a day by a proof every six hours that sees nine of ten, and never by being alive', () => {
  expect(catchesPerDayPpm(standby.policy.checks!.kinds, ['liveness', 'proof'])).toBe(3_600_000n);
  expect(catchesPerDayPpm(standby.policy.checks!.kinds, ['liveness', 'rented'])).toBe(0n);
  const { proof: every6h } = standby.policy.checks!.kinds;
  expect(catchesPerDayPpm({ proof: { ...every6h!, when: 'enrolment' } }, ['proof', 'of nobody'])).toBe(0n);
  expect(catchesPerDayPpm({ proof: { ...every6h!, shadow: true } }, ['proof'])).toBe(0n);
  expect(catchesPerDayPpm(ionet.policy.checks!.kinds, Object.keys(ionet.policy.checks!.kinds))).toBe(12_000_000n);
});
