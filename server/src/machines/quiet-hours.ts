import type { MachineTerms } from '@gpucoop/protocol/resources.ts';

const MINUTES_PER_DAY = 1440;

/**
 * Whether the provider's quiet hours cover `now`, and how many seconds are left before they begin (undefined when there are
 * none). `from` is inside, `to` is not; a window may pass midnight; from equal to to means the whole day.
 */
export function quietHours(terms: MachineTerms, now: Date): { quiet: boolean; secondsUntil: number | undefined } {
  if (terms.quiet_hours.length === 0) return { quiet: false, secondsUntil: undefined };
  const minute = minuteOfDay(terms.time_zone, now);
  const starts = terms.quiet_hours.map(({ from }) => minutes(from));
  const quiet = terms.quiet_hours.some(({ from, to }) => within(minute, minutes(from), minutes(to)));
  const untilMinutes = Math.min(...starts.map((start) => (start - minute + MINUTES_PER_DAY) % MINUTES_PER_DAY));
  return { quiet, secondsUntil: quiet ? 0 : untilMinutes * 60 - now.getUTCSeconds() };
}

function within(minute: number, from: number, to: number): boolean {
  if (from === to) return true;
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

function minutes(clock: string): number {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return hour * 60 + minute;
}

const formats = new Map<string, Intl.DateTimeFormat>();

const present = new Map<string, { at: number; minute: number }>();

/** The last answer of each zone is kept for its minute: for one quote thousands of offers ask the same. */
function minuteOfDay(timeZone: string, now: Date): number {
  const at = Math.floor(now.getTime() / 60_000);
  const known = present.get(timeZone);
  if (known?.at === at) return known.minute;
  const minute = minutes(formatOf(timeZone).format(now));
  present.set(timeZone, { at, minute });
  return minute;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(timeZone, format);
  }
  return format;
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}
