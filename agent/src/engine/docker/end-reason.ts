import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerState } from '../engine.ts';
import { readLogs } from './logs.ts';

/** How docker's init process says that it found nothing to run, and podman's; a shell that finds no command says it otherwise. */
const INIT_FAILED =
  /^(?:\[FATAL tini \(\d+\)\] exec (.+) failed: |ERROR \(catatonit:\d+\): failed to exec pid1: )(.+)$/;

/**
 * With an init process every container starts, and a command that is not there shows as exit code 126 or 127: the same as a shell's
 * for a line of a script. Which it was stands in the log.
 */
export async function explainEnd(
  state: ContainerState,
  container: ContainerInspectInfo,
  socketPath: string,
): Promise<ContainerState> {
  // podman's init knows no better code than 1.
  const codes = container.Path.endsWith('podman-init') ? [1] : [126, 127];
  if (state.reason !== null || state.exit_code === null || !codes.includes(state.exit_code)) return state;
  // A container that could not start at all, where there is no init.
  if (/executable file not found|no such file or directory|permission denied/i.test(state.detail ?? ''))
    return { ...state, reason: 'command_not_found' };
  const source = {
    socketPath,
    containerId: container.Id,
    createdAt: container.Created,
    losesLineEnds: false,
    first: state,
    state: async () => state,
  };
  try {
    let end = '';
    // podman keeps one line in pieces.
    for await (const { text } of readLogs(source, { after: null, tail: 5, follow: false }, AbortSignal.timeout(5000)))
      end += text;
    for (const line of end.split('\n')) {
      const failed = INIT_FAILED.exec(line.trim());
      if (failed === null) continue;
      return { ...state, reason: 'command_not_found', detail: `${failed[1] ?? container.Args[1]}: ${failed[2]}` };
    }
  } catch {
    // Without the log the exit code has to do.
  }
  return state;
}
