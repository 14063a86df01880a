import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';

/** Coop itself failed, or ended the run for a reason that is not the command's. */
export const COOP_FAILED = 125;
export const signalExit = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const withoutCode: Partial<Record<EndReason, number>> = {
  completed: 0,
  command_not_found: 127,
  out_of_memory: 137,
  stopped_by_renter: 143,
};

/** The command's own code where there is one (128+n for a signal), as docker has it; else 125. */
export function exitCodeOf(run: Pick<Run, 'end_reason' | 'exit_code'>): number {
  if (run.exit_code !== null) return run.exit_code;
  return (run.end_reason === null ? undefined : withoutCode[run.end_reason]) ?? COOP_FAILED;
}
