import { artifact } from '@gpucoop/contracts/artifacts.ts';
import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import { statementDigest, type Statement } from '@gpucoop/protocol/statement.ts';
import { bytesToHex, erc20Abi, stringToHex, toHex, zeroAddress, zeroHash, type Address } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { gasOf, type Call, type GasBench, type GasRow, type Measured } from './measure.ts';

const RENTERS = 50;
const DAY_S = 86_400n;
const ETHER = 10n ** 18n;
const UNLIMITED = { perSecond: 2n ** 96n - 1n, burst: 2n ** 96n - 1n };
const meter = privateKeyToAccount(toHex(1n, { size: 32 }));

/** A lane's deposit, and statements over fifty lanes: one provider for all of them, or one for each. */
export const escrowGas: GasBench = async (evm) => {
  const { lane, escrow, token } = await startEscrow(evm);
  const renters = addresses(0x1000);
  const deposits: Measured[] = [];
  for (const renter of renters) deposits.push(await open(evm, escrow, lane(renter)));

  // Sums grow with every statement, as cumulative ones do.
  let gross = 0n;
  const redeem = async (statements: { provider: Address; renters: Address[] }[]): Promise<Measured> => {
    gross += ETHER;
    const line = (renter: Address) => ({ renter, gross, net: (gross * 9n) / 10n });
    const made = statements.map(({ provider, renters: of }): Statement => {
      return { meter: meter.address, token, provider, named: false, lines: of.map(line) };
    });
    return gasOf(evm, await redemption(evm, escrow, made));
  };
  const each = (base: number) => addresses(base).map((provider, n) => ({ provider, renters: [renters[n]!] }));
  const all = (provider: Address) => [{ provider, renters }];
  const one = (provider: Address) => [{ provider, renters: [renters[0]!] }];
  await redeem(one(addresses(0x100)[0]!)); // the sink's own account is in use, as for all redemptions but one
  const [single, shared] = [addresses(0x2000)[0]!, addresses(0x3000)[0]!];

  const rows: GasRow[] = [
    { what: 'deposit', of: 1, first: deposits[1]!, steady: await gasOf(evm, depositOf(escrow, lane(renters[0]!))) },
    { what: 'redeem 1', of: 1, first: await redeem(one(single)), steady: await redeem(one(single)) },
  ];
  const shareOf = { what: 'redeem 50 renters of one provider', of: RENTERS, aim_each: '75,000 / 30,000' };
  rows.push({ ...shareOf, first: await redeem(all(shared)), steady: await redeem(all(shared)) });
  const apart = { what: 'redeem 50 renters of 50 providers', of: RENTERS, aim_each: '75,000 / 40,000' };
  rows.push({ ...apart, first: await redeem(each(0x4000)), steady: await redeem(each(0x4000)) });
  const collect = { ...escrow, functionName: 'collectFor', args: [token, shared] };
  rows.push({ what: 'collect', of: 1, first: await gasOf(evm, collect) });
  return rows;
};

type Contract = Pick<Call, 'address' | 'abi'>;
type Lane = { renter: Address; meter: Address; token: Address; provider: Address };

async function startEscrow(evm: Evm) {
  const holders = evm.accounts.slice(1).map(({ address }) => address);
  const roles = ['SINK'].map((name, n) => ({ name: stringToHex(name, { size: 32 }), holder: holders[n]! }));
  const timing = { delay: 2n * DAY_S, grace: 7n * DAY_S, pauseMax: 3n * DAY_S, pauseCooldown: 30n * DAY_S };
  const policy = await evm.deploy('Policy', [`${zeroHash.slice(0, -1)}1`, roles, [], timing]);
  const address = await evm.deploy('Escrow', [policy, 250_000n, 14n * DAY_S, 3n * DAY_S, 60n * DAY_S]);
  const free = 'test/hostile/FreeToken.sol';
  const token = await evm.deploy('FreeToken', [18], free);
  const { abi } = await artifact('FreeToken', free);
  const [holder] = holders;
  await gasOf(evm, { address: token, abi, functionName: 'mint', args: [evm.client.account.address, 2n ** 127n] });
  await gasOf(evm, { address: token, abi: erc20Abi, functionName: 'approve', args: [address, 2n ** 256n - 1n] });
  // Others hold some of the token, and the escrow too: only what is new of a lane is counted as new.
  await gasOf(evm, { address: token, abi: erc20Abi, functionName: 'transfer', args: [holder!, ETHER] });
  const lane = (renter: Address): Lane => ({ renter, meter: meter.address, token, provider: zeroAddress });
  return { lane, token, escrow: { address, abi: (await artifact('Escrow')).abi } };
}

/** The renter sets the limit; somebody else may pay. */
async function open(evm: Evm, escrow: Contract, lane: Lane): Promise<Measured> {
  await evm.client.setBalance({ address: lane.renter, value: ETHER });
  await evm.client.impersonateAccount({ address: lane.renter });
  const measured = await gasOf(evm, depositOf(escrow, lane));
  const account = { address: lane.renter, type: 'json-rpc' } as const;
  await gasOf(evm, { ...escrow, account, functionName: 'setLimit', args: [lane, UNLIMITED] });
  return measured;
}

function depositOf(escrow: Contract, lane: Lane): Call {
  return { ...escrow, functionName: 'deposit', args: [lane, 1_000_000n * ETHER] };
}

async function redemption(evm: Evm, escrow: Contract, statements: Statement[]): Promise<Call> {
  const chainId = BigInt(evm.client.chain.id);
  const signatures = await Promise.all(
    statements.map((made) => meter.sign({ hash: bytesToHex(statementDigest(chainId, escrow.address, made)) })),
  );
  return { ...escrow, functionName: 'redeem', args: [statements, signatures] };
}

function addresses(base: number): Address[] {
  return Array.from({ length: RENTERS }, (_, n) =>
    toHex(BigInt(base * 0x1_0000_0000 + n) * 0x1_0000_0001n, { size: 20 }),
  );
}
