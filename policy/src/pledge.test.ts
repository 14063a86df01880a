import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conditionsHold, depositBack, depositRoundedUp, pledgeState, type Pledge } from './pledge.ts';
import { standby } from './presets/standby.ts';

const rules = standby.policy.pledges!;
const DAY = 86_400;
/** 8 × 4090 at no more than $0.40 once 20 are proven. */
const pledge: Pledge = {
  placedAt: 0,
  units: 8,
  priceMicrosPerHour: 400_000n,
  provenUnits: 20,
  calledAt: null,
  orderedAt: null,
  withdrawnAt: null,
};

test('the deposit is a day of the pledged price', () => {
  expect(depositRoundedUp(rules, pledge)).toBe(8n * 24n * 400_000n);
});

test('twenty proven units at the price call it; dearer or younger ones do not count', () => {
  const supply = [
    { units: 12, askMicrosPerHour: 400_000n, provenForS: DAY },
    { units: 8, askMicrosPerHour: 390_000n, provenForS: 5 * DAY },
  ];
  expect(conditionsHold(rules, pledge, supply)).toBe(true);
  expect(conditionsHold(rules, pledge, [supply[0]!, { ...supply[1]!, askMicrosPerHour: 400_001n }])).toBe(false);
  expect(conditionsHold(rules, pledge, [supply[0]!, { ...supply[1]!, provenForS: DAY - 1 }])).toBe(false);
});

test.each<[string, Partial<Pledge>, number, ReturnType<typeof pledgeState>]>([
  ['waits', {}, 10, 'waiting'],
  ['ends by itself', {}, 30 * DAY, 'expired'],
  ['is taken back', { withdrawnAt: 5 }, 10, 'withdrawn'],
  ['is called', { calledAt: 10 }, 10 + DAY, 'called'],
  ['is kept by an order in time', { calledAt: 10, orderedAt: 10 + DAY }, 40 * DAY, 'kept'],
  ['lapses', { calledAt: 10 }, 11 + DAY, 'lapsed'],
  ['lapses by an order too late', { calledAt: 10, orderedAt: 11 + DAY }, 11 + DAY, 'lapsed'],
  ['cannot be taken back once called', { calledAt: 10, withdrawnAt: 11 }, 12, 'called'],
  ['is taken back before it is called', { withdrawnAt: 9, calledAt: 10 }, 12, 'withdrawn'],
  ['is not called once it has ended', { calledAt: 30 * DAY }, 30 * DAY, 'expired'],
  ['is called by its last second', { calledAt: 30 * DAY - 1 }, 30 * DAY, 'called'],
  ['stays called where it was taken back in the same second', { calledAt: 10, withdrawnAt: 10 }, 12, 'called'],
  ['is not taken back once it has ended', { withdrawnAt: 30 * DAY }, 30 * DAY, 'expired'],
  ['is taken back in its last second', { withdrawnAt: 30 * DAY - 1 }, 30 * DAY, 'withdrawn'],
])('a pledge %s', (_, change, now, state) => {
  expect(pledgeState(rules, { ...pledge, ...change }, now)).toBe(state);
});

test('the whole deposit comes back but for a lapse, and nothing of it is lost between', () => {
  const states = fc.constantFrom('kept' as const, 'withdrawn' as const, 'expired' as const, 'lapsed' as const);
  fc.assert(
    fc.property(states, fc.bigInt(0n, 10n ** 15n), (state, deposit) => {
      const back = depositBack(rules, state, deposit)!;
      expect(back.renter + back.machines).toBe(deposit);
      expect(back.machines).toBe(state === 'lapsed' ? deposit / 10n : 0n);
    }),
  );
  expect(depositBack(rules, 'called', 1n)).toBeUndefined();
  expect(depositBack(rules, 'waiting', 1n)).toBeUndefined();
});
