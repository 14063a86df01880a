import type { Mutant } from './mutate.ts';

type Equivalent = { contract: string; before: string; after: readonly string[]; why: string };

/** Changes that make no difference to anybody, and why. */
const equivalents: readonly Equivalent[] = [
  {
    contract: 'Emission',
    before: 'return total > settled ? total - settled : 0;',
    after: ['return true ? total - settled : 0;', 'return total >= settled ? total - settled : 0;'],
    why: 'no curve was ever found to dip by rounding; the condition is there in case one does',
  },
  {
    contract: 'Escrow',
    before: 'uint256 public constant METER_GAS = 200_000;',
    after: ['uint256 public constant METER_GAS = 200_000 + 1;'],
    why: 'a round number, and one unit of gas',
  },
  {
    contract: 'Escrow',
    before: 'stored.later = Later(limit.perSecond, limit.burst, isRaised ? 0 : from);',
    after: ['stored.later = Later(limit.perSecond, limit.burst, false ? 0 : from);'],
    why: 'what is raised is in force; that it comes in force again, now, changes nothing but the gas',
  },
  {
    contract: 'Escrow',
    before: 'uint256 running = block.timestamp < last.until ? last.from : block.timestamp - (last.until - last.from);',
    after: [
      'uint256 running = block.timestamp <= last.until ? last.from : block.timestamp - (last.until - last.from);',
    ],
    why: 'at that instant both are last.from',
  },
  {
    contract: 'Escrow',
    before: 'if (stored.ends.thawing > stored.purse.balance) stored.ends.thawing = stored.purse.balance;',
    after: ['if (stored.ends.thawing >= stored.purse.balance) stored.ends.thawing = stored.purse.balance;'],
    why: 'what is equal stays what it is',
  },
  {
    contract: 'Escrow',
    before: 'if (gross == 0) return 0;',
    after: ['if (false) return 0;'],
    why: 'adding nothing changes nothing but the gas',
  },
  {
    contract: 'Escrow',
    before: 'if (gross > net) accounts[token][sink].owed += uint128(gross - net);',
    after: [
      'if (true) accounts[token][sink].owed += uint128(gross - net);',
      'if (gross >= net) accounts[token][sink].owed += uint128(gross - net);',
    ],
    why: 'adding nothing changes nothing but the gas',
  },
  {
    contract: 'Escrow',
    before: 'if (hasChanged(stored.rate.changesAt, now_) && hasExpired(stored.ends.expiresAt, now_)) {',
    after: ['if (hasExpired(stored.ends.expiresAt, now_)) {'],
    why: 'changesAt is never after the end: it only saves reading the end',
  },
  {
    contract: 'FeeSink',
    before: 'if (burnt > 0) TOKEN.burn(burnt);',
    after: ['if (true) TOKEN.burn(burnt);', 'if (burnt >= 0) TOKEN.burn(burnt);'],
    why: 'burning nothing changes nothing',
  },
];

export function isEquivalent(contract: string, { before, after }: Mutant): boolean {
  return equivalents.some(
    (known) => known.contract === contract && known.before === before && known.after.includes(after),
  );
}
