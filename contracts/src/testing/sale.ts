import type { LicenceTier, ReferralTerms } from '@gpucoop/policy/licence.ts';
import { getContract, keccak256, stringToHex, type Address, type Hex } from 'viem';
import { artifact } from '../artifacts.ts';
import type { Evm } from './evm.ts';

const DAY_S = 86_400n;
const TEN_DAYS_S = 10n * DAY_S;

export type SaleOptions = {
  tiers: readonly LicenceTier[];
  terms?: ReferralTerms;
  refundFeePpm?: number;
};

export type Sale = Awaited<ReturnType<typeof startSale>>;

/** A sale of one open phase that has just begun, paid in a plain ERC-20, under a real Policy. The first account governs and guards. */
export async function startSale(evm: Evm, { tiers, terms, refundFeePpm = 0 }: SaleOptions) {
  const { client } = evm;
  const token = await evm.deploy('FreeToken', [18], 'test/hostile/FreeToken.sol');
  const policy = await deployPolicy(evm);
  const now = (await client.getBlock()).timestamp;
  const refundEnd = now + TEN_DAYS_S;
  const setup = {
    name: 'Coop licence',
    symbol: 'COOPL',
    token,
    treasury: evm.accounts[9]!.address,
    policy,
    refundEnd,
    lockEnd: refundEnd + DAY_S,
    refundFeePpm,
    discountPpm: terms?.discount_ppm ?? 0,
    commissionPpm: terms?.commission_ppm ?? 0,
    tiers: tiers.map(({ count, price, cap_per_address }) => ({
      count: BigInt(count),
      price,
      capPerAddress: cap_per_address,
    })),
    phases: [{ opensAt: now, closesAt: refundEnd, allowlist: false }],
    partners: [],
  };
  const sale = getContract({
    address: await evm.deploy('LicenseSale', [setup]),
    abi: (await artifact('LicenseSale')).abi,
    client,
  });
  const license = (await sale.read.LICENSE!()) as Address;
  return { sale, token, policy, license, refundEnd };
}

/** What `buy` takes, for the open phase and without limits. */
export function order(to: Address, count: number, referrer: Address = '0x0000000000000000000000000000000000000000') {
  const most = 2n ** 256n - 1n;
  const proof: Hex[] = [];
  return {
    to,
    count: BigInt(count),
    maxCost: most,
    deadline: 2n ** 64n - 1n,
    phase: 0n,
    referrer,
    allocation: 0n,
    proof,
  };
}

function deployPolicy(evm: Evm): Promise<Address> {
  const holder = evm.accounts[0]!.address;
  const roles = ['GOVERNOR', 'GUARDIAN'].map((name) => ({ name: stringToHex(name, { size: 32 }), holder }));
  const timing = { delay: DAY_S, grace: DAY_S, pauseMax: DAY_S, pauseCooldown: DAY_S };
  return evm.deploy('Policy', [keccak256('0x00'), roles, [], timing]);
}
