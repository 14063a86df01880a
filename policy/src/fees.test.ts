import fc from 'fast-check';
import { expect, test } from 'vitest';
import { networkFeeRoundedDown } from './charge.ts';
import { feesOf } from './fees.ts';
import { aethir } from './presets/aethir.ts';
import { ionet } from './presets/ionet.ts';
import { presets } from './presets/presets.ts';
import { standby } from './presets/standby.ts';

test('what the renter pays is what the provider gets and the network has, whoever is referred', () => {
  const policies = fc.constantFrom(...Object.values(presets).map(({ policy }) => policy.fees));
  const currency = fc.constantFrom('dollars' as const, 'token' as const);
  fc.assert(
    fc.property(policies, currency, fc.bigInt(0n, 10n ** 30n), fc.boolean(), (fees, paidIn, asked, isReferred) => {
      const lines = feesOf(fees, paidIn, asked, isReferred);
      expect(lines.renterPays).toBe(lines.providerGets + lines.network);
      const shared = Object.values(lines.split).reduce((total, part) => total + part, 0n);
      expect(shared + lines.referral).toBe(lines.network);
      expect(Object.values(lines).every((line) => typeof line !== 'bigint' || line >= 0n)).toBe(true);
    }),
  );
});

test('io.net: 2.25 % a side in dollars, 0.25 % in its token', () => {
  expect(feesOf(ionet.policy.fees, 'dollars', 1_000_000n)).toMatchObject({
    renterPays: 1_022_500n,
    providerGets: 977_500n,
    network: 45_000n,
  });
  expect(feesOf(ionet.policy.fees, 'token', 1_000_000n)).toMatchObject({
    renterPays: 1_002_500n,
    providerGets: 997_500n,
  });
});

test('Aethir: 20 % of the service fee; Coop: the renter in tokens pays 2 % less, the provider gets the same', () => {
  expect(feesOf(aethir.policy.fees, 'token', 100n)).toMatchObject({
    renterPays: 100n,
    providerGets: 80n,
    split: { treasury: 20n },
  });
  expect(feesOf(standby.policy.fees, 'token', 1000n, true)).toMatchObject({
    renterPays: 980n,
    providerGets: 950n,
    network: 30n,
    referral: 3n,
  });
});

test('renting from oneself costs, or at least never gains: whoever is renter, provider and referrer at once ends with no more', () => {
  for (const { policy } of Object.values(presets)) {
    for (const currency of ['dollars', 'token'] as const) {
      const { renterPays, providerGets, referral } = feesOf(policy.fees, currency, 10n ** 18n, true);
      expect(providerGets + referral <= renterPays, policy.name).toBe(true);
    }
  }
});

test('in dollars it is the fee that the ledger takes of the gross', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), (asked) => {
      const { network, renterPays } = feesOf(ionet.policy.fees, 'dollars', asked);
      const ledger = networkFeeRoundedDown(renterPays, ionet.policy.fees);
      expect(network - ledger <= 1n && ledger - network <= 1n).toBe(true); // asked and gross are rounded each for itself
    }),
  );
});

test('a policy without a token takes none, and a discount beyond the fees is refused', () => {
  const fees = standby.policy.fees;
  expect(() => feesOf({ ...fees, token: null }, 'token', 1n)).toThrow(RangeError);
  expect(() =>
    feesOf({ ...fees, token: { provider_ppm: 0, renter_ppm: 0, discount_ppm: 1 } }, 'token', 10n ** 6n),
  ).toThrow('the discount is more than the fees');
});

test('nobody is owed for a referral that nobody made', () => {
  expect(feesOf(standby.policy.fees, 'token', 1000n).referral).toBe(0n);
});
