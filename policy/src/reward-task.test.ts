import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ceilingRoundedDown } from './emission.ts';
import { aethir } from './presets/aethir.ts';
import { taskRewards, uptimeBonus } from './reward-task.ts';

const bonus = aethir.policy.rewards['checker_bonus']!;
if (bonus.kind !== 'uptime_bonus') throw new Error('uptime_bonus');
const ATH = 10n ** 18n;
const DAY = 86_400n;

test('a day of the checkers’ pool is 2,874,743 ATH, and 31.3 for each of 91,759 licences with the same work', () => {
  const pool = aethir.policy.emission!.pools['checkers']!;
  const day = ceilingRoundedDown(pool, 100n * DAY) - ceilingRoundedDown(pool, 99n * DAY);
  expect(day / ATH).toBe(2_874_743n);
  const { parts } = taskRewards(
    day,
    Array.from({ length: 91_759 }, () => 1440n),
  );
  expect(parts[0]! / (ATH / 10n)).toBe(313n);
  expect(parts.reduce((total, part) => total + part, 0n)).toBe(day);
});

test('a quarter of the bonus is 131.25 M ATH', () => {
  const pool = aethir.policy.emission!.pools['checker_bonus']!;
  expect(ceilingRoundedDown(pool, BigInt(aethir.policy.rewards['checker_bonus']!.until_s! / 16)) / (ATH / 100n)).toBe(
    13_125_000_000n,
  );
});

test('in the first four quarters uptime is not asked for; from the fifth on, exactly 95 % is not more than 95 %', () => {
  const licences = [
    { base: 10n, up_s: 95n, period_s: 100n },
    { base: 10n, up_s: 96n, period_s: 100n },
  ];
  expect(uptimeBonus(bonus, 100n, 4, licences)).toEqual({ parts: [50n, 50n], carried: 0n });
  expect(uptimeBonus(bonus, 100n, 5, licences)).toEqual({ parts: [0n, 100n], carried: 0n });
});

test('a quarter in which nobody was up long enough is carried', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 27n), fc.array(fc.bigInt(0n, 10n ** 24n)), (released, bases) => {
      const licences = bases.map((base) => ({ base, up_s: 1n, period_s: 2n }));
      expect(uptimeBonus(bonus, released, 9, licences).carried).toBe(released);
    }),
  );
});
