import { artifact } from '@gpucoop/contracts/artifacts.ts';
import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import { concat, erc20Abi, keccak256, stringToHex, type Address, type Hex } from 'viem';
import { gasOf, type Call, type GasBench } from './measure.ts';
import { makeFinal, startRewards, type StartedRewards } from './start-rewards.ts';

const DAY_S = 86_400n;
const ETHER = 10n ** 18n;
const machine = stringToHex('machine', { size: 32 });

/** A deposit, and the life of a slash that nobody appeals, from a root of two leaves. */
export const stakeGas: GasBench = async (evm) => {
  const rewards = await startRewards(evm);
  const stake = await startStake(evm, rewards);
  const deposit = (owner: Address): Call => ({
    ...stake,
    functionName: 'deposit',
    args: [machine, owner, 1_000n * ETHER],
  });
  const [first, second] = [evm.accounts[6]!.address, evm.accounts[7]!.address];
  await gasOf(evm, deposit(first)); // the contract itself is in use
  const deposited = {
    what: 'stake',
    of: 1,
    first: await gasOf(evm, deposit(second)),
    steady: await gasOf(evm, deposit(second)),
  };

  const leaves = [0n, 1n].map((index) => ({
    epoch: 1n,
    index,
    machine,
    owner: second,
    amount: ETHER,
    victim: first,
    lease: machine,
    paid: 3n * ETHER,
    evidence: machine,
  }));
  const ids = await Promise.all(
    leaves.map((leaf) => evm.client.readContract({ ...stake, functionName: 'leafId', args: [leaf] }) as Promise<Hex>),
  );
  await makeFinal(evm, rewards, { slashRoot: keccak256(concat(ids.toSorted())) });
  const announced = [];
  for (const [n, leaf] of leaves.entries()) {
    announced.push(await gasOf(evm, { ...stake, functionName: 'announce', args: [leaf, [ids[1 - n]]] }));
  }
  await evm.client.increaseTime({ seconds: Number(3n * DAY_S) });
  const executed = [];
  for (const leaf of leaves) executed.push(await gasOf(evm, { ...stake, functionName: 'execute', args: [leaf] }));
  return [
    deposited,
    { what: 'slash: announce', of: 1, first: announced[0]!, steady: announced[1]! },
    { what: 'slash: execute', of: 1, first: executed[0]!, steady: executed[1]! },
  ];
};

async function startStake(evm: Evm, { address: rewards, policy, bond }: StartedRewards) {
  const times = { cooldownSeconds: 14n * DAY_S, appealSeconds: 3n * DAY_S, arbiterSeconds: 7n * DAY_S, epochsOpen: 4n };
  const address = await evm.deploy('Stake', [bond, policy, rewards, 500_000n, 200_000n, times]);
  const { abi } = await artifact('FreeToken', 'test/hostile/FreeToken.sol');
  await gasOf(evm, { address: bond, abi, functionName: 'mint', args: [evm.client.account.address, 2n ** 127n] });
  await gasOf(evm, { address: bond, abi: erc20Abi, functionName: 'approve', args: [address, 2n ** 256n - 1n] });
  return { address, abi: (await artifact('Stake')).abi };
}
