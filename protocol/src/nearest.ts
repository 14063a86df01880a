const WORD_MAX = 64; // longer words are no typing errors, and the work grows with the product of the lengths

/** The candidates that a person may have meant, best first; at most `limit`. Compares without regard to case. */
export function nearest(word: string, candidates: Iterable<string>, limit = 1): string[] {
  const wanted = word.toLowerCase().slice(0, WORD_MAX);
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  const scored: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const found = candidate.toLowerCase();
    const distance = startsLike(wanted, found) ? 0.5 : editDistance(wanted, found);
    if (distance <= allowed) scored.push({ candidate, distance });
  }
  return scored
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** `mem` is nearly `memory`: one typed the beginning, or a plural. */
function startsLike(wanted: string, found: string): boolean {
  return wanted.length >= 3 && found.length >= 3 && (found.startsWith(wanted) || wanted.startsWith(found));
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
