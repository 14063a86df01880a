/**
 * Divides an amount by weights by the largest remainder: every part is its exact share, rounded down or up by less than one unit, and all
 * parts together are the amount. Equal remainders go to who stands first, so the order of the weights has to be the same for everybody.
 * Without any weight nothing is given and all is carried.
 */
export function apportion(amount: bigint, weights: readonly bigint[]): { parts: bigint[]; carried: bigint } {
  const groups = groupsOf(weights);
  let total = 0n;
  for (const group of groups.values()) total += group.weight * BigInt(group.count);
  if (amount < 0n) throw new RangeError('an amount to be divided is not negative');
  if (total === 0n) return { parts: weights.map(() => 0n), carried: amount };

  let left = amount;
  for (const group of groups.values()) {
    group.part = (amount * group.weight) / total;
    group.remainder = (amount * group.weight) % total;
    left -= group.part * BigInt(group.count);
  }
  // Fewer units are left than there are weights with a remainder, so one round is enough.
  for (const group of [...groups.values()].sort(byRemainder)) {
    group.more = left < BigInt(group.count) ? Number(left) : group.count;
    left -= BigInt(group.more);
  }
  const parts = weights.map((weight) => {
    const group = groups.get(weight)!;
    if (group.more === 0) return group.part;
    group.more -= 1;
    return group.part + 1n;
  });
  return { parts, carried: 0n };
}

/** All with one weight have one part and one remainder; there are many machines and few weights. */
type Group = { weight: bigint; count: number; part: bigint; remainder: bigint; more: number };

/** In the order in which the weights are met first. */
function groupsOf(weights: readonly bigint[]): Map<bigint, Group> {
  const groups = new Map<bigint, Group>();
  for (const weight of weights) {
    if (weight < 0n) throw new RangeError('a weight is not negative');
    const group = groups.get(weight);
    if (group === undefined) groups.set(weight, { weight, count: 1, part: 0n, remainder: 0n, more: 0 });
    else group.count += 1;
  }
  return groups;
}

/** A sort is stable: of equal remainders the one that is met first stays first. */
function byRemainder(a: Group, b: Group): number {
  if (a.remainder === b.remainder) return 0;
  return a.remainder > b.remainder ? -1 : 1;
}
