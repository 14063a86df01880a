import { chargeRoundedDown } from '@gpucoop/policy/charge.ts';
import { feesOf, type FeeLines } from '@gpucoop/policy/fees.ts';
import { statementDomain, statementTypes, type Statement } from '@gpucoop/protocol/statement.ts';
import { zeroAddress, type Hex } from 'viem';
import type { Network } from './network.ts';
import type { Contract, Stage } from './stage.ts';
import type { Unit } from './teller.ts';

/** One renter, one provider, one price, paid through Escrow in the network's token or in dollars. */
export type Lease = {
  renter: string;
  provider: string;
  currency: 'token' | 'dollars';
  /** Of the whole lease. */
  microsPerHour: bigint;
  /** Dollars of a token; not used where dollars are paid. */
  microsPerToken: bigint;
};

const MOST = 2n ** 256n - 1n;
const UNLIMITED = { perSecond: 2n ** 96n - 1n, burst: 2n ** 96n - 1n };

/** What so many seconds cost and bring, in the currency that is paid. */
export function charged({ policy }: Network, lease: Lease, seconds: bigint): FeeLines {
  const asked = chargeRoundedDown(lease.microsPerHour, seconds);
  return feesOf(policy.fees, lease.currency, inCurrency(policy, lease, asked));
}

/** Puts money into the lane that the network's meter may draw on, once there is a limit. */
export async function deposit(stage: Stage, network: Network, lease: Lease, amount: bigint): Promise<void> {
  const { escrow } = network.contracts;
  await stage.send(lease.renter, tokenOf(network, lease), 'approve', [escrow.address, MOST]);
  await stage.send(lease.renter, escrow, 'deposit', [laneOf(stage, network, lease), amount]);
}

/** Puts money in and lets the meter draw on it, as fast as it likes: the meter here is the network's own. */
export async function openLane(stage: Stage, network: Network, lease: Lease, amount: bigint): Promise<void> {
  await deposit(stage, network, lease, amount);
  await stage.send(lease.renter, network.contracts.escrow, 'setLimit', [laneOf(stage, network, lease), UNLIMITED]);
}

/** The meter signs what was served so far, anybody redeems it, and the provider collects. Returns what he got of it. */
export async function redeem(stage: Stage, network: Network, lease: Lease, seconds: bigint): Promise<bigint> {
  const { escrow } = network.contracts;
  const { renterPays: gross, providerGets: net } = charged(network, lease, seconds);
  const statement: Statement = {
    meter: stage.person('meter').address,
    token: tokenOf(network, lease).address,
    provider: stage.person(lease.provider).address,
    named: false,
    lines: [{ renter: stage.person(lease.renter).address, gross, net }],
  };
  const signature: Hex = await stage.person('meter').signTypedData({
    domain: statementDomain(stage.chainId, escrow.address),
    types: statementTypes,
    primaryType: 'Statement',
    message: statement,
  });
  const { result } = await stage.send('anybody', escrow, 'redeem', [[statement], [signature]]);
  return (result as bigint[])[0]!;
}

export async function collect(stage: Stage, network: Network, lease: Lease, payee: string): Promise<bigint> {
  const args = [tokenOf(network, lease).address, stage.person(payee).address];
  return (await stage.send(payee, network.contracts.escrow, 'collect', args)).result as bigint;
}

/** What the lane still holds. */
export async function laneBalance(stage: Stage, network: Network, lease: Lease): Promise<bigint> {
  const state = await stage.read<{ balance: bigint }>(network.contracts.escrow, 'laneState', [
    laneOf(stage, network, lease),
  ]);
  return state.balance;
}

/** Thaws all that is left, waits, and takes it back. */
export async function closeLane(stage: Stage, network: Network, lease: Lease): Promise<bigint> {
  const { escrow } = network.contracts;
  const lane = laneOf(stage, network, lease);
  const { at } = await stage.send(lease.renter, escrow, 'thaw', [lane, await laneBalance(stage, network, lease)]);
  await stage.refused('StillThawing', lease.renter, escrow, 'withdraw', [lane, stage.person(lease.renter).address]);
  await stage.travelTo(at + BigInt(network.policy.escrow!.thaw_s));
  const { result } = await stage.send(lease.renter, escrow, 'withdraw', [lane, stage.person(lease.renter).address]);
  return result as bigint;
}

export const tokenOf = ({ contracts }: Network, { currency }: Pick<Lease, 'currency'>): Contract => contracts[currency];

export const unitOf = (network: Network, { currency }: Pick<Lease, 'currency'>): Unit => network[currency];

function laneOf(stage: Stage, network: Network, lease: Lease) {
  return {
    renter: stage.person(lease.renter).address,
    meter: stage.person('meter').address,
    token: tokenOf(network, lease).address,
    provider: zeroAddress,
  };
}

/** Micros of a dollar in the smallest unit of what is paid, rounded down. */
function inCurrency({ token }: Network['policy'], { currency, microsPerToken }: Lease, micros: bigint): bigint {
  return currency === 'dollars' ? micros : (micros * 10n ** BigInt(token!.decimals)) / microsPerToken;
}
