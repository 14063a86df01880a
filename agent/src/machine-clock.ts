import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/** Time on this machine. `monotonicMs` counts from the boot, so that it goes on through restarts of the agent, but not of the machine. */
export type MachineClock = {
  bootId: string;
  monotonicMs(): number;
  now(): Date;
};

export function machineClock(): MachineClock {
  return {
    bootId: readBootId(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
    now: () => new Date(),
  };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No Linux: the minute of the boot. Where the wall clock is set meanwhile, seconds go unbilled, never overbilled.
    return `${hostname()}-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
