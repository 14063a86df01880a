import type { DoctorCheck, MachineTerms } from '@gpucoop/protocol/resources.ts';
import { timeZone } from '../devices/host.ts';
import { failed, ok, warning } from './check.ts';

/** What the provider asked for, where it contradicts itself or the machine. */
export function termsChecks(terms: MachineTerms | null): DoctorCheck[] {
  if (terms === null) return [zone(timeZone(), timeZone())];
  return [zone(terms.time_zone, timeZone()), quietHours(terms)];
}

function zone(wanted: string, here: string): DoctorCheck {
  if (!isTimeZone(wanted))
    return failed(
      'time zone',
      `${wanted} is not a time zone`,
      `Set it: coop machine price MACHINE --time-zone ${here}`,
    );
  const now = new Date();
  // Two names of the same time are no contradiction.
  if (wanted === here || localTime(wanted, now) === localTime(here, now)) return ok('time zone', wanted);
  return warning(
    'time zone',
    `quiet hours follow ${wanted}, and this machine's clock shows ${here}`,
    `If you meant this machine's: coop machine price MACHINE --time-zone ${here}`,
  );
}

function quietHours({ quiet_hours: windows, time_zone }: MachineTerms): DoctorCheck {
  const name = 'quiet hours';
  if (windows.length === 0) return ok(name, 'none');
  const shown = windows.map(({ from, to }) => `${from}-${to}`).join(', ');
  const wrong = windows.filter(({ from, to }) => minuteOf(from) === null || minuteOf(to) === null);
  const hint = 'Set them: coop machine price MACHINE --quiet-hours 22:00-07:00';
  if (wrong.length > 0)
    return failed(name, `${wrong.map(({ from, to }) => `${from}-${to}`).join(', ')}: no such time of day`, hint);
  if (quietMinutes(windows) === MINUTES_PER_DAY)
    return failed(name, `${shown} cover the whole day: nothing is ever offered`, hint);
  return ok(name, `${shown} (${time_zone})`);
}

const MINUTES_PER_DAY = 1440;

/** How many minutes of a day the windows cover; one from a time to the same time is a whole day. */
export function quietMinutes(windows: MachineTerms['quiet_hours']): number {
  const covered = new Set<number>();
  for (const { from, to } of windows) {
    const [start, end] = [minuteOf(from), minuteOf(to)];
    if (start === null || end === null) continue;
    const length = (end - start + MINUTES_PER_DAY) % MINUTES_PER_DAY || MINUTES_PER_DAY;
    for (let minute = 0; minute < length; minute++) covered.add((start + minute) % MINUTES_PER_DAY);
  }
  return covered.size;
}

function minuteOf(text: string): number | null {
  const [hour = 99, minute = 99] = text.split(':').map(Number);
  if (hour === 24 && minute === 0) return 0;
  return hour < 24 && minute < 60 ? hour * 60 + minute : null;
}

function localTime(timeZoneName: string, now: Date): string {
  return now.toLocaleString('en-GB', { timeZone: timeZoneName });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
