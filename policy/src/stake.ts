import type { Stake } from './schema/stake.ts';
import { PPM } from './schema/amounts.ts';

export type StakeRequired = { currency: 'token'; tokens: bigint } | { currency: 'dollars'; micros: bigint };

/** What a machine must have at risk, rounded up. `askMicrosPerHour` is for one device; classes outside a table weigh nothing. */
export function stakeRequiredRoundedUp(
  required: Stake['required'],
  machine: { class: string; devices: number; askMicrosPerHour: bigint },
): StakeRequired {
  const devices = BigInt(machine.devices);
  switch (required.kind) {
    case 'per_device': {
      const { amount, weights, least_weight_ppm } = required;
      const weight = BigInt(Math.max(least_weight_ppm, weights[machine.class] ?? 0));
      return amount.currency === 'token'
        ? { currency: 'token', tokens: timesRoundedUp(amount.tokens, weight * devices) }
        : { currency: 'dollars', micros: timesRoundedUp(amount.micros, weight * devices) };
    }
    case 'coefficient':
      return {
        currency: 'token',
        tokens: timesRoundedUp(required.coefficient, BigInt(required.values[machine.class] ?? 0) * devices),
      };
    case 'earned':
      return {
        currency: 'dollars',
        micros: (machine.askMicrosPerHour * devices * BigInt(required.at_risk_s) + 3599n) / 3600n,
      };
  }
}

/** What machines put down: the network's token, or dollars. */
export function stakeCurrency(required: Stake['required']): StakeRequired['currency'] {
  if (required.kind === 'per_device') return required.amount.currency;
  return required.kind === 'coefficient' ? 'token' : 'dollars';
}

/** What is kept of an income until the stake is full: never more than is missing. */
export function keptRoundedDown(
  required: Extract<Stake['required'], { kind: 'earned' }>,
  { income, staked, full }: { income: bigint; staked: bigint; full: bigint },
): bigint {
  const missing = full > staked ? full - staked : 0n;
  const kept = (income * BigInt(required.keep_ppm)) / PPM;
  return kept < missing ? kept : missing;
}

const timesRoundedUp = (amount: bigint, ppm: bigint): bigint => (amount * ppm + PPM - 1n) / PPM;
