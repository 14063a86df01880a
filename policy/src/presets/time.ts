/** Whole seconds, as policies count them. */

export const HOUR = 3600;
export const DAY = 24 * HOUR;
export const YEAR = 31_557_600; // 365.25 days
export const MONTH = YEAR / 12;
export const QUARTER = YEAR / 4;

/** Seconds from one instant to another, each as year, month, day and hour (UTC). */
export function secondsFrom(start: Moment, end: Moment): number {
  return (utc(end) - utc(start)) / 1000;
}

type Moment = readonly [year: number, month: number, day: number, hour?: number];

const utc = ([year, month, day, hour = 0]: Moment): number => Date.UTC(year, month - 1, day, hour);
