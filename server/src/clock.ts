/** Time as an argument: rules never look at a clock, and tests turn it. */
export type Clock = {
  /** Wall time that never jumps within one process: the wall at the start plus the monotonic clock since. */
  now(): Date;
};

export function systemClock(): Clock {
  const wallAtStart = Date.now() - performance.now();
  return { now: () => new Date(wallAtStart + performance.now()) };
}
