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
    contract: 'Escrow',
    before: 'if (hasChanged(rate.changesAt, now_)) later = stored.later;',
    after: ['if (true) later = stored.later;'],
    why: 'a limit that is not in force yet is passed over by its instant: it only saves reading it',
  },
  {
    contract: 'Escrow',
    before: 'return lowersAt < expiresAt ? lowersAt : expiresAt;',
    after: ['return lowersAt <= expiresAt ? lowersAt : expiresAt;'],
    why: 'where they are equal, either',
  },
  {
    contract: 'Escrow',
    before: 'return changesAt != 0 && now_ >= changesAt;',
    after: ['return now_ >= changesAt;'],
    why: 'where nothing is announced, what is announced is what is in force: it only saves reading it',
  },
  {
    contract: 'Escrow',
    before: 'return meter.code.length != 0 && contractHasSigned(meter, digest, signature);',
    after: ['return contractHasSigned(meter, digest, signature);'],
    why: 'who has no code answers nothing: it only saves the call',
  },
  {
    contract: 'FeeSink',
    before: 'if (burnt > 0) TOKEN.burn(burnt);',
    after: ['if (true) TOKEN.burn(burnt);', 'if (burnt >= 0) TOKEN.burn(burnt);'],
    why: 'burning nothing changes nothing',
  },
  {
    contract: 'LeakyBucket',
    before: 'return level < burst ? burst - level : 0;',
    after: ['return level <= burst ? burst - level : 0;'],
    why: 'where they are equal, both are nothing',
  },
  {
    contract: 'LeakyBucket',
    before: 'return leak < level ? level - leak : 0;',
    after: ['return leak <= level ? level - leak : 0;'],
    why: 'where they are equal, both are nothing',
  },
  {
    contract: 'LicenseSale',
    before: 'require(tier < _TIERS, NoSuchLicence(end - 1, LICENSE.SUPPLY()));',
    after: ['require(tier <= _TIERS, NoSuchLicence(end - 1, LICENSE.SUPPLY()));'],
    why: 'one tier further there is nothing either, and it is refused',
  },
  {
    contract: 'LicenseSale',
    before: 'if (account != address(0)) {',
    after: ['if (true) {'],
    why: 'nobody has no discount, no commission and is owed nothing',
  },
  {
    contract: 'LicenseSale',
    before: 'if (all[i].closesAt > saleEnd) saleEnd = all[i].closesAt;',
    after: ['if (all[i].closesAt >= saleEnd) saleEnd = all[i].closesAt;'],
    why: 'what is equal stays what it is',
  },
  {
    contract: 'LicenseSale',
    before: 'if (tier != reached) _tierReached = uint32(tier);',
    after: [
      'if (true) _tierReached = uint32(tier);',
      'if (false) _tierReached = uint32(tier);',
      'if (tier != reached) {}',
    ],
    why: 'it only saves walking past tiers that are sold out',
  },
  {
    contract: 'LicenseSale',
    before: 'if (order.referrer != address(0)) {',
    after: ['if (true) {'],
    why: 'nobody is owed nothing',
  },
  {
    contract: 'LicenseSale',
    before: 'if (_left(partner.discountPpm, partner.commissionPpm) >= _left(discountPpm, commissionPpm)) continue;',
    after: [
      'if (_left(partner.discountPpm, partner.commissionPpm) > _left(discountPpm, commissionPpm)) continue;',
      'if (_left(partner.commissionPpm, partner.discountPpm) >= _left(discountPpm, commissionPpm)) continue;',
      'if (_left(partner.discountPpm, partner.commissionPpm) >= _left(commissionPpm, discountPpm)) continue;',
    ],
    why: 'what is left is the same either way round, and of equal terms either are the least',
  },
  {
    contract: 'LicenseSale',
    before: 'return amount - _shareRoundedDown(amount, ppm);',
    after: ['return amount - _shareRoundedDown(ppm, amount);'],
    why: 'a product has no order',
  },
  {
    contract: 'PolicyMath',
    before: 'if (total > curve.cap) total = curve.cap;',
    after: ['if (total >= curve.cap) total = curve.cap;'],
    why: 'what is equal stays what it is',
  },
  {
    contract: 'Rewards',
    before: 'if (paid < amount) TOKEN.burn(amount - paid);',
    after: ['if (true) TOKEN.burn(amount - paid);', 'if (paid <= amount) TOKEN.burn(amount - paid);'],
    why: 'burning nothing changes nothing',
  },
  {
    contract: 'Rewards',
    before: 'if (roots.grants[n] > 0) EMISSION.release(pools[n], roots.grants[n]);',
    after: [
      'if (true) EMISSION.release(pools[n], roots.grants[n]);',
      'if (roots.grants[n] >= 0) EMISSION.release(pools[n], roots.grants[n]);',
    ],
    why: 'releasing nothing changes nothing',
  },
  {
    contract: 'Rewards',
    before: 'if (held.amount == 0 || held.epoch > finalEpoch) return;',
    after: ['if (held.epoch > finalEpoch) return;'],
    why: 'freeing nothing changes nothing',
  },
  {
    contract: 'Stake',
    before: 'if (!isBurnt || TOKEN.balanceOf(address(this)) == before) TOKEN.safeTransfer(BURN_ADDRESS, amount);',
    after: ['if (TOKEN.balanceOf(address(this)) == before) TOKEN.safeTransfer(BURN_ADDRESS, amount);'],
    why: 'a call that failed changed no balance',
  },
  {
    contract: 'Stake',
    before: 'if (position.unstaking > position.staked) position.unstaking = position.staked;',
    after: ['if (position.unstaking >= position.staked) position.unstaking = position.staked;'],
    why: 'what is equal stays what it is',
  },
  {
    contract: 'Stake',
    before: 'if (leaf.victim == address(0) || leaf.paid <= before) return 0;',
    after: ['if (leaf.victim == address(0) || leaf.paid < before) return 0;'],
    why: 'where they are equal, the smaller of the amount and nothing is nothing',
  },
];

export function isEquivalent(contract: string, { before, after }: Mutant): boolean {
  return equivalents.some(
    (known) => known.contract === contract && known.before === before && known.after.includes(after),
  );
}
