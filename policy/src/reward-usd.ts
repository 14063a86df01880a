import { apportion } from './apportion.ts';
import { PPM } from './schema/amounts.ts';

export type Vaults = {
  /** What the emission allows to be released now. */
  rewards: bigint;
  /** Fees that came in, in tokens. */
  fees: bigint;
};

export type Release = {
  /** Tokens for what is owed, at the price; rounded up. */
  owed: bigint;
  fromRewards: bigint;
  fromFees: bigint;
  /** Owed and not there: everybody is paid less, alike. */
  short: bigint;
  burnt: bigint;
  /** What of the fees stays in the vault. */
  kept: bigint;
  /** Fees that came in ÷ owed, in millionths: from 1000000 on, the network pays its providers itself. Undefined when nothing is owed. */
  sustainabilityPpm: bigint | undefined;
};

/** Dollars owed, paid in tokens: first from the reward vault, then from fees. A part of the fees that are left is burnt. */
export function usdTargetedRelease(
  owedMicros: bigint,
  token: { priceMicros: bigint; decimals: number },
  vaults: Vaults,
  surplusBurnPpm: number,
): Release {
  if (token.priceMicros <= 0n) throw new RangeError('a token without a price pays nobody');
  const owed = divideRoundedUp(owedMicros * 10n ** BigInt(token.decimals), token.priceMicros);
  const fromRewards = least(vaults.rewards, owed);
  const fromFees = least(vaults.fees, owed - fromRewards);
  const surplus = vaults.fees - fromFees;
  const burnt = (surplus * BigInt(surplusBurnPpm)) / PPM;
  return {
    owed,
    fromRewards,
    fromFees,
    short: owed - fromRewards - fromFees,
    burnt,
    kept: surplus - burnt,
    sustainabilityPpm: owed === 0n ? undefined : (vaults.fees * PPM) / owed,
  };
}

/** What each gets of a release, by the dollars that he is owed. */
export const paidOf = ({ fromRewards, fromFees }: Release, owedMicros: readonly bigint[]): bigint[] =>
  apportion(fromRewards + fromFees, owedMicros).parts;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const divideRoundedUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
