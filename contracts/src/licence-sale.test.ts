import {
  licenceCost,
  licencePriceAfterRebates,
  licenceRefund,
  licenceSupply,
  tierOf,
} from '@gpucoop/policy/licence.ts';
import fc from 'fast-check';
import { erc20Abi, maxUint256, type Address } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact } from './artifacts.ts';
import { startEvm, type Evm } from './testing/evm.ts';
import { order, startSale } from './testing/sale.ts';

let evm: Evm;
beforeAll(async () => void (evm = await startEvm()), 300_000);
afterAll(() => evm.close());

const worlds = fc
  .record({
    tiers: fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 40 }),
        price: fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 27n)),
        cap_per_address: fc.constant(0),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    terms: fc.record({
      discount_ppm: fc.integer({ min: 1, max: 250_000 }),
      commission_ppm: fc.integer({ min: 1, max: 250_000 }),
    }),
    refundFeePpm: fc.integer({ min: 0, max: 100_000 }),
  })
  .chain((setup) =>
    fc.record({
      setup: fc.constant(setup),
      purchases: fc.array(fc.record({ count: fc.integer({ min: 1, max: 30 }), referred: fc.boolean() }), {
        minLength: 1,
        maxLength: 4,
      }),
      back: fc.nat(),
    }),
  );

test(
  'random sales: cost, commission, refund and price after rebates are the integers of policy/src/licence.ts',
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ setup, purchases, back }) => {
        const { client, accounts } = evm;
        const [buyer, referrer] = [accounts[0]!.address, accounts[1]!.address];
        const { sale, token } = await startSale(evm, setup);
        const { abi: mint } = await artifact('FreeToken', 'test/hostile/FreeToken.sol');
        await client.writeContract({ address: token, abi: mint, functionName: 'mint', args: [buyer, 2n ** 127n] });
        await client.writeContract({
          address: token,
          abi: erc20Abi,
          functionName: 'approve',
          args: [sale.address, maxUint256],
        });
        await sale.write.register!([], { account: accounts[1]! });
        const balance = (of: Address) =>
          client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [of] });

        const owned: { id: number; cost: bigint }[] = [];
        let owed = 0n;
        for (const { count: wanted, referred } of purchases) {
          const sold = owned.length;
          const count = Math.min(wanted, licenceSupply(setup.tiers) - sold);
          if (count === 0) break;
          const terms = referred ? setup.terms : { discount_ppm: 0, commission_ppm: 0 };
          const expected = licenceCost(setup.tiers, { sold, count, terms });
          const by = referred ? referrer : undefined;
          const zero = '0x0000000000000000000000000000000000000000';
          expect(await sale.read.quote!([BigInt(count), by ?? zero])).toEqual([expected.cost, expected.commission]);
          const before = await balance(buyer);
          await sale.write.buy!([order(buyer, count, by)], {});
          expect(before - (await balance(buyer))).toBe(expected.cost);
          owed += expected.commission;
          expect(await sale.read.commissions!()).toBe(owed);
          for (let id = sold; id < sold + count; id += 1)
            owned.push({ id, cost: licenceCost(setup.tiers, { sold: id, count: 1, terms }).cost });
        }

        const { id, cost } = owned[back % owned.length]!;
        const { price } = setup.tiers[tierOf(setup.tiers, id).tier]!;
        expect(await sale.read.price!([BigInt(id)])).toBe(price);
        expect(await sale.read.priceAfterRebates!([BigInt(id)])).toBe(licencePriceAfterRebates(price, setup.terms));
        const before = await balance(buyer);
        await sale.write.refund!([[BigInt(id)], buyer], {});
        expect((await balance(buyer)) - before).toBe(licenceRefund(cost, setup.refundFeePpm));
      }),
      { numRuns: 10 },
    );
  },
);
