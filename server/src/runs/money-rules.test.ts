import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeRoundedDown, holdRoundedUp } from '@gpucoop/policy/charge.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { planMoney, type MoneyFacts } from './money-rules.ts';

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
  test('no more is held than the budget or the expiry leaves', () => {
    expect(planMoney(facts({ billed_s: 3300n, budget: 4_000_000n }), localPolicy).renew).toBe(700_000n);
    expect(planMoney(facts({ billed_s: 3300n, expires_at: 400_000 }), localPolicy).renew).toBe(410_000n);
    expect(planMoney(facts({ billed_s: 3300n, expires_at: 200_000 }), localPolicy).renew).toBe(null);
  });
  test('the run stops a grace before the budget ends, so that the stop is paid too', () => {
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3589n }), localPolicy).stop).toBe(null);
    expect(planMoney(facts({ budget: 3_600_000n, billed_s: 3590n }), localPolicy).stop).toBe('budget_reached');
  });
  test('without credit for the next hold it stops when the present one is used up, not before', () => {
    expect(planMoney(facts({ billed_s: 3500n, refused: true }), localPolicy).stop).toBe(null);
    expect(planMoney(facts({ billed_s: 3590n, refused: true }), localPolicy).stop).toBe('credit_exhausted');
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
