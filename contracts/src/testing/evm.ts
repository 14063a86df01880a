import { createHardhatRuntimeEnvironment } from 'hardhat/hre';
import {
  createTestClient,
  custom,
  publicActions,
  walletActions,
  type Address,
  type Hex,
  type TestClient,
  type PublicActions,
  type WalletActions,
  type Transport,
  type Account,
} from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { hardhat } from 'viem/chains';
import { artifact, contractsRoot } from '../artifacts.ts';
import config from '../../hardhat.config.ts';

const MNEMONIC = 'test test test test test test test test test test test junk';

export type Evm = {
  client: TestClient<'hardhat', Transport, typeof hardhat, Account> &
    PublicActions<Transport, typeof hardhat, Account> &
    WalletActions<typeof hardhat, Account>;
  /** Funded accounts that can sign, the same at every start. */
  accounts: ReturnType<typeof mnemonicToAccount>[];
  /** Deploys a contract of ours from the first account. */
  deploy(contract: string, args?: unknown[], file?: string): Promise<Address>;
  close(): Promise<void>;
};

/** A fresh chain in this process, for tests that call contracts from TypeScript. */
export async function startEvm(): Promise<Evm> {
  const hre = await createHardhatRuntimeEnvironment(config, {}, contractsRoot);
  const connection = await hre.network.create();
  const accounts = Array.from({ length: 10 }, (_, addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex }));
  const client = createTestClient({
    mode: 'hardhat',
    chain: hardhat,
    account: accounts[0]!,
    transport: custom(connection.provider),
  })
    .extend(publicActions)
    .extend(walletActions);
  return {
    client,
    accounts,
    async deploy(contract, args = [], file) {
      const { abi, bytecode } = await artifact(contract, file);
      const hash: Hex = await client.deployContract({ abi, bytecode, args });
      const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 1 });
      if (receipt.contractAddress == null) throw new Error(`${contract} was not deployed`);
      return receipt.contractAddress;
    },
    close: () => connection.close(),
  };
}
