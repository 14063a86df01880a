import {
  BaseError,
  ContractFunctionRevertedError,
  createTestClient,
  createWalletClient,
  http,
  keccak256,
  parseEther,
  publicActions,
  stringToHex,
  walletActions,
  type Abi,
  type Address,
  type Hex,
} from 'viem';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { artifact } from '../artifacts.ts';
import type { Deployer } from '../deployment/deploy.ts';
import { startAnvil } from './anvil.ts';

/** Enough for every call; an estimate would be of the second before. */
const GAS = 10_000_000n;

/** Where a year is played: a chain whose clock goes where it is told, and accounts that have names. */
export type Stage = {
  chainId: bigint;
  /** Unix seconds of the last block. */
  now(): Promise<bigint>;
  travelTo(at: bigint): Promise<void>;
  person(name: string): PrivateKeyAccount;
  /** Has all the ether that a deployment may cost. */
  deployer: Deployer;
  at(contract: string, address: Address): Promise<Contract>;
  /** The call is simulated first, so a refusal says why. Returns what the function returned, and the block's time. */
  send(
    who: string,
    contract: Contract,
    functionName: string,
    args?: unknown[],
  ): Promise<{ result: unknown; at: bigint }>;
  read<Answer = bigint>(contract: Contract, functionName: string, args?: unknown[]): Promise<Answer>;
  /** Throws unless the call is refused with this error. */
  refused(error: string, who: string, contract: Contract, functionName: string, args?: unknown[]): Promise<void>;
  close(): Promise<void>;
};
export type Contract = { address: Address; abi: Abi };

export async function openStage(startsAt: bigint): Promise<Stage> {
  const anvil = await startAnvil(startsAt);
  const client = createTestClient({
    mode: 'anvil',
    chain: foundry,
    cacheTime: 0,
    pollingInterval: 5,
    transport: http(anvil.url),
  })
    .extend(publicActions)
    .extend(walletActions);
  // A second a block, so that a play repeats to the second and to the last unit however fast the computer is.
  await client.setBlockTimestampInterval({ interval: 1 });
  const deployer = createWalletClient({
    account: person('deployer'),
    chain: foundry,
    cacheTime: 0,
    pollingInterval: 5,
    transport: http(anvil.url),
  }).extend(publicActions);
  await client.setBalance({ address: deployer.account.address, value: parseEther('1000') });

  const now = async (): Promise<bigint> => (await client.getBlock()).timestamp;
  const simulate = (who: string, contract: Contract, functionName: string, args: unknown[]) =>
    client.simulateContract({ ...contract, functionName, args, account: person(who).address });

  return {
    chainId: BigInt(foundry.id),
    now,
    person,
    async travelTo(at) {
      // Not evm_increaseTime, which counts from the computer's clock.
      await client.setNextBlockTimestamp({ timestamp: at });
      await client.mine({ blocks: 1 });
    },
    deployer,
    async at(contract, address) {
      return { address, abi: (await artifact(contract)).abi };
    },
    async send(who, contract, functionName, args = []) {
      const { result } = await simulate(who, contract, functionName, args);
      const account = person(who).address;
      const call = { ...contract, functionName, args, account, chain: null, gasPrice: 0n, gas: GAS };
      const hash: Hex = await client.writeContract(call);
      const { status, blockNumber } = await client.waitForTransactionReceipt({ hash });
      if (status !== 'success') throw new Error(`${functionName} of ${who} failed`);
      return { result, at: (await client.getBlock({ blockNumber })).timestamp };
    },
    async read<Answer>(contract: Contract, functionName: string, args: unknown[] = []) {
      return (await client.readContract({ ...contract, functionName, args })) as Answer;
    },
    async refused(error, who, contract, functionName, args = []) {
      const name = await simulate(who, contract, functionName, args).then(() => 'nothing', refusalOf);
      if (name !== error) throw new Error(`${functionName} of ${who}: expected ${error}, got ${name}`);
    },
    close: () => anvil.stop(),
  };
}

export const balanceOf = (stage: Stage, token: Contract, holder: Address): Promise<bigint> =>
  stage.read(token, 'balanceOf', [holder]);

/** The same key for a name at every start. */
function person(name: string): PrivateKeyAccount {
  return privateKeyToAccount(keccak256(stringToHex(`a year of ${name}`)));
}

function refusalOf(thrown: unknown): string {
  const reverted =
    thrown instanceof BaseError && thrown.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) throw thrown;
  return reverted.data?.errorName ?? 'an unnamed error';
}
