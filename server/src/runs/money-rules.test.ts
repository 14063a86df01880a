import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeRoundedDown, holdRoundedUp } from '@gpucoop/policy/charge.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { paidGraceS, planMoney, type MoneyFacts } from './money-rules.ts';

const facts = (change: Partial<MoneyFacts> = {}): MoneyFacts => ({
  price: 3_600_000n,
  settled: 0n,
  held: 3_600_000n,
  billed_s: 0n,
  budget: 100_000_000n,
  now: 0,
  expires_at: 86_400_000,
  grace_s: 10,
  refused: false,
  ...change,
});

describe('the money of a running lease', () => {
  test('nothing is due while the hold reaches beyond the notice', () => {
    expect(planMoney(facts(), localPolicy)).toMatchObject({ stop: null, renew: null, warn: null });
  });
  test('the next hour is held before the notice would begin', () => {
    expect(planMoney(facts({ billed_s: 3271n }), localPolicy).renew).toBe(3_600_000n);
  });
  test('the next hour is held from the notice and half a minute before the end of the hold on, not a second sooner', () => {
    expect(planMoney(facts({ billed_s: 3269n }), localPolicy).renew).toBe(null);
    expect(planMoney(facts({ billed_s: 3270n }), localPolicy).renew).toBe(3_600_000n);
  });
  test('a hold that reaches to the expiry and through the grace, or to the budget, is the last', () => {
    expect(planMoney(facts({ billed_s: 3300n, expires_at: 290_000 }), localPolicy).renew).toBe(null);
    expect(planMoney(facts({ billed_s: 3300n, expires_at: 291_000 }), localPolicy).renew).toBe(301_000n);
    expect(planMoney(facts({ billed_s: 3300n, budget: 3_600_000n }), localPolicy).renew).toBe(null);
  });
  test('where a hold covers a minute only, it is renewed twice in it and no oftener', () => {
    const brief = { ...localPolicy, hold: { ...localPolicy.hold, horizon_s: 60 } };
    expect(planMoney(facts({ held: 60_000n, billed_s: 29n }), brief).renew).toBe(null);
    expect(planMoney(facts({ held: 60_000n, billed_s: 30n }), brief).renew).toBe(60_000n);
  });
  test('a hold is rounded up, but never beyond the budget', () => {
    // 10 micros buy 39 seconds at 1000 micros an hour, and those rounded up are 11.
    expect(planMoney(facts({ price: 1000n, held: 1n, budget: 10n }), localPolicy).renew).toBe(10n);
    // 4 seconds have cost 1 of them, rounded down; the 35 that are left would be 10, rounded up.
    expect(planMoney(facts({ price: 1000n, held: 1n, budget: 10n, billed_s: 4n }), localPolicy).renew).toBe(9n);
  });
  test('no more is held than the budget or the expiry leaves', () => {
    expect(planMoney(facts({ billed_s: 3300n, budget: 4_000_000n }), localPolicy).renew).toBe(700_000n);
    expect(planMoney(facts({ billed_s: 3300n, expires_at: 400_000 }), localPolicy).renew).toBe(410_000n);
    expect(planMoney(facts({ billed_s: 3300n, expires_at: 200_000 }), localPolicy).renew).toBe(null);
  });
  test('the run stops a grace before the budget ends, so that the stop is paid too', () => {
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3589n }), localPolicy).stop).toBe(null);
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3590n }), localPolicy).stop).toBe('budget_reached');
  });
  test('a stop takes no longer than is paid for, whatever grace the renter chose', () => {
    const of = (change: Partial<MoneyFacts>): number => paidGraceS(600, facts(change));
    expect(of({ billed_s: 1800n })).toBe(600);
    expect(of({ billed_s: 3500n })).toBe(100);
    expect(of({ held: 1_000n, billed_s: 1n })).toBe(0);
    expect(of({ held: 1_000n, billed_s: 9n })).toBe(0);
    expect(of({ price: 0n, held: 0n })).toBe(600);
  });
  test('without credit for the next hold it stops when the present one is used up, not before', () => {
    expect(planMoney(facts({ billed_s: 3500n, refused: true }), localPolicy).stop).toBe(null);
    expect(planMoney(facts({ billed_s: 3590n, refused: true }), localPolicy).stop).toBe('credit_exhausted');
  });
  test('while credit is not refused, a hold that is used up stops nothing', () => {
    expect(planMoney(facts({ billed_s: 3595n }), localPolicy).stop).toBe(null);
  });
  test('of a very short coverage the last tenth is for the stop, not all of it', () => {
    const minute = { held: 60_000n, budget: 60_000n };
    expect(planMoney(facts({ ...minute, billed_s: 53n }), localPolicy).stop).toBe(null);
    expect(planMoney(facts({ ...minute, billed_s: 54n }), localPolicy).stop).toBe('budget_reached');
  });
  test('it stops at the very expiry, whatever money is left', () => {
    expect(planMoney(facts({ expires_at: 1 }), localPolicy).stop).toBe(null);
    expect(planMoney(facts({ expires_at: 0 }), localPolicy).stop).toBe('expired');
  });
  test('the warning names what comes first, and comes no sooner than the notice', () => {
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3299n }), localPolicy).warn).toBe(null);
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3400n, expires_at: 201_000 }), localPolicy).warn).toBe(
      'budget',
    );
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3400n, expires_at: 200_000 }), localPolicy).warn).toBe(
      'expiry',
    );
    expect(planMoney(facts({ expires_at: 300_000 }), localPolicy).warn).toBe('expiry');
    expect(planMoney(facts({ expires_at: 300_001 }), localPolicy).warn).toBe(null);
  });
  test.each([
    ['nothing near', {}, 30],
    ['the expiry', { expires_at: 20_000 }, 20],
    ['a part of a second to the expiry', { expires_at: 19_001 }, 20],
    ['the next hold due', { billed_s: 3260n }, 10],
    ['the next hold due at this second', { billed_s: 3270n }, 30],
    ['the end of the hold', { billed_s: 3588n }, 12],
    ['the notice of the budget', { billed_s: 3290n, budget: 3_600_000n }, 10],
    ['the end of the budget', { billed_s: 3600n, settled: 3_600_000n, budget: 3_612_000n }, 12],
    ['nothing to pay', { price: 0n, held: 0n }, 30],
  ])('it looks again in time for %s', (_, change, seconds) => {
    expect(planMoney(facts(change), localPolicy).next_s).toBe(seconds);
  });
  test('it warns before budget and expiry', () => {
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3300n }), localPolicy).warn).toBe('budget');
    expect(planMoney(facts({ expires_at: 299_000 }), localPolicy).warn).toBe('expiry');
  });
  test('a free machine has neither hold nor end of budget', () => {
    expect(planMoney(facts({ price: 0n, held: 0n, budget: 1n }), localPolicy)).toMatchObject({
      stop: null,
      renew: null,
    });
  });

  test('whatever the price and the budget, a lease that obeys is never charged beyond its holds or its budget', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 20_000_000n }),
        fc.bigInt({ min: 1n, max: 60_000_000n }),
        fc.integer({ min: 60, max: 20_000 }),
        fc.integer({ min: 0, max: 30 }),
        (price, budget, durationS, graceS) => {
          const first = holdRoundedUp(price, BigInt(Math.min(3600, durationS)));
          let held = first < budget ? first : budget;
          let settled = 0n;
          for (let s = 0n; s < 25_000n; s++) {
            const plan = planMoney(
              {
                price,
                settled,
                held,
                billed_s: s,
                budget,
                now: Number(s) * 1000,
                expires_at: durationS * 1000,
                grace_s: graceS,
                refused: false,
              },
              localPolicy,
            );
            expect(chargeRoundedDown(price, s) <= settled + held).toBe(true);
            if (plan.renew !== null) {
              settled = chargeRoundedDown(price, s);
              held = plan.renew;
              expect(settled + held <= budget).toBe(true);
            }
            if (plan.stop !== null) return;
          }
          throw new Error('it never stopped');
        },
      ),
      { numRuns: 60 },
    );
  });
});
