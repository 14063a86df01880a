/**
 * How much of a lane may be drawn, how fast: a bucket that leaks `perSecond` and holds `burst`. Between two instants t₀ < t₁ at most
 * burst + perSecond × (t₁ − t₀) is drawn. Whole units per second, so that nothing is ever rounded. contracts/src/LeakyBucket.sol is the same.
 */
export type Limit = {
  /** Smallest units of the token that leak in a second. */
  perSecond: bigint;
  /** Smallest units that may be drawn at one instant, when nothing was drawn before. */
  burst: bigint;
};

export type Bucket = {
  /** Fill at `updatedAt`. */
  level: bigint;
  /** Seconds on the meter's clock. */
  updatedAt: bigint;
  limit: Limit;
  /** The limit that replaces `limit` from `from` on. */
  next?: { limit: Limit; from: bigint } | undefined;
};

/** Fill of the bucket at `now`, and the limit then in force. */
export function settled(bucket: Bucket, now: bigint): { level: bigint; limit: Limit } {
  const { level, updatedAt, limit, next } = bucket;
  if (next === undefined || now < next.from) {
    return { level: leaked(level, limit.perSecond, now - updatedAt), limit };
  }
  const then = leaked(level, limit.perSecond, next.from - updatedAt);
  return { level: leaked(then, next.limit.perSecond, now - next.from), limit: next.limit };
}

/** What may be drawn at once. After a limit was lowered the level may stand above the burst; then nothing, until it has leaked. */
export function roomOf(bucket: Bucket, now: bigint): bigint {
  const { level, limit } = settled(bucket, now);
  return level < limit.burst ? limit.burst - level : 0n;
}

function leaked(level: bigint, perSecond: bigint, elapsed: bigint): bigint {
  const leak = perSecond * elapsed;
  return leak < level ? level - leak : 0n;
}
