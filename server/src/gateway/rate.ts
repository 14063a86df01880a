/** A bucket that fills at `perSecond` up to `burst`. `take` says whether the amount was still in it. */
export function rateLimit(perSecond: number, burst: number, nowMs: () => number): { take(amount: number): boolean } {
  let left = burst;
  let filledAt = nowMs();
  return {
    take: (amount) => {
      const now = nowMs();
      left = Math.min(burst, left + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      left -= amount;
      return left >= 0;
    },
  };
}
