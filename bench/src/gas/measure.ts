import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import type { Abi, Account, Address, Hex } from 'viem';
import { encodeFunctionData } from 'viem';

/** One transaction: what a block charges for it, and how much of it is its data, which a rollup charges for apart. */
export type Measured = { gas: number; calldata_bytes: number };

/** `first`: it touches the storage of its accounts for the first time. `steady`: it finds all of it in use. `of`: how many lines, licences… it holds. */
export type GasRow = { what: string; of: number; first?: Measured; steady?: Measured; aim_each?: string };

/** Contracts of one kind, measured on a chain of their own. */
export type GasBench = (evm: Evm) => Promise<GasRow[]>;

export type Call = { address: Address; abi: Abi; functionName: string; args?: unknown[]; account?: Account };

/** Sends a transaction and says what it used; one that reverts throws. */
export async function gasOf({ client }: Evm, call: Call): Promise<Measured> {
  const { address: to, account = client.account } = call;
  const data: Hex = encodeFunctionData(call);
  const hash = await client.sendTransaction({ account, to, data, gas: 16_000_000n });
  const { gasUsed, status } = await client.waitForTransactionReceipt({ hash, pollingInterval: 1 });
  if (status !== 'success') throw new Error(`${call.functionName} reverted`);
  return { gas: Number(gasUsed), calldata_bytes: (data.length - 2) / 2 };
}
