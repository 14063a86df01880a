import { artifact } from '@gpucoop/contracts/artifacts.ts';
import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import { order, startSale } from '@gpucoop/contracts/testing/sale.ts';
import { erc20Abi, type Account, type Address } from 'viem';
import { gasOf, type Call, type GasBench, type GasRow } from './measure.ts';

const DAY_S = 86_400;
const ETHER = 10n ** 18n;
/** Prices of the first tiers of Aethir's sale; each tier has a cap, so that counting it is part of the measure. */
const tiers = [
  { count: 165, price: 125_900_000_000_000_000n, cap_per_address: 150 },
  { count: 1_000, price: 144_800_000_000_000_000n, cap_per_address: 150 },
];
const terms = { discount_ppm: 50_000, commission_ppm: 150_000 };

/** One licence, ten across the border of a tier, with and without a referrer, given back, and a hundred delegated. */
export const licenceGas: GasBench = async (evm) => {
  const [, alice, bob, carol, referrer] = evm.accounts as Account[];
  const world = await startSale(evm, { tiers, terms });
  const sale = { address: world.sale.address, abi: (await artifact('LicenseSale')).abi };
  const license = { address: world.license, abi: (await artifact('License')).abi };
  await fund(evm, world.token, sale.address, [alice!, bob!, carol!]);
  const buy = (account: Account, count: number, by?: Account): Call => ({
    ...sale,
    account,
    functionName: 'buy',
    args: [order(account.address, count, by?.address)],
  });
  await gasOf(evm, { ...sale, account: referrer!, functionName: 'register' });
  // The sale itself has sold something before: its own slots are in use, as for all buyers but one.
  await gasOf(evm, buy(carol!, 1));

  const one: GasRow = { what: 'licence of 1', of: 1, aim_each: '130,000' };
  one.first = await gasOf(evm, buy(alice!, 1));
  one.steady = await gasOf(evm, buy(alice!, 1));
  const referred: GasRow = { what: 'licence of 1, with a referrer', of: 1 };
  await gasOf(evm, buy(carol!, 1, referrer));
  referred.first = await gasOf(evm, buy(bob!, 1, referrer));
  referred.steady = await gasOf(evm, buy(bob!, 1, referrer));

  const delegated = await delegations(evm, license, alice!, () => gasOf(evm, buy(alice!, 100)));
  await gasOf(evm, buy(carol!, 54));
  const ten: GasRow = { what: 'licence of 10 across a border', of: 10, aim_each: '40,000' };
  ten.steady = await gasOf(evm, buy(bob!, 10)); // he has bought before
  const refund: GasRow = { what: 'licence given back', of: 1 };
  refund.first = await gasOf(evm, { ...sale, account: bob!, functionName: 'refund', args: [[160n], bob!.address] });
  refund.steady = await gasOf(evm, { ...sale, account: bob!, functionName: 'refund', args: [[161n], bob!.address] });
  return [one, referred, ten, refund, ...delegated];
};

async function delegations(
  evm: Evm,
  license: Pick<Call, 'address' | 'abi'>,
  owner: Account,
  buyHundred: () => Promise<unknown>,
): Promise<GasRow[]> {
  const { minted } = { minted: await evm.client.readContract({ ...license, functionName: 'minted' }) };
  await buyHundred();
  const ids = Array.from({ length: 100 }, (_, n) => (minted as bigint) + BigInt(n));
  const address = await evm.deploy('Delegation', [license.address, 300_000, 50_000, 7 * DAY_S, 365 * DAY_S]);
  const delegation = { address, abi: (await artifact('Delegation')).abi };
  const operator = evm.accounts[5]!;
  await gasOf(evm, { ...delegation, account: operator, functionName: 'setCommission', args: [100_000] });
  await gasOf(evm, { ...delegation, account: operator, functionName: 'setOpen', args: [true] });
  const { timestamp } = await evm.client.getBlock();
  const delegate = (days: number): Call => ({
    ...delegation,
    account: owner,
    functionName: 'delegate',
    args: [ids, operator.address, 100_000, timestamp + BigInt(days * DAY_S)],
  });
  return [
    { what: 'delegate 100', of: 100, first: await gasOf(evm, delegate(100)), steady: await gasOf(evm, delegate(200)) },
  ];
}

async function fund(evm: Evm, token: Address, spender: Address, accounts: Account[]): Promise<void> {
  const { abi } = await artifact('FreeToken', 'test/hostile/FreeToken.sol');
  for (const account of accounts) {
    await gasOf(evm, { address: token, abi, functionName: 'mint', args: [account.address, 1_000n * ETHER] });
    await gasOf(evm, {
      address: token,
      abi: erc20Abi,
      account,
      functionName: 'approve',
      args: [spender, 2n ** 256n - 1n],
    });
  }
}
